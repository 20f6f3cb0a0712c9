/**
 * The books of one signal: what was observed is exported, left out by sampling or a filter, dropped for a reason, or still
 * here. The sum holds at every moment.
 */

/** Why an entry was never exported, though it was to be. */
export type DropReason =
  /** Too many waited; the oldest had to go. */
  | 'queue_full'
  /** The collector refused it for good. */
  | 'refused'
  /** The collector was away for longer than entries are kept. */
  | 'retry_time'
  /** The process stopped, and there was no place to keep it. */
  | 'shutdown'
  /** Too much waited on disk; the oldest had to go. */
  | 'spool_full'
  /** What was kept on disk could not be read any more. */
  | 'spool_damaged'
  /** The process that had it ended by itself. */
  | 'crash'

/** A ledger as `toJSON` shows it. */
interface Shown {
  readonly sampled_out: number
  readonly filtered: Readonly<Record<string, number>>
  readonly dropped: Readonly<Record<string, number>>
}

export class Ledger {
  observed = 0
  exported = 0
  sampledOut = 0
  /** By the filter's name. */
  readonly filtered: Record<string, number> = {}
  readonly dropped: Record<DropReason, number> = {
    queue_full: 0,
    refused: 0,
    retry_time: 0,
    shutdown: 0,
    spool_full: 0,
    spool_damaged: 0,
    crash: 0,
  }
  /** Waiting in memory, or on their way. */
  queued = 0
  /** Waiting on disk. */
  spooled = 0

  /** An entry that a filter left out. @param name the filter's */
  leaveOut(name: string): void {
    this.observed++
    this.filtered[name] = (this.filtered[name] ?? 0) + 1
  }

  /** The ledger that `toJSON` shows, read back. */
  static from(shown: unknown): Ledger {
    const { sampled_out: sampledOut, filtered, dropped, ...rest } = shown as Shown
    const ledger = Object.assign(new Ledger(), rest, { sampledOut })
    Object.assign(ledger.filtered, filtered)
    Object.assign(ledger.dropped, dropped)
    return ledger
  }

  /** As `GET /ledger` shows it: reasons that never came are left out. */
  toJSON(): Record<string, unknown> {
    const { observed, exported, sampledOut, filtered, dropped, queued, spooled } = this
    const reasons = Object.entries(dropped).filter(([, count]) => count > 0)
    return {
      observed,
      exported,
      sampled_out: sampledOut,
      filtered,
      dropped: Object.fromEntries(reasons),
      queued,
      spooled,
    }
  }
}

/** The last books of a process that ended by itself: what it held is lost, and what is on disk is observed by its heir. */
export function crashed(last: Ledger): Ledger {
  const ledger = addLedgers([last])
  ledger.dropped.crash += last.queued
  ledger.queued = 0
  ledger.observed -= last.spooled
  ledger.spooled = 0
  return ledger
}

/** The books of several processes as those of one. */
export function addLedgers(ledgers: readonly Ledger[]): Ledger {
  const sum = new Ledger()
  for (const ledger of ledgers) {
    sum.observed += ledger.observed
    sum.exported += ledger.exported
    sum.sampledOut += ledger.sampledOut
    sum.queued += ledger.queued
    sum.spooled += ledger.spooled
    for (const [reason, count] of Object.entries(ledger.dropped)) sum.dropped[reason as DropReason] += count
    for (const [name, count] of Object.entries(ledger.filtered)) sum.filtered[name] = (sum.filtered[name] ?? 0) + count
  }
  return sum
}
