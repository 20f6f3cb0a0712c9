/** What the first of several processes hands to a worker as it starts it. */
import type { Handover } from '../app/worker'

/** Undefined in a process that is no worker. */
export async function handedOver(): Promise<Handover | undefined> {
  // Whoever else started this process may have a channel to it as well.
  if (!process.send || !(require('node:cluster') as typeof import('node:cluster').default).isWorker) return undefined
  return new Promise((resolve) => process.once('message', resolve))
}
