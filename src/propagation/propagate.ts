/**
 * The verbs of propagation. Extract tries formats in order, and the first that carries a context wins; inject writes
 * the trace in the format in which it arrived, else in the default one.
 */
import type { Random } from '../model/clock'
import type { ContextRefusal } from '../model/exchange'
import { type FieldLine, FieldNames } from '../model/field-line'
import type { TraceContext } from '../model/trace-context'
import { type Arrival, Carrier, type Format } from './format'

const TRACE_ID_BYTES = 16
const SPAN_ID_BYTES = 8

export interface Extraction {
  readonly context: TraceContext
  readonly refusals: readonly ContextRefusal[]
}

interface OutgoingFormat {
  readonly format: Format
  /** Its own headers. */
  readonly fields: FieldNames
}

const noRefusals: readonly ContextRefusal[] = []

export class Propagation {
  /** The names of all headers that any of the formats owns. */
  readonly fields: FieldNames
  readonly #formats: readonly Format[]
  readonly #defaultFormat: Format
  readonly #byName: ReadonlyMap<string, OutgoingFormat>
  readonly #random: Random

  /**
   * @param formats tried in this order
   * @param defaultFormat what is injected when nothing was extracted
   */
  constructor(formats: readonly Format[], defaultFormat: Format, random: Random) {
    const inUse = [...formats, defaultFormat]
    this.fields = new FieldNames(inUse.flatMap(({ fields }) => fields))
    this.#formats = formats
    this.#defaultFormat = defaultFormat
    this.#byName = new Map(inUse.map((format) => [format.name, { format, fields: new FieldNames(format.fields) }]))
    this.#random = random
  }

  /**
   * Continues the trace that the lines carry, or starts one. The span id is new in either case: it is this hop's.
   * @param lines those of a head whose names are among `fields`
   */
  extract(lines: readonly FieldLine[]): Extraction {
    const carrier = new Carrier(lines)
    let refusals = noRefusals
    for (const format of this.#formats) {
      const found = format.extract(carrier)
      if (typeof found === 'object') return { context: this.#continue(found, format.name), refusals }
      if (found !== undefined) refusals = [...refusals, { format: format.name, reason: found }]
    }
    return { context: this.#start(), refusals }
  }

  /**
   * Puts `context` on the lines: every header that the outgoing format owns is replaced where it stood, or removed, or
   * added at the end.
   * @param lines those of a head; changed in place
   * @param indexes of the lines whose names are among `fields`, ascending
   */
  inject(lines: FieldLine[], indexes: readonly number[], context: TraceContext): void {
    const { format, fields } = this.#byName.get(context.format ?? this.#defaultFormat.name) as OutgoingFormat
    const fresh = format.inject(context)
    const stale = indexes.filter((index) => fields.hold(lines[index] as FieldLine))
    for (const [position, line] of fresh.entries()) lines[stale[position] ?? lines.length] = line
    for (const index of stale.slice(fresh.length).reverse()) lines.splice(index, 1)
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
