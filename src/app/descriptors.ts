/** How many connections the process can hold: each takes a file descriptor. */
import { readFileSync } from 'node:fs'

/** For listeners, logs, collectors and the admin address. */
const RESERVE = 32

/** What the system allows this process, read where Linux shows it; undefined elsewhere. */
export function descriptorLimit(): number | undefined {
  try {
    const limit = /^Max open files +([0-9]+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1]
    return limit === undefined ? undefined : Number(limit)
  } catch {
    return undefined
  }
}

/**
 * The client connections that may be open: at most half of the descriptors, because each client needs one on the other side
 * too, and the admin address has to go on when all others are in use.
 */
export function clientLimit(wanted: number, limit: number | undefined): number {
  return limit === undefined ? wanted : Math.max(1, Math.min(wanted, Math.floor((limit - RESERVE) / 2)))
}
