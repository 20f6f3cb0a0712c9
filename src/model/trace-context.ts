/** Where a trace stands at this hop: what arrived, and what goes out. Ids are lower-case hexadecimal digits. */
export interface TraceContext {
  /** 32 digits, not all zero. */
  readonly traceId: string
  /** The digits in which the trace id arrived: a 64-bit id is padded in `traceId`. Absent when the trace starts here. */
  readonly width: IdWidth | undefined
  /** 16 digits: the span that this hop exports, and the parent that the upstream sees. */
  readonly spanId: string
  /** 16 digits: the span that arrived; absent when a trace starts here, or where the format may come without one. */
  readonly parentSpanId: string | undefined
  readonly sampled: boolean
  /** What the decision that arrived says beyond yes and no, as long as ours is the same. */
  readonly nuance: Nuance | undefined
  /** The W3C random flag: the low 56 bits of the trace id are random. */
  readonly random: boolean
  /** The W3C tracestate that goes on with the trace, with what our sampler says in it; absent when there is none. */
  readonly traceState: string | undefined
  /** Whether a tracestate arrived with this trace. One that belongs to another, or to none, goes no further. */
  readonly carriesTraceState: boolean
  /** The baggage of jaeger or ot that arrived with the trace. */
  readonly baggage: readonly BaggageEntry[]
  /** The name of the propagation format that the trace arrived in; absent when it starts here. */
  readonly format: string | undefined
  /** How the formats that the trace arrived in and goes out in write its id. */
  readonly notations: readonly Notation[]
}

/** The bits of the W3C trace flags. */
export const traceFlags = { sampled: 1, random: 2 } as const

/** The W3C trace flags of a context. */
export function traceFlagsOf({ sampled, random }: Pick<TraceContext, 'sampled' | 'random'>): number {
  return (sampled ? traceFlags.sampled : 0) | (random ? traceFlags.random : 0)
}

/** 64 or 128 bits as hexadecimal digits. */
export type IdWidth = 16 | 32

/** `debug`: sampled whatever a sampler says (b3, jaeger). `user`: a person's decision, not a sampler's (datadog). */
export type Nuance = 'debug' | 'user'

/** An entry as it stood in its field line, behind the format's prefix: `key: value`. */
export type BaggageEntry = string

/** How a format writes a trace id, for people who look for it elsewhere. */
export interface Notation {
  /** The formats that write ids alike share the key. */
  readonly key: string
  /** The id as it stands in the format's headers. Needs no escaping in JSON. */
  traceIdText(context: TraceContext): string
}
