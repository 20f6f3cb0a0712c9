/** What would keep the program from starting on this machine, as far as that can be told without starting it. */
import { accessSync, closeSync, constants, existsSync, openSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Chosen } from '../config/resolve'
import { isStream } from '../log/sink'
import { collectorOf, exporterOf } from './signals'

const { R_OK, W_OK, X_OK } = constants

/** @returns what is in the way, each a whole sentence */
export function obstacles({ settings, origins }: Chosen): string[] {
  const { accessLog, spoolDir } = settings
  const found: string[] = []
  const attempt = (subject: string, act: () => void): void => {
    try {
      act()
    } catch (error) {
      found.push(`${subject}${(error as Error).message}`)
    }
  }
  if (accessLog !== 'off' && !isStream(accessLog)) attempt(`${origins.accessLog}: `, () => tryFile(accessLog))
  if (spoolDir !== undefined)
    attempt(`${origins.spoolDir}: `, () => accessSync(`${nearest(resolve(spoolDir))}/.`, R_OK | W_OK | X_OK))
  for (const signal of settings.signals) {
    const endpoint = collectorOf(signal, settings)
    if (endpoint !== undefined) attempt('', () => void exporterOf(signal, endpoint, settings).close())
  }
  return [...new Set(found)]
}

/** One that is not there is not made. */
function tryFile(path: string): void {
  if (existsSync(path)) closeSync(openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK))
  else accessSync(dirname(resolve(path)), W_OK)
}

/** What is there of a path: the rest is made at the start. */
function nearest(path: string): string {
  return existsSync(path) ? path : nearest(dirname(path))
}
