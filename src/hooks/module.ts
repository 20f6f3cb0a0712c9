/** What a module of hooks exports, judged: what is wrong is told at the start, all at once. */
import type { TextMapPropagator } from '@opentelemetry/api'
import { ownNames } from '../config/check'
import { isHookName } from '../config/hook-names'
import { freeHeaderName, Problem } from '../config/kinds'
import type { BeforeEvent, BeforeSpan, Hooks, OnRequest, OnResponse, SpanExporter } from './public'

export interface HookModule {
  readonly onRequest: OnRequest | undefined
  readonly onResponse: OnResponse | undefined
  readonly beforeSpan: BeforeSpan | undefined
  readonly beforeEvent: BeforeEvent | undefined
  readonly exporters: Hooks['exporters']
  readonly propagators: ReadonlyMap<string, TextMapPropagator>
}

const functions = ['onRequest', 'onResponse', 'beforeSpan', 'beforeEvent'] as const
const names: readonly string[] = [...functions, 'exporters', 'propagators']
/** What stands in lists of formats and is none. */
const words: readonly string[] = ['preserve', 'none']

/** From Node.js 23 on it stands beside the default. */
const ALL_OF_COMMONJS = 'module.exports'
/** The mark of a CommonJS module that a compiler has made, TypeScript's among them. */
const COMPILED = '__esModule'

/**
 * @param exported the module's namespace
 * @returns the module, or what is wrong with it, each a sentence without its subject
 */
export function readModule(exported: Readonly<Record<string, unknown>>): HookModule | string[] {
  if (Object.hasOwn(exported, COMPILED))
    return [
      'exports what a compiler has made of an ES module for CommonJS: it has to stay an ES module, which .mjs, or .mts in TypeScript, or "type": "module" in package.json makes it',
    ]
  const unknown = Object.keys(exported).filter((name) => !names.includes(name) && name !== ALL_OF_COMMONJS)
  const problems = [
    ...unknown.map(
      (name) =>
        `exports ${name}, which is no hook; there are ${names.join(', ')}, each exported by its name${name === 'default' ? '. In default is what a CommonJS module exports: it has to be an ES module' : ''}`,
    ),
    ...functions
      .filter((name) => !isFunctionOrNothing(exported[name]))
      .map((name) => `exports a ${name} that is no function`),
    ...exporterProblems(exported.exporters),
    ...propagatorProblems(exported.propagators),
  ]
  if (problems.length > 0) return problems
  const { onRequest, onResponse, beforeSpan, beforeEvent, exporters, propagators = {} } = exported as Hooks
  return {
    onRequest,
    onResponse,
    beforeSpan,
    beforeEvent,
    exporters,
    propagators: new Map(Object.entries(propagators)),
  }
}

function isFunctionOrNothing(value: unknown): boolean {
  return value === undefined || typeof value === 'function'
}

function exporterProblems(exporters: unknown): string[] {
  if (isFunctionOrNothing(exporters)) return []
  if (!Array.isArray(exporters)) return ['exports exporters that are neither a list nor a function that makes one']
  return listProblems(exporters)
}

/** What is wrong with a list of exporters. @param made what a factory returned */
export function listProblems(made: unknown): string[] {
  if (!Array.isArray(made)) return ['exports a function exporters that returned no list']
  const seen = new Set<string>(ownNames.exporters)
  return made.flatMap((exporter: Partial<SpanExporter> | null | undefined, index): string[] => {
    const { name, export: send, shutdown } = exporter ?? {}
    if (typeof name !== 'string' || !isHookName.test(name))
      return [
        `exports exporters of which number ${index + 1} has no name in lower-case letters, digits, ".", "_" and "-"`,
      ]
    const isTaken = seen.has(name)
    seen.add(name)
    return [
      ...(isTaken ? [`exports an exporter ${name}, and there is one of that name`] : []),
      ...(typeof send === 'function' ? [] : [`exports an exporter ${name} whose export is no function`]),
      ...(isFunctionOrNothing(shutdown) ? [] : [`exports an exporter ${name} whose shutdown is no function`]),
    ]
  })
}

function propagatorProblems(propagators: unknown): string[] {
  if (propagators === undefined) return []
  if (typeof propagators !== 'object' || propagators === null || Array.isArray(propagators))
    return ['exports propagators that are no object with a propagator under each name']
  return Object.entries(propagators).flatMap(([name, propagator]: [string, Partial<TextMapPropagator> | null]) => {
    const what = `exports a propagator ${name}`
    if (!isHookName.test(name)) return [`${what}, and names have lower-case letters, digits, ".", "_" and "-" only`]
    if (ownNames.formats.includes(name)) return [`${what}, and there is a format of that name`]
    if (words.includes(name)) return [`${what}, a word that --extract and --inject have for something else`]
    const missing = (['inject', 'extract', 'fields'] as const).filter(
      (part) => typeof propagator?.[part] !== 'function',
    )
    if (missing.length > 0) return [`${what} without the function ${missing.join(' and ')}`]
    return fieldsProblems(propagator as TextMapPropagator).map((problem) => `${what} whose fields() ${problem}`)
  })
}

/** Lines of these names are removed and written: none may frame or route a message, or be a prefix that takes others along. */
function fieldsProblems(propagator: TextMapPropagator): string[] {
  const none = ['returns no list of header names']
  try {
    const fields: unknown = propagator.fields()
    if (!Array.isArray(fields) || fields.length === 0 || fields.some((field) => typeof field !== 'string')) return none
    return fields.flatMap((field: string) => {
      const name = field.includes('*') ? new Problem('is not the whole name of a header') : freeHeaderName.read(field)
      return name instanceof Problem ? [`has ${JSON.stringify(field)}, which ${name.words}`] : []
    })
  } catch {
    return none
  }
}
