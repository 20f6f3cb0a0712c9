/**
 * Whether a trace is recorded. The decision is consistent across processes: everybody who asks for the same rate decides
 * the same for a trace, by OpenTelemetry's probability sampling (tracestate `ot=th:…;rv:…`): the randomness is the low 56
 * bits of the trace id, or `rv` where a tracestate says so, and a trace is sampled when it is not below the threshold.
 *
 * https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */

import type { Strategy } from '../config/propagation-kinds'

export interface SamplingSettings {
  /** 0 to 1. */
  readonly rate: number
  /**
   * `parent_probability_fallback` obeys the decision that arrived, and goes by probability without one;
   * `parent_drop_probability_fallback` obeys only the decision not to sample; `probability` obeys none.
   */
  readonly strategy: Strategy
}

export interface Arrived {
  /** The decision that came with the trace; undefined when it is left open, or the trace starts here. */
  readonly sampled: boolean | undefined
  /** Debug traces are always sampled. */
  readonly isDebug: boolean
}

export interface Verdict {
  readonly isSampled: boolean
  /** The threshold to write to the tracestate; undefined where the decision was another's, or everything is sampled. */
  readonly threshold: string | undefined
}

const DIGITS = 14
const SPACE = 16 ** DIGITS

const yes: Verdict = { isSampled: true, threshold: undefined }
const no: Verdict = { isSampled: false, threshold: undefined }

export class Sampler {
  readonly #strategy: Strategy
  readonly #rate: number
  /** 14 hexadecimal digits: what the randomness must not be below. */
  readonly #threshold: string

  constructor({ rate, strategy }: SamplingSettings) {
    this.#strategy = strategy
    this.#rate = rate
    this.#threshold = Math.round((1 - rate) * SPACE)
      .toString(16)
      .padStart(DIGITS, '0')
  }

  /**
   * @param traceId 32 lower-case hexadecimal digits
   * @param traceState the tracestate that arrived with the trace
   */
  decide(traceId: string, arrived: Arrived, traceState: string | undefined): Verdict {
    if (arrived.isDebug) return yes
    if (this.#strategy !== 'probability' && arrived.sampled === false) return no
    if (this.#strategy === 'parent_probability_fallback' && arrived.sampled) return yes
    if (this.#rate >= 1) return yes
    if (this.#rate <= 0) return no
    const randomness =
      (traceState && /(?:^|,)[ \t]*ot=(?:[^,;]*;)*rv:([0-9a-f]{14})(?:[;, \t]|$)/.exec(traceState)?.[1]) ??
      traceId.slice(-DIGITS)
    if (randomness < this.#threshold) return no
    return { isSampled: true, threshold: this.#threshold.replace(/0+$/, '') || '0' }
  }
}

/** The tracestate with `th` set in its `ot` member, which comes first, as the latest to be changed has to. */
export function withThreshold(traceState: string | undefined, threshold: string): string {
  const members = (traceState ?? '').split(',').filter((member) => member.trim() !== '')
  const ours = members.find((member) => member.trim().startsWith('ot='))
  const others = members.filter((member) => member !== ours)
  const fields = (ours?.trim().slice(3).split(';') ?? []).filter((field) => field !== '' && !field.startsWith('th:'))
  return [`ot=${[`th:${threshold}`, ...fields].join(';')}`, ...others].join(',')
}
