/** The YAML file: read, parsed, and flattened to keys and items, each with the line it stands on. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Document, Node, Pair, Scalar } from 'yaml'
import { options } from './options'
import type { FileValue } from './resolve'

export interface ReadFile {
  readonly values: ReadonlyMap<string, FileValue>
  /** Each a whole sentence that names the place. */
  readonly problems: readonly string[]
}

const keys: ReadonlySet<string> = new Set(Object.values(options).map(({ key }) => key))

/** Reads the file at `path`. Never throws: what is wrong is among the problems. */
export function readConfigFile(path: string): ReadFile {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    return { values: new Map(), problems: [`${path}: can't be read: ${(error as Error).message}`] }
  }
  return parseConfig(text, basename(path))
}

/** @param name what the file is called in messages */
export function parseConfig(text: string, name: string): ReadFile {
  // Loaded only when there is a file: it is a fifth of the start otherwise.
  const yaml: typeof import('yaml') = require('yaml')
  const lines = new yaml.LineCounter()
  const document: Document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const values = new Map<string, FileValue>()
  const problems = document.errors.map(({ message, pos }) => `${name}:${lines.linePos(pos[0]).line}: ${message}`)
  const whereOf = (node: unknown): string => {
    const start = (node as Node | null)?.range?.[0]
    return start === undefined ? name : `${name}:${lines.linePos(start).line}`
  }

  const walk = (node: unknown, prefix: string): void => {
    if (!yaml.isMap(node)) {
      problems.push(`${whereOf(node)}: ${prefix === '' ? 'the file' : prefix} is not a mapping of settings`)
      return
    }
    for (const { key: keyNode, value } of node.items as Pair<Scalar, Node | null>[]) {
      const key = prefix === '' ? String(keyNode.value) : `${prefix}.${keyNode.value}`
      if (key === 'config') problems.push(`${whereOf(keyNode)}: a file can't name another file`)
      else if (keys.has(key)) take(key, keyNode, value)
      else if ([...keys].some((known) => known.startsWith(`${key}.`))) walk(value, key)
      else problems.push(`${whereOf(keyNode)}: "${key}" is no setting`)
    }
  }

  const take = (key: string, keyNode: Scalar, value: Node | null): void => {
    const items = itemsOf(yaml, value)
    if (items) values.set(key, { items, where: `${whereOf(keyNode)} ${key}` })
    else problems.push(`${whereOf(keyNode)}: ${key} is neither a value nor a list or mapping of values`)
  }

  if (document.contents !== null && document.errors.length === 0) walk(document.contents, '')
  return { values, problems }
}

function itemsOf(yaml: typeof import('yaml'), value: Node | null): string[] | undefined {
  if (yaml.isScalar(value)) return value.value === null ? undefined : [textOf(value)]
  if (yaml.isSeq(value)) {
    return value.items.every((item) => yaml.isScalar(item)) ? (value.items as Scalar[]).map(textOf) : undefined
  }
  if (!yaml.isMap(value)) return undefined
  const entries = value.items as Pair<Scalar, unknown>[]
  const isFlat = entries.every((entry) => yaml.isScalar(entry.value))
  return isFlat ? entries.map((entry) => `${entry.key.value}=${textOf(entry.value as Scalar)}`) : undefined
}

/** As it was written: `1.10` stays `1.10`, `off` stays `off`. */
function textOf(scalar: Scalar): string {
  return typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value))
}
