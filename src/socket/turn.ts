/**
 * What waits for the end of the present turn of the event loop. One turn deals with all connections that have something to
 * read; what it has to write goes out behind all that, in one row. Written at once, each message would wake a peer that has
 * only just gone to sleep, and that is a third of what a small write costs.
 */
export interface Sender {
  /** The turn ends. Must not throw. */
  flush(): void
}

/** So many senders at most wait: in a turn that is long, for many connections, the first ones are not to wait for the last. */
const MOST = 64

let waiting: Sender[] = []

/** Calls `flush` of `sender` when the turn ends, or before this returns when many wait. */
export function flushWithTurn(sender: Sender): void {
  const count = waiting.push(sender)
  if (count === 1) setImmediate(flushAll)
  else if (count === MOST) flushAll()
}

function flushAll(): void {
  const senders = waiting
  waiting = []
  for (const sender of senders) sender.flush()
}
