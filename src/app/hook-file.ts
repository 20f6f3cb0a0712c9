/** The file of the user's hooks: loaded before anything starts, for names that settings have may be its names. */
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ownNames } from '../config/check'
import { foreignProblems } from '../config/hook-names'
import type { Settings } from '../config/options'
import type { Resolved } from '../config/resolve'
import type { HookModule } from '../hooks/module'
import type { Hooks } from '../hooks/runner'
import type { Logger } from '../log/logger'
import type { Random } from '../model/clock'

/** Modules are loaded once in a process, as Node.js has it. */
const loaded = new Map<string, HookModule>()

/** Time that a module may take to load, and the check of its syntax, in milliseconds. */
const LOAD_TIMEOUT = 10_000

const isTypeScript = /\.[cm]?ts$/

/** Newer versions of Node.js load TypeScript as it is. */
function isForNewerNode(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ERR_UNKNOWN_FILE_EXTENSION'
}

/** The module that has been loaded for these settings, if they name one. */
function hookModuleOf({ hooks }: Settings): HookModule | undefined {
  return hooks === undefined ? undefined : loaded.get(resolve(hooks))
}

/** The hooks of these settings, ready to be called; undefined without any. */
export function hooksOf(settings: Settings, random: Random, log: Pick<Logger, 'warn'>): Hooks | undefined {
  const module = hookModuleOf(settings)
  if (!module) return undefined
  const { Hooks } = require('../hooks/runner') as typeof import('../hooks/runner')
  return new Hooks(module, random, log)
}

/** Makes the module known that the settings name. @returns what is wrong, each a whole sentence */
export async function loadHooks(resolved: Pick<Resolved, 'settings' | 'origins'>): Promise<string[]> {
  const { hooks } = resolved.settings
  if (hooks === undefined) return []
  const say = (words: string): string => `${resolved.origins.hooks}: "${hooks}" ${words}`
  const path = resolve(hooks)
  try {
    const exported = await inTime(import(pathToFileURL(path).href))
    // Its exports may be the user's code as well: getters.
    return takeModule(path, exported, resolved).map((problem) =>
      problem.startsWith('exports') ? say(problem) : problem,
    )
  } catch (error) {
    const { reasonOf } = require('../hooks/guard') as typeof import('../hooks/guard')
    const reason = reasonOf(error)
    const isParsers = error instanceof SyntaxError && !reason.endsWith(')')
    const hint = isForNewerNode(error) && isTypeScript.test(path) ? '; compile it to JavaScript first' : ''
    return [say(`can't be loaded: ${reason}${isParsers ? placeIn(path) : ''}${hint}`)]
  }
}

/** @param exported the namespace of the module at `path` */
export function takeModule(
  path: string,
  exported: Readonly<Record<string, unknown>>,
  resolved: Pick<Resolved, 'settings' | 'origins'>,
): string[] {
  const { readModule } = require('../hooks/module') as typeof import('../hooks/module')
  const module = readModule(exported)
  if (Array.isArray(module)) return module
  loaded.set(path, module)
  return nameProblems(resolved)
}

/** Settings with names that neither we nor the module have, once it is loaded. A module that is new waits for a restart. */
export function nameProblems(resolved: Pick<Resolved, 'settings' | 'origins'>): string[] {
  const module = hookModuleOf(resolved.settings)
  if (!module) return []
  const { exporters = [], propagators } = module
  const problems = foreignProblems(resolved, ownNames, {
    formats: [...propagators.keys()],
    // What a function makes is known when it has been called.
    exporters: typeof exporters === 'function' ? undefined : exporters.map(({ name }) => name),
  })
  return [...problems, ...requestIdProblems(module, resolved)]
}

/** A header can't be the request id and trace context: each would be written, and told, as something else. */
function requestIdProblems({ propagators }: HookModule, { settings, origins }: Pick<Resolved, 'settings' | 'origins'>) {
  const { extract, inject, rules, requestIdHeader } = settings
  const inUse = new Set([extract, inject, ...rules.flatMap((rule) => [rule.extract ?? [], rule.inject ?? []])].flat())
  const owner = [...propagators].find(
    ([name, propagator]) =>
      inUse.has(name) && propagator.fields().some((field) => field.toLowerCase() === requestIdHeader),
  )
  return owner
    ? [`${origins.hooks}: the propagator ${owner[0]} has ${requestIdHeader}, which is --request-id-header`]
    : []
}

function inTime<T>(promise: Promise<T>): Promise<T> {
  return new Promise((settle, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`it has not finished after ${LOAD_TIMEOUT / 1000} s`)),
      LOAD_TIMEOUT,
    )
    promise.then(settle, reject).finally(() => clearTimeout(timer))
  })
}

/** A SyntaxError of the parser does not know its place. Node.js tells it as it ends, before anything has run. */
function placeIn(path: string): string {
  const { stderr } = spawnSync(process.execPath, [path], { timeout: LOAD_TIMEOUT, encoding: 'utf8' })
  const first = stderr?.split('\n')[0]?.replace('file://', '') ?? ''
  return first.startsWith('/') ? ` (${first})` : ''
}
