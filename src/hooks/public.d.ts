/**
 * What a module of hooks (`--hooks FILE`) works with: `import type { Hooks } from 'outspan'`. Kept by hand; the code behind it
 * imports these types, so that the compiler holds the two together.
 *
 * Times are Unix milliseconds with fractions, durations milliseconds, sizes bytes.
 */
import type { Span, SpanOptions, TextMapPropagator } from '@opentelemetry/api'

/** No answer. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function without a return is of type void
export type Nothing = undefined | void

/** What the module may export, each by its name. */
export interface Hooks {
  onRequest?: OnRequest
  onResponse?: OnResponse
  beforeSpan?: BeforeSpan
  beforeEvent?: BeforeEvent
  /** Called once, when the program starts, where it is a function. */
  exporters?: readonly SpanExporter[] | ((about: ExporterContext) => readonly SpanExporter[])
  /** By the names that `--extract` and `--inject` may then have. */
  propagators?: Readonly<Record<string, TextMapPropagator>>
}

/**
 * The trace context is extracted, and the request has not left. `false` drops the exchange's span. A promise is not waited for:
 * until the exchange is over the span takes what comes.
 */
export type OnRequest = (span: HookSpan, request: HookRequest) => false | Nothing | Promise<Nothing>

/**
 * The exchange is over. `false` drops its span. What comes after this has returned comes too late.
 * @param response undefined when none came
 * @param error what went wrong; a response may have come all the same, and been cut short
 */
export type OnResponse = (
  span: HookSpan,
  request: HookRequest,
  response: HookResponse | undefined,
  error: HookError | undefined,
) => false | Nothing | Promise<Nothing>

/** A finished span before it is exported. `null` drops it; without an answer it goes as it is now, changed in place or not. */
export type BeforeSpan = (span: SpanData) => SpanData | null | Nothing

/** A log record of an exchange before it is exported. `null` drops it; without an answer it goes as it is now. */
export type BeforeEvent = (event: EventData) => EventData | null | Nothing

/**
 * The span of an exchange, or a child of it. It ends with the exchange, unless a child is ended before. It takes 128 attributes,
 * events and links; text is cut after 4096 characters. One that is not sampled, dropped or over takes nothing.
 */
export interface HookSpan extends Span {
  /** A child of this span. There may be 128 in an exchange. */
  startSpan(name: string, options?: SpanOptions): HookSpan
}

/** The request as the program sent it. The same object in `onRequest` and `onResponse`. */
export interface HookRequest {
  readonly id: string
  readonly traceId: string
  readonly method: string
  /** Absolute, secrets redacted; `//host:port` for a tunnel. */
  readonly url: string
  readonly destination: { readonly host: string; readonly port: number }
  /** All of them, secrets included. */
  readonly headers: HookHeaders
  /** Whether it is a CONNECT: what goes through the tunnel is not seen. */
  readonly isTunnel: boolean
  readonly clientAddress: string
  readonly startTime: number
}

/** The response as the destination sent it. */
export interface HookResponse {
  readonly status: number
  /** All of them, secrets included. */
  readonly headers: HookHeaders
  /** Bytes of the bodies on the wire. */
  readonly requestBodySize: number
  readonly bodySize: number
  readonly timings: {
    /** Undefined where a connection was used again. */
    readonly dns: number | undefined
    readonly connect: number | undefined
    /** From the end of the request to the head of the response. */
    readonly wait: number
    readonly receive: number
    readonly total: number
  }
}

/** Header lines in their order. Names are told in lower case, and looked for in any case. */
export interface HookHeaders extends Iterable<readonly [name: string, value: string]> {
  /** The value of the first line of that name. */
  get(name: string): string | undefined
  /** The values of all lines of that name. */
  getAll(name: string): string[]
  has(name: string): boolean
}

/** Why an exchange failed; fit for `span.recordException`. */
export interface HookError {
  /** The `error.type` that the access log has: `connection_refused`, `response_timeout`, `client_closed`, … */
  readonly name: string
  readonly message: string
  /** The client left: no error of anybody's. */
  readonly isCancelled: boolean
}

export type SpanKindName = 'internal' | 'server' | 'client' | 'producer' | 'consumer'

export type SpanValue = string | number | boolean | readonly (string | number | boolean)[]

/** A finished span. What is read-only stays as it is, whatever it is set to. */
export interface SpanData {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly traceState: string | undefined
  readonly startTime: number
  readonly endTime: number
  name: string
  kind: SpanKindName
  attributes: Record<string, SpanValue>
  status: { code: 'unset' | 'ok' | 'error'; message?: string }
  events: { name: string; time: number; attributes: Record<string, SpanValue> }[]
  links: { traceId: string; spanId: string; attributes: Record<string, SpanValue> }[]
}

/** The value of a log record's attribute. */
export type EventValue = string | number | boolean | readonly EventValue[] | { readonly [key: string]: EventValue }

/** A log record of an exchange. What is read-only stays as it is. */
export interface EventData {
  /** `outspan.access` for an access-log record; others say what happened. */
  readonly name: string
  readonly time: number
  readonly traceId: string | undefined
  readonly spanId: string | undefined
  /** OpenTelemetry's numbers: 9 is INFO, 13 WARN, 17 ERROR. */
  severityNumber: number
  severityText: string
  body: EventValue | undefined
  attributes: Record<string, EventValue>
}

export interface ExporterContext {
  /** Attributes of the resource whose spans these are. */
  readonly resource: Readonly<Record<string, string>>
}

/** Sends spans. Batches, retries and bounds are outspan's. */
export interface SpanExporter {
  /** As `--exporter` says it: lower-case letters, digits, `.`, `_`, `-`. */
  readonly name: string
  /** One batch at a time. Nothing, or `ok`, is success; what is thrown counts as `retry`. */
  export(batch: SpanBatch): ExportResult | Nothing | Promise<ExportResult | Nothing>
  /** Called at the end. */
  shutdown?(): Nothing | Promise<Nothing>
}

/** Spans to send. It can be read until there is a result. */
export interface SpanBatch {
  readonly count: number
  readonly spans: readonly SpanData[]
  /** An `ExportTraceServiceRequest` of OTLP with these spans, in protobuf. */
  readonly otlp: Uint8Array
  readonly resource: Readonly<Record<string, string>>
}

export type ExportResult =
  | { readonly kind: 'ok' }
  /** To be sent again. @property after milliseconds to wait at least */
  | { readonly kind: 'retry'; readonly reason?: string; readonly after?: number }
  /** Lost: the ledger counts it as refused. */
  | { readonly kind: 'permanent'; readonly reason?: string }
