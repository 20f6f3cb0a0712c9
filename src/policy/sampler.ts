/**
 * Whether a trace is recorded. The decision is consistent across processes: everybody who asks for the same rate decides
 * the same for a trace, by OpenTelemetry's probability sampling (tracestate `ot=th:…;rv:…`): the randomness is the low 56
 * bits of the trace id, or `rv` where a tracestate says so, and a trace is sampled when it is not below the threshold.
 *
 * https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */

import type { Strategy } from '../config/propagation-kinds'
import type { Sampled } from '../propagation/propagate'
import { MAX_MEMBERS } from '../propagation/tracestate'

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
/** Characters in the value of a tracestate member (W3C Trace Context §3.3.1.3.2). */
const MAX_VALUE = 256
/** 2^56. The greatest threshold is a little lower, and a number that a double holds to the digit. */
const SPACE = 16 ** DIGITS

export class Sampler {
  readonly #strategy: Strategy
  readonly #rate: number
  /** 14 hexadecimal digits: what the randomness must not be below. */
  readonly #threshold: string
  /** The same as `th` has it: without the zeros at its end. */
  readonly #th: string

  constructor({ rate, strategy }: SamplingSettings) {
    this.#strategy = strategy
    this.#rate = rate
    this.#threshold = Math.min(SPACE - 16, Math.round((1 - rate) * SPACE))
      .toString(16)
      .padStart(DIGITS, '0')
    this.#th = this.#threshold.replace(/0+$/, '') || '0'
  }

  /**
   * @param traceId 32 lower-case hexadecimal digits
   * @param arrived the decision that came with the trace; undefined when it is left open, or the trace starts here
   * @param traceState what arrived with the trace; it goes on unchanged with the parent's decision. Where the decision is
   *   ours, `th` says so: our threshold, the stricter one where the parent's counts as well, none for a trace that is not
   *   sampled. Where all are sampled, that is only said in the place of what somebody said before.
   */
  decide(traceId: string, arrived: boolean | undefined, traceState: string | undefined): Sampled {
    if (this.#strategy !== 'probability' && arrived === false) return { sampled: false, traceState }
    if (this.#strategy === 'parent_probability_fallback' && arrived === true) return { sampled: true, traceState }
    if (this.#rate >= 1 && traceState === undefined) return { sampled: true, traceState }
    const sampled = this.#rate > 0 && randomnessOf(traceId, traceState) >= this.#threshold
    if (!sampled) return { sampled, traceState: withThreshold(traceState, undefined) }
    const before = stated.exec(traceState ?? '')?.[1]
    // Two have chosen, the parent and we: both thresholds hold. Where the parent's is not known, the share is not either.
    const isStricter = arrived === true && this.#strategy === 'parent_drop_probability_fallback'
    if (isStricter && (before === undefined || before.padEnd(DIGITS, '0') >= this.#threshold))
      return { sampled, traceState }
    if (this.#rate >= 1 && before === undefined) return { sampled, traceState }
    return { sampled, traceState: withThreshold(traceState, this.#th) }
  }
}

const explicit = /(?:^|,)[ \t]*ot=(?:[^,;]*;)*rv:([0-9a-f]{14})(?:[;, \t]|$)/

/** A threshold that somebody stated. */
const stated = /(?:^|,)[ \t]*ot=(?:[^,;]*;)*th:([0-9a-f]{1,14})(?:[;, \t]|$)/

/** 14 hexadecimal digits. */
function randomnessOf(traceId: string, traceState: string | undefined): string {
  const given = traceState === undefined ? undefined : explicit.exec(traceState)?.[1]
  return given ?? traceId.slice(-DIGITS)
}

/**
 * The tracestate with `th` set in its `ot` member, which comes first, as the latest to be changed has to (W3C Trace Context
 * §3.5), and the last member makes room. A member that would grow too long goes on without `th`.
 * @param threshold undefined: without `th`
 */
export function withThreshold(traceState: string | undefined, threshold: string | undefined): string | undefined {
  const members = (traceState ?? '').split(',').filter((member) => member.trim() !== '')
  const isOurs = (member: string) => member.trim().startsWith('ot=')
  const ours = members.find(isOurs)
  const rest = members.filter((member) => !isOurs(member))
  const fields = (ours?.trim().slice(3) ?? '').split(';').filter((field) => field !== '')
  const others = fields.filter((field) => !field.startsWith('th:'))
  // Nothing was said and nothing is to be: byte for byte as it came.
  if (threshold === undefined && others.length === fields.length && members.length - rest.length < 2) return traceState
  const stating = threshold === undefined ? others : [`th:${threshold}`, ...others]
  const value = [stating.join(';'), others.join(';')].find(({ length }) => length <= MAX_VALUE) ?? ''
  const changed = value === '' ? rest : [`ot=${value}`, ...rest.slice(0, MAX_MEMBERS - 1)]
  return changed.length === 0 ? undefined : changed.join(',')
}
