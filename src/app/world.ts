/** The real clock and the real randomness. */
import { randomFillSync } from 'node:crypto'
import type { Clock, Random } from '../model/clock'

/** How long the distance between the two clocks is trusted, in milliseconds: wall clocks are set right now and then. */
const TRUSTED = 1000

/** `performance.now`, joined with the wall clock. */
export function systemClock(): Clock {
  let offset = 0
  let readAt = Number.NEGATIVE_INFINITY
  return {
    now: () => performance.now(),
    unix: (mark) => {
      if (mark - readAt > TRUSTED) {
        const now = performance.now()
        offset = Date.now() - now
        readAt = now
      }
      return offset + mark
    },
  }
}

/** Random bytes are drawn in blocks, and written as digits a block at a time: an id is then only a cut. */
const BLOCK = 8192

/** Random digits of the system, fit for ids. */
export function systemRandom(): Random {
  const block = Buffer.allocUnsafe(BLOCK)
  let digits = ''
  let used = 0
  return {
    hex: (bytes) => {
      if (used + bytes * 2 > digits.length) {
        digits = randomFillSync(block).toString('hex')
        used = 0
      }
      const start = used
      used += bytes * 2
      return digits.slice(start, used)
    },
  }
}
