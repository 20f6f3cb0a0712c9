/** The YAML file: read, parsed, and flattened to keys and items, each with the line it stands on. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Document, Node, Pair, Scalar } from 'yaml'
import type { Option } from './option'
import { optionRows } from './options'
import type { FileValue } from './resolve'

export interface ReadFile {
  readonly values: ReadonlyMap<string, FileValue>
  /** Each a whole sentence that names the place. */
  readonly problems: readonly string[]
}

const rows: ReadonlyMap<string, Option<unknown>> = new Map(optionRows.map((row) => [row.key, row]))

/** A configuration file as it was read. */
export interface ConfigFile {
  readonly path: string
  readonly text: string
}

/** Reads the file at `path`; nothing where it can't be read. */
export function readConfigFile(path: string): ConfigFile | undefined {
  try {
    return { path, text: readFileSync(path, 'utf8') }
  } catch {
    return undefined
  }
}

/** Tells versions of a file apart: SHA-256, in hexadecimal digits, as `sha256sum` prints it. */
export function digestOf({ text }: ConfigFile): string {
  return createHash('sha256').update(text).digest('hex')
}

/** What a file says. What is wrong is among the problems. */
export function parseConfigFile({ path, text }: ConfigFile): ReadFile {
  const name = basename(path)
  try {
    return parseConfig(text, name)
  } catch (error) {
    // Nested too deep, or with aliases of aliases without end.
    return { values: new Map(), problems: [`${name}: ${(error as Error).message}`] }
  }
}

/** @param name what the file is called in messages */
export function parseConfig(text: string, name: string): ReadFile {
  return new Reader(text, name).read()
}

/** One file, from its text to keys and items. */
class Reader {
  // Loaded only when there is a file: it is a fifth of the start otherwise.
  readonly #yaml: typeof import('yaml') = require('yaml')
  readonly #name: string
  readonly #lines = new this.#yaml.LineCounter()
  readonly #document: Document
  readonly #values = new Map<string, FileValue>()
  readonly #problems: string[]

  constructor(text: string, name: string) {
    this.#name = name
    this.#document = this.#yaml.parseDocument(text, { lineCounter: this.#lines, prettyErrors: false })
    this.#problems = this.#document.errors.map(
      ({ message, pos }) => `${name}:${this.#lines.linePos(pos[0]).line}: ${message}`,
    )
  }

  read(): ReadFile {
    const { contents } = this.#document
    if (this.#problems.length === 0) this.#judgeAliases()
    const isNothing = contents === null || (this.#yaml.isScalar(contents) && contents.value === null)
    if (this.#problems.length === 0 && !isNothing) this.#walk(contents, '')
    return { values: this.#values, problems: this.#problems }
  }

  #whereOf(node: unknown): string {
    const start = (node as Node | null)?.range?.[0]
    return start === undefined ? this.#name : `${this.#name}:${this.#lines.linePos(start).line}`
  }

  /** What an alias stands for. */
  #resolved(node: unknown): unknown {
    return this.#yaml.isAlias(node) ? node.resolve(this.#document) : node
  }

  /** What is meant as a pattern, `hosts: [*.example.com]`, reads as an alias. Its text does not show: it may be a password's. */
  #judgeAliases(): void {
    const anchors = new Set<string>()
    this.#yaml.visit(this.#document, {
      Node: (_key, node) => {
        if (!this.#yaml.isAlias(node)) return void (node.anchor && anchors.add(node.anchor))
        if (anchors.has(node.source)) return
        this.#problems.push(
          `${this.#whereOf(node)}: a value that begins with * is an alias of YAML, and there is no anchor of that name: put it in quotes`,
        )
      },
    })
  }

  #walk(node: unknown, prefix: string): void {
    if (!this.#yaml.isMap(node)) {
      const what = prefix === '' ? 'the file' : prefix
      this.#problems.push(`${this.#whereOf(node)}: ${what} is not a mapping of settings`)
      return
    }
    for (const { key: keyNode, value } of node.items as Pair<Scalar>[]) {
      const key = prefix === '' ? String(keyNode.value) : `${prefix}.${keyNode.value}`
      const row = rows.get(key)
      if (key === 'config') this.#problems.push(`${this.#whereOf(keyNode)}: a file can't name another file`)
      else if (row) this.#take(row, keyNode, this.#resolved(value))
      else if ([...rows.keys()].some((known) => known.startsWith(`${key}.`))) this.#walk(this.#resolved(value), key)
      else this.#problems.push(`${this.#whereOf(keyNode)}: "${key}" is no setting`)
    }
  }

  #take({ key, kind }: Option<unknown>, keyNode: Scalar, value: unknown): void {
    const where = `${this.#whereOf(keyNode)} ${key}`
    if (kind.readStructure && !this.#values.has(key)) {
      this.#values.set(key, { items: [], structure: (value as Node | null)?.toJS(this.#document) ?? [], where })
      return
    }
    const items = kind.readStructure ? [] : this.#itemsOf(value, kind.join !== undefined)
    if (items === undefined)
      this.#problems.push(`${where}: is not ${kind.join ? 'a list or mapping of values' : 'a single value'}`)
    else if (this.#values.has(key)) this.#problems.push(`${where}: is given twice`)
    else this.#values.set(key, { items, where })
  }

  /** @returns undefined when it is nothing of that kind */
  #itemsOf(value: unknown, isRepeatable: boolean): string[] | undefined {
    const { isMap, isScalar, isSeq } = this.#yaml
    if (isScalar(value)) return value.value === null ? undefined : [textOf(value)]
    if (!isRepeatable) return undefined
    if (isSeq(value)) {
      const items = value.items.map((item) => this.#resolved(item))
      return items.every((item) => isScalar(item)) ? items.map(textOf) : undefined
    }
    if (!isMap(value)) return undefined
    const entries = value.items.map((pair) => ({ key: pair.key, value: this.#resolved(pair.value) }))
    const areFlat = entries.every(
      (entry) => isScalar(entry.key) && !textOf(entry.key).includes('=') && isScalar(entry.value),
    )
    return areFlat
      ? entries.map((entry) => `${textOf(entry.key as Scalar)}=${textOf(entry.value as Scalar)}`)
      : undefined
  }
}

/** As it was written: `1.10` stays `1.10`, `off` stays `off`. */
function textOf(scalar: Scalar): string {
  return typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value))
}
