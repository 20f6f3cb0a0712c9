/** The books of several processes: those that live, those that stopped, and those that died with entries in their hands. */
import { signalNames } from '../config/delivery-options'
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
      each(Object.keys(shown), (name) => Ledger.from(shown[name])),
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
    this.#gone = sumOf([this.#gone, each(Object.keys(last), (name) => end(last[name] as Ledger))])
  }
}

/** Books added up, name by name; those of all signals are there even if nobody has any. */
export function sumOf(books: readonly Ledgers[]): Ledgers {
  const names = [...signalNames, ...books.flatMap((ledgers) => Object.keys(ledgers))]
  return each([...new Set(names)], (name) => addLedgers(books.flatMap((ledgers) => ledgers[name] ?? [])))
}

/** @param names those of all signals among them */
function each(names: readonly string[], make: (name: string) => Ledger): Ledgers {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Ledgers
}
