/**
 * Whether a trace is recorded. The decision is consistent across processes: everybody who asks for the same rate decides
 * the same for a trace, by OpenTelemetry's probability sampling (tracestate `ot=th:…;rv:…`): the randomness is the low 56
 * bits of the trace id, or `rv` where a tracestate says so, and a trace is sampled when it is not below the threshold.
 *
 * https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */

import type { Strategy } from '../config/propagation-kinds'
import type { Sampled } from '../propagation/propagate'

export interface SamplingSettings {
  /** 0 to 1. */
  readonly rate: number
  /**
   * `parent_probability_fallback` obeys the decision that arrived, and goes by probability without one;
   * `parent_drop_probability_fallback` obeys only the decision not to sample; `probability` obeys none.
   */
  readonly strategy: Strategy
}

const DIGITS = 14
/** 2^56; the greatest threshold is the next lower number that a double holds to the digit. */
const SPACE = 16 ** DIGITS

export class Sampler {
  readonly #strategy: Strategy
  readonly #rate: number
  /** 14 hexadecimal digits: what the randomness must not be below. */
  readonly #threshold: string

  constructor({ rate, strategy }: SamplingSettings) {
    this.#strategy = strategy
    this.#rate = rate
    this.#threshold = Math.min(SPACE - 16, Math.round((1 - rate) * SPACE))
      .toString(16)
      .padStart(DIGITS, '0')
  }

  /**
   * @param traceId 32 lower-case hexadecimal digits
   * @param arrived the decision that came with the trace; undefined when it is left open, or the trace starts here
   * @param traceState what arrived with the trace; it goes on, with our threshold where the decision was ours
   */
  decide(traceId: string, arrived: boolean | undefined, traceState: string | undefined): Sampled {
    if (this.#strategy !== 'probability' && arrived === false) return { sampled: false, traceState }
    const isObeyed = this.#strategy === 'parent_probability_fallback' && arrived === true
    if (isObeyed || this.#rate >= 1) return { sampled: true, traceState }
    if (this.#rate <= 0 || randomnessOf(traceId, traceState) < this.#threshold) return { sampled: false, traceState }
    const threshold = this.#threshold.replace(/0+$/, '') || '0'
    return { sampled: true, traceState: withThreshold(traceState, threshold) }
  }
}

const explicit = /(?:^|,)[ \t]*ot=(?:[^,;]*;)*rv:([0-9a-f]{14})(?:[;, \t]|$)/

/** 14 hexadecimal digits. */
function randomnessOf(traceId: string, traceState: string | undefined): string {
  const given = traceState === undefined ? undefined : explicit.exec(traceState)?.[1]
  return given ?? traceId.slice(-DIGITS)
}

/** The tracestate with `th` set in its `ot` member, which comes first, as the latest to be changed has to. */
export function withThreshold(traceState: string | undefined, threshold: string): string {
  const members = (traceState ?? '').split(',').filter((member) => member.trim() !== '')
  const ours = members.find((member) => member.trim().startsWith('ot='))
  const others = members.filter((member) => member !== ours)
  const fields = (ours?.trim().slice(3).split(';') ?? []).filter((field) => field !== '' && !field.startsWith('th:'))
  return [`ot=${[`th:${threshold}`, ...fields].join(';')}`, ...others].join(',')
}
