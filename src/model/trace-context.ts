/** Where a trace stands at this hop: what arrived, and what goes out. Ids are lower-case hexadecimal digits. */
export interface TraceContext {
  /** 32 digits, not all zero. */
  readonly traceId: string
  /** 16 digits: the span that this hop exports, and the parent that the upstream sees. */
  readonly spanId: string
  /** 16 digits: the span that arrived; absent when a trace starts here. */
  readonly parentSpanId: string | undefined
  readonly sampled: boolean
  /** The W3C random flag: the low 56 bits of the trace id are random. */
  readonly random: boolean
  /** The W3C tracestate that goes on with the trace, as it arrived; absent when there is none. */
  readonly traceState: string | undefined
  /** The name of the propagation format that the trace arrived in; absent when it starts here. */
  readonly format: string | undefined
}
