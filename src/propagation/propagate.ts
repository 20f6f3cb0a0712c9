/**
 * The verbs of propagation. Extract tries formats in order, and the first that carries a context wins; inject clears
 * what is to be cleared, and writes the trace in every format that is asked for.
 */
import type { Random } from '../model/clock'
import type { ContextConflict, ContextRefusal } from '../model/exchange'
import { type FieldLine, FieldNames } from '../model/field-line'
import type { BaggageEntry, TraceContext } from '../model/trace-context'
import type { Decision, Format } from './format'
import { Incoming, namesOf } from './incoming'
import { clearedNames, type Injected, Outgoing } from './outgoing'
import { signatureFields } from './signed'
import { w3c } from './w3c'
import { writeContext } from './write-context'

const TRACE_ID_BYTES = 16
const SPAN_ID_BYTES = 8

export interface PropagationSettings {
  /** Tried in this order. */
  readonly extract: readonly Format[]
  /** Header names, in any case, that go after extraction. */
  readonly clear: readonly string[]
  /** All of them are written. */
  readonly inject: readonly Injected[]
  /** What `preserve` writes when nothing was extracted. */
  readonly defaultFormat: Format
  /** Names, in lower case, of headers that others want to find among the noted ones. */
  readonly alsoNoted?: readonly string[]
}

/** Whether a trace is sampled, and the tracestate that goes on with that decision. */
export interface Sampled {
  readonly sampled: boolean
  readonly traceState: string | undefined
}

/** Decides whether a trace is sampled. @param arrived the decision that came with it, undefined where it was left open */
export type Sample = (traceId: string, arrived: boolean | undefined, traceState: string | undefined) => Sampled

export interface Extraction {
  readonly context: TraceContext
  /** The decision that arrived, with the trace or alone; undefined where it was left open. */
  readonly arrived: boolean | undefined
  readonly refusals: readonly ContextRefusal[]
  readonly conflicts: readonly ContextConflict[]
}

const noBaggage: readonly BaggageEntry[] = []

const obeyParent: Sample = (_traceId, arrived, traceState) => ({ sampled: arrived ?? true, traceState })

export class Propagation {
  /** The names of all headers that extract and inject want to see. */
  readonly fields: FieldNames
  /** Those that inject removes, whatever goes out. */
  readonly clear: FieldNames
  readonly #incoming: Incoming
  /** For a trace that starts here. */
  readonly #started: Outgoing
  /** By the name of the format that arrived. */
  readonly #continued: ReadonlyMap<string, Outgoing>
  readonly #random: Random
  readonly #sample: Sample

  constructor(settings: PropagationSettings, random: Random, sample: Sample = obeyParent) {
    const { extract, inject, defaultFormat, alsoNoted = [] } = settings
    const clear = clearedNames(settings.clear)
    this.clear = clear
    const arriving = extract.flatMap((format) => [format, ...(format.layouts ?? [])])
    this.#incoming = new Incoming(extract)
    this.#started = new Outgoing(undefined, inject, defaultFormat, clear)
    this.#continued = new Map(
      arriving.map((format) => [format.name, new Outgoing(format, inject, defaultFormat, clear)]),
    )
    const inUse = [w3c, ...arriving, ...this.#started.formats]
    this.fields = new FieldNames([...inUse.flatMap(namesOf), ...clear.names, ...signatureFields, ...alsoNoted])
    this.#random = random
    this.#sample = sample
  }

  /**
   * Continues the trace that the lines carry, or starts one. The span id is new in either case: it is this hop's.
   * @param lines those of a head whose names are among `fields`
   */
  extract(lines: readonly FieldLine[]): Extraction {
    const read = this.#incoming.read(lines)
    const { arrival, format, decision, random, refusals, conflicts } = read
    const traceId = arrival ? arrival.traceId : this.#random.hex(TRACE_ID_BYTES)
    const { sampled, traceState } = this.#decide(traceId, decision, read.traceState)
    const context: TraceContext = {
      traceId,
      width: arrival?.width,
      spanId: this.#random.hex(SPAN_ID_BYTES),
      parentSpanId: arrival?.spanId,
      sampled,
      nuance: sampled === decision.sampled ? decision.nuance : undefined,
      random: arrival === undefined || random,
      traceState,
      carriesTraceState: read.traceState !== undefined,
      baggage: arrival?.baggage ?? noBaggage,
      format: format?.name,
      notations: this.#outgoingOf(format?.name).notations,
    }
    return { context, arrived: decision.sampled, refusals, conflicts }
  }

  /**
   * Puts `context` on the lines. The headers to clear, and those that the outgoing formats own, are replaced where they
   * stood, or removed; the rest of what is written comes at the end.
   * @param lines those of a head; changed in place
   * @param indexes of the lines whose names are among `fields`, ascending
   * @returns the names of headers that were left alone because the sender signed them
   */
  inject(lines: FieldLine[], indexes: readonly number[], context: TraceContext): readonly string[] {
    return writeContext(lines, indexes, context, this.#outgoingOf(context.format))
  }

  #outgoingOf(format: string | undefined): Outgoing {
    return (format === undefined ? undefined : this.#continued.get(format)) ?? this.#started
  }

  /** Debug asks no sampler. */
  #decide(traceId: string, { sampled, nuance }: Decision, traceState: string | undefined): Sampled {
    return nuance === 'debug' ? { sampled: true, traceState } : this.#sample(traceId, sampled, traceState)
  }
}
