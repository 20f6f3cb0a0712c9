/** The YAML file: read, parsed, and flattened to keys and items, each with the line it stands on. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Node, Pair, Scalar } from 'yaml'
import type { Option } from './option'
import { options } from './options'
import type { FileValue } from './resolve'

export interface ReadFile {
  readonly values: ReadonlyMap<string, FileValue>
  /** Each a whole sentence that names the place. */
  readonly problems: readonly string[]
}

const rows: ReadonlyMap<string, Option<unknown>> = new Map(Object.values(options).map((row) => [row.key, row]))

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
  // Loaded only when there is a file: it is a fifth of the start otherwise.
  const yaml: typeof import('yaml') = require('yaml')
  const lines = new yaml.LineCounter()
  const document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const values = new Map<string, FileValue>()
  const problems = document.errors.map(({ message, pos }) => `${name}:${lines.linePos(pos[0]).line}: ${message}`)

  const whereOf = (node: unknown): string => {
    const start = (node as Node | null)?.range?.[0]
    return start === undefined ? name : `${name}:${lines.linePos(start).line}`
  }
  /** What an alias stands for. */
  const resolved = (node: unknown): unknown => (yaml.isAlias(node) ? node.resolve(document) : node)
  /** What is meant as a pattern, `hosts: [*.example.com]`, reads as an alias. Its text does not show: it may be a password's. */
  const judgeAliases = (): void => {
    const anchors = new Set<string>()
    yaml.visit(document, {
      Node: (_key, node) => {
        if (!yaml.isAlias(node)) return void (node.anchor && anchors.add(node.anchor))
        if (anchors.has(node.source)) return
        problems.push(
          `${whereOf(node)}: a value that begins with * is an alias of YAML, and there is no anchor of that name: put it in quotes`,
        )
      },
    })
  }
  const isNothing = (node: unknown): boolean => node === null || (yaml.isScalar(node) && node.value === null)

  const walk = (node: unknown, prefix: string): void => {
    if (!yaml.isMap(node)) {
      problems.push(`${whereOf(node)}: ${prefix === '' ? 'the file' : prefix} is not a mapping of settings`)
      return
    }
    for (const { key: keyNode, value } of node.items as Pair<Scalar>[]) {
      const key = prefix === '' ? String(keyNode.value) : `${prefix}.${keyNode.value}`
      const row = rows.get(key)
      if (key === 'config') problems.push(`${whereOf(keyNode)}: a file can't name another file`)
      else if (row) take(row, keyNode, resolved(value))
      else if ([...rows.keys()].some((known) => known.startsWith(`${key}.`))) walk(resolved(value), key)
      else problems.push(`${whereOf(keyNode)}: "${key}" is no setting`)
    }
  }

  const take = ({ key, kind }: Option<unknown>, keyNode: Scalar, value: unknown): void => {
    const where = `${whereOf(keyNode)} ${key}`
    if (kind.readStructure && !values.has(key)) {
      values.set(key, { items: [], structure: (value as Node | null)?.toJS(document) ?? [], where })
      return
    }
    const items = kind.readStructure ? [] : itemsOf(value, kind.join !== undefined)
    if (items === undefined)
      problems.push(`${where}: is not ${kind.join ? 'a list or mapping of values' : 'a single value'}`)
    else if (values.has(key)) problems.push(`${where}: is given twice`)
    else values.set(key, { items, where })
  }

  const itemsOf = (value: unknown, isRepeatable: boolean): string[] | undefined => {
    if (yaml.isScalar(value)) return value.value === null ? undefined : [textOf(value)]
    if (!isRepeatable) return undefined
    if (yaml.isSeq(value)) {
      const items = value.items.map(resolved)
      return items.every((item) => yaml.isScalar(item)) ? items.map(textOf) : undefined
    }
    if (!yaml.isMap(value)) return undefined
    const entries = value.items.map((pair) => ({ key: pair.key, value: resolved(pair.value) }))
    const areFlat = entries.every(
      (entry) => yaml.isScalar(entry.key) && !textOf(entry.key).includes('=') && yaml.isScalar(entry.value),
    )
    return areFlat
      ? entries.map((entry) => `${textOf(entry.key as Scalar)}=${textOf(entry.value as Scalar)}`)
      : undefined
  }

  if (problems.length === 0) judgeAliases()
  if (problems.length === 0 && !isNothing(document.contents)) walk(document.contents, '')
  return { values, problems }
}

/** As it was written: `1.10` stays `1.10`, `off` stays `off`. */
function textOf(scalar: Scalar): string {
  return typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value))
}
