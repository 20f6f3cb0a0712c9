/**
 * Names to addresses: what the system's resolver says, so that /etc/hosts and search domains count, remembered for a short
 * while. Requests that ask for the same name at once ask together: the resolver's few threads would be taken up otherwise.
 */
import { type LookupAddress, lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type { Clock } from '../model/clock'

/** Names that are remembered: a program calls few. */
const REMEMBERED = 1024

type Done = (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void

export class Resolver {
  /** Milliseconds that an answer is good for; what is known keeps the time that it was given. */
  keep: number
  readonly #clock: Clock
  readonly #known = new Map<string, { readonly addresses: readonly LookupAddress[]; readonly until: number }>()
  readonly #asking = new Map<string, Done[]>()
  /** Questions to the system, answers from memory, and questions without an answer. */
  lookups = 0
  hits = 0
  failures = 0

  /** @param keep milliseconds that an answer is good for */
  constructor(keep: number, clock: Clock) {
    this.keep = keep
    this.#clock = clock
  }

  /** For `net.connect`. The answer never comes before this returns. */
  readonly lookup: LookupFunction = (name, { all }, callback) => {
    this.#resolve(name, (error, addresses) => {
      const [first] = addresses
      if (error || !first) callback(error, [])
      else if (all) callback(null, [...addresses])
      else callback(null, first.address, first.family)
    })
  }

  /** None of the addresses served: the next one who asks gets fresh ones. */
  forget(name: string): void {
    this.#known.delete(name)
  }

  #resolve(name: string, done: Done): void {
    const known = this.#known.get(name)
    if (known && known.until > this.#clock.now()) {
      this.hits++
      process.nextTick(done, null, known.addresses)
      return
    }
    const asking = this.#asking.get(name)
    if (asking) asking.push(done)
    else this.#ask(name, done)
  }

  #ask(name: string, done: Done): void {
    const waiting = [done]
    this.#asking.set(name, waiting)
    this.lookups++
    lookup(name, { all: true }, (error, addresses) => {
      this.#asking.delete(name)
      if (error) this.failures++
      else this.#remember(name, addresses)
      for (const each of waiting) each(error, addresses ?? [])
    })
  }

  #remember(name: string, addresses: readonly LookupAddress[]): void {
    if (this.keep === 0) return
    if (this.#known.size >= REMEMBERED) this.#known.clear()
    this.#known.set(name, { addresses, until: this.#clock.now() + this.keep })
  }
}
