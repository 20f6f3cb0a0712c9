/** The newest exchanges, in memory, for the admin page: the embedded default when there is no collector. */
import type { Exchange } from '../model/exchange'

export class Ring {
  readonly #capacity: number
  readonly #slots: Exchange[] = []
  #next = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  add(exchange: Exchange): void {
    this.#slots[this.#next] = exchange
    this.#next = (this.#next + 1) % this.#capacity
  }

  /** Newest first. */
  newest(): Exchange[] {
    const older = this.#slots.slice(this.#next)
    const newer = this.#slots.slice(0, this.#next)
    return [...older, ...newer].reverse()
  }
}
