/** The real clock and the real randomness. */
import { randomFillSync, randomUUID } from 'node:crypto'
import type { Clock, Random } from '../model/clock'

/** How long the distance between the two clocks is trusted, in milliseconds: wall clocks are set right now and then. */
const TRUSTED = 1000

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

/** Random bytes are drawn in blocks: a call to the system for each id would cost more than the id. */
const BLOCK = 4096

export function systemRandom(): Random {
  const block = Buffer.allocUnsafe(BLOCK)
  let used = BLOCK
  return {
    hex: (bytes) => {
      if (used + bytes > BLOCK) {
        randomFillSync(block)
        used = 0
      }
      used += bytes
      return block.toString('hex', used - bytes, used)
    },
    uuid: () => randomUUID(),
  }
}
