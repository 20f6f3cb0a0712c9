/** The newest exchanges, in memory, for the admin page: the embedded default when there is no collector. */
import type { Exchange } from '../model/exchange'

export class Ring {
  #capacity: number
  #slots: Exchange[] = []
  #next = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  add(exchange: Exchange): void {
    this.#slots[this.#next] = exchange
    this.#next = (this.#next + 1) % this.#capacity
  }

  /** Makes room for more or fewer; the newest stay. */
  resize(capacity: number): void {
    if (capacity === this.#capacity) return
    this.#slots = this.newest().slice(0, capacity).reverse()
    this.#capacity = capacity
    this.#next = this.#slots.length % capacity
  }

  /** Newest first. */
  newest(): Exchange[] {
    const older = this.#slots.slice(this.#next)
    const newer = this.#slots.slice(0, this.#next)
    return [...older, ...newer].reverse()
  }
}
