/** When to try again: delays that double from failure to failure, a little apart from each other, or what the collector asks for. */
export interface BackoffSettings {
  /** Milliseconds before the first retry, and at most before any. */
  readonly firstDelay: number
  readonly longestDelay: number
}

/** Delays are spread by so much either way, so that those who failed together don't come back together. */
const SPREAD = 0.2
/** What is asked for beyond this, in milliseconds, is a mistake of somebody's clock or arithmetic. */
const LONGEST_ASKED = 3_600_000

export class Backoff {
  #settings: BackoffSettings
  readonly #chance: () => number
  #delay = 0
  #until = 0

  /** @param chance a number from 0 to 1 */
  constructor(settings: BackoffSettings, chance: () => number) {
    this.#settings = settings
    this.#chance = chance
  }

  /** Milliseconds until the next try; 0 when it may be now. */
  get wait(): number {
    return this.#delay === 0 ? 0 : Math.max(0, this.#until - Date.now())
  }

  /** Whether the last try failed. */
  get isOn(): boolean {
    return this.#delay > 0
  }

  /** @param after what the collector asks for, in milliseconds: it is not tried sooner, up to an hour */
  failed(after: number | undefined): void {
    const { firstDelay, longestDelay } = this.#settings
    this.#delay = Math.min(longestDelay, this.#delay * 2 || firstDelay)
    const spread = this.#delay * (1 + SPREAD * (2 * this.#chance() - 1))
    this.#until = Date.now() + Math.max(Math.min(after ?? 0, LONGEST_ASKED), spread)
  }

  /** Other settings, and a fresh start. */
  renew(settings: BackoffSettings): void {
    this.#settings = settings
    this.#delay = 0
  }

  worked(): void {
    this.#delay = 0
  }
}
