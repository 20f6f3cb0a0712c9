/** The books of several processes: those that live, those that stopped, and those that died with entries in their hands. */
import type { Signal } from '../export/exporter'
import { addLedgers, crashed, Ledger } from '../export/ledger'
import type { Ledgers } from './telemetry'

/** @param key names a process */
export class Books<Key> {
  /** What was heard last of each process that lives. */
  readonly #known = new Map<Key, Ledgers>()
  /** Of those that are gone, together. */
  #gone = sumOf([])

  /** @param shown books as another process sends them: plain data, in the form in which they are shown */
  hear(key: Key, shown: Ledgers): void {
    this.#known.set(
      key,
      each((signal) => Ledger.from(shown[signal])),
    )
  }

  /** The process stopped, and has told its last state. */
  stopped(key: Key): void {
    this.#leave(key, (ledger) => ledger)
  }

  /** The process ended by itself. One that stopped before is no news. */
  died(key: Key): void {
    this.#leave(key, crashed)
  }

  /** All together. */
  get sum(): Ledgers {
    return sumOf([this.#gone, ...this.#known.values()])
  }

  /** Those who are gone. */
  get gone(): Ledgers {
    return this.#gone
  }

  #leave(key: Key, end: (ledger: Ledger) => Ledger): void {
    const last = this.#known.get(key)
    if (!last) return
    this.#known.delete(key)
    this.#gone = sumOf([this.#gone, each((signal) => end(last[signal]))])
  }
}

export function sumOf(books: readonly Ledgers[]): Ledgers {
  return each((signal) => addLedgers(books.map((ledgers) => ledgers[signal])))
}

function each(make: (signal: Signal) => Ledger): Ledgers {
  return { traces: make('traces'), logs: make('logs'), metrics: make('metrics') }
}
