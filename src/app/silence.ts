/** Whether somebody who is asked again and again is still there. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Time between two questions, in milliseconds. */
const INTERVAL = 1000
/** Questions in a row without an answer. One is not enough: after a pause of the whole machine its time is up before the answer is read. */
const MISSED = 3

/** @returns once there is silence, or `isOver` says that nobody asks any more */
export async function silence(ask: () => Promise<unknown>, isOver: () => boolean): Promise<void> {
  for (let missed = 0; missed < MISSED && !isOver(); ) {
    await sleep(INTERVAL, undefined, { ref: false })
    if (!isOver()) missed = (await ask()) === undefined ? missed + 1 : 0
  }
}
