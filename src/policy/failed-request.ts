/** Which exchanges are failed requests: by their status or by what went wrong, and by where they went. */
import type { Exchange } from '../model/exchange'
import { faultOf } from '../model/fault'
import { statusTable } from '../model/status-ranges'
import { type UrlMatcher, urlMatcher } from '../model/url-pattern'

/**
 * `response`: one arrived, with a status that counts as failed. `exception`: none arrived, or not to its end.
 * `elsewhere`: either, but its URL is no target.
 */
export type Failure = 'response' | 'exception' | 'elsewhere'

export interface FailedRequestSettings {
  readonly events: readonly ('responses' | 'exceptions')[]
  /** `404`, `500-599`. */
  readonly statuses: readonly string[]
  /** All have been checked by `urlMatcher`. */
  readonly targets: readonly string[]
}

export class FailedRequestRule {
  /** 1 for those that count. */
  readonly #isFailed: Uint8Array
  readonly #takesExceptions: boolean
  readonly #targets: readonly UrlMatcher[]

  constructor({ events, statuses, targets }: FailedRequestSettings) {
    this.#isFailed = statusTable(events.includes('responses') ? statuses : [])
    this.#takesExceptions = events.includes('exceptions')
    this.#targets = targets.map((target) => urlMatcher(target) as UrlMatcher)
  }

  /** Whether nothing could ever be a failed request. */
  get isIdle(): boolean {
    return this.#targets.length === 0 || !(this.#takesExceptions || this.#isFailed.includes(1))
  }

  /** @returns undefined for an exchange that did not fail: nearly all */
  of(exchange: Exchange): Failure | undefined {
    if (exchange.fault === undefined && this.#isFailed[exchange.upstreamStatus] === 0) return undefined
    return this.#judge(exchange)
  }

  #judge(exchange: Exchange): Failure | undefined {
    const kind = this.#kindOf(exchange)
    if (kind === undefined) return undefined
    const { url = '', destination } = exchange
    return destination && this.#targets.some((isTarget) => isTarget(url, destination)) ? kind : 'elsewhere'
  }

  /** A response that arrived in part is the response that it began as. */
  #kindOf({ fault, upstreamStatus, context }: Exchange): 'response' | 'exception' | undefined {
    if (this.#isFailed[upstreamStatus] === 1) return 'response'
    // What was refused went nowhere, and a client that leaves has not failed.
    if (fault === undefined || context === undefined || !this.#takesExceptions) return undefined
    const { refused, cancelled } = faultOf(fault)
    return refused || cancelled ? undefined : 'exception'
  }
}
