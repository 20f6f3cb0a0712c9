/**
 * The verbs of propagation. Extract tries formats in order, and the first that carries a context wins; inject writes
 * the trace in the format in which it arrived, else in the default one.
 */
import type { Random } from '../model/clock'
import type { ContextRefusal } from '../model/exchange'
import type { FieldLine } from '../model/field-line'
import type { TraceContext } from '../model/trace-context'
import { type Arrival, Carrier, type Format, NameSet } from './format'

const TRACE_ID_BYTES = 16
const SPAN_ID_BYTES = 8

export interface Extraction {
  readonly context: TraceContext
  readonly refusals: readonly ContextRefusal[]
}

const noRefusals: readonly ContextRefusal[] = []

export class Propagation {
  readonly #formats: readonly Format[]
  readonly #defaultFormat: Format
  /** Of all formats together, and of each. */
  readonly #owned: NameSet
  readonly #fieldsOf: ReadonlyMap<Format, NameSet>
  readonly #random: Random

  /**
   * @param formats tried in this order
   * @param defaultFormat what is injected when nothing was extracted
   */
  constructor(formats: readonly Format[], defaultFormat: Format, random: Random) {
    this.#formats = formats
    this.#defaultFormat = defaultFormat
    const inUse = [...formats, defaultFormat]
    this.#owned = new NameSet(inUse.flatMap((format) => format.fields))
    this.#fieldsOf = new Map(inUse.map((format) => [format, new NameSet(format.fields)]))
    this.#random = random
  }

  /** Continues the trace that the lines carry, or starts one. The span id is new in either case: it is this hop's. */
  extract(lines: readonly FieldLine[]): Extraction {
    const carrier = new Carrier(lines.filter((line) => this.#owned.holds(line)))
    let refusals = noRefusals
    for (const format of this.#formats) {
      const found = format.extract(carrier)
      if (typeof found === 'object') return { context: this.#continue(found, format.name), refusals }
      if (found !== undefined) refusals = [...refusals, { format: format.name, reason: found }]
    }
    return { context: this.#start(), refusals }
  }

  /** The lines with every header that the outgoing format owns replaced by what `context` says. */
  inject(lines: readonly FieldLine[], context: TraceContext): FieldLine[] {
    const format = this.#formats.find(({ name }) => name === context.format) ?? this.#defaultFormat
    const owned = this.#fieldsOf.get(format)
    const kept = lines.filter((line) => !owned?.holds(line))
    for (const line of format.inject(context)) kept.push(line)
    return kept
  }

  #continue(arrival: Arrival, format: string): TraceContext {
    return {
      traceId: arrival.traceId,
      spanId: this.#random.hex(SPAN_ID_BYTES),
      parentSpanId: arrival.spanId,
      sampled: arrival.sampled ?? true,
      random: arrival.random,
      traceState: arrival.traceState,
      format,
    }
  }

  #start(): TraceContext {
    return {
      traceId: this.#random.hex(TRACE_ID_BYTES),
      spanId: this.#random.hex(SPAN_ID_BYTES),
      parentSpanId: undefined,
      sampled: true,
      random: true,
      traceState: undefined,
      format: undefined,
    }
  }
}
