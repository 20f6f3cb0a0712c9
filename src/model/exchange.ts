import { type Attribute, type SpanKind, spanKinds } from './attribute'
import type { Destination } from './destination'
import type { FaultCode } from './fault'
import type { FieldLine } from './field-line'
import type { SpanExtras } from './span-extras'
import type { TraceContext } from './trace-context'

/** A format that carried another trace. */
export interface ContextConflict {
  readonly format: string
  readonly traceId: string
}

/** Trace headers of a format that were present but carry no context, and why. */
export interface ContextRefusal {
  readonly format: string
  readonly reason: string
}

/** A connection that was tried and failed before it answered, so that the request was sent again. Marks as in `Exchange`. */
export interface FailedAttempt {
  readonly startMark: number
  readonly endMark: number
  readonly peerAddress: string | undefined
  readonly peerPort: number
  readonly fault: FaultCode
}

/**
 * The one record of an exchange: a request and what became of it, or a tunnel. The road fills it with facts and with
 * marks in time; span, access-log line, metrics and the admin page are projections of the finished record.
 *
 * Marks are milliseconds on the monotonic clock (`Clock.now`), 0 where the moment never came. Sizes are bytes on the wire.
 */
export class Exchange {
  /** Made here, or taken over from the client's header. */
  requestId: string
  /** Unix time of `startMark`, in milliseconds with fractions. */
  readonly startTime: number
  readonly startMark: number
  readonly clientAddress: string
  readonly clientPort: number

  // What was asked.
  method = ''
  /** The method if telemetry names it, else `_OTHER`. */
  knownMethod = '_OTHER'
  /** HTTP/1.`n` of the client's request; -1 where its head could not be read. */
  clientMinor = -1
  /** The absolute URL, credentials and secrets already redacted; `//host:port` for a tunnel. */
  url: string | undefined = undefined
  destination: Destination | undefined = undefined
  userAgent: string | undefined = undefined
  requestBodySize = 0
  /** The header section as the client sent it, secrets included; only where something asks for lines to be kept. */
  requestLines: readonly FieldLine[] | undefined = undefined

  // Where it stands in its trace. Absent when the request was refused before the road looked.
  context: TraceContext | undefined = undefined
  /** Trace headers that were there and carry no context. */
  contextRefusals: readonly ContextRefusal[] = noRefusals
  /** Formats in the same head that carry another trace than the one that goes on. */
  contextConflicts: readonly ContextConflict[] = noConflicts
  /** Headers that propagation would have changed, and that the sender signed. */
  signedFields: readonly string[] = noNames

  // What the settings have its span say.
  spanKind: SpanKind = spanKinds.client
  urlTemplate: string | undefined = undefined
  /** The name of the service that is called. */
  peerName: string | undefined = undefined
  /** Attributes that were set, and headers that were captured. */
  attributes: readonly Attribute[] = noAttributes

  /** What the user's code has its span say; undefined where it said nothing. */
  extras: SpanExtras | undefined = undefined

  // The way there.
  /** `host:port` of the upstream proxy, if it went through one. */
  proxyAuthority: string | undefined = undefined
  /** Connections tried; more than one when a request was sent again. */
  attempts = 0
  /** The attempts before the last one. */
  formerAttempts: readonly FailedAttempt[] = noAttempts
  peerAddress: string | undefined = undefined
  peerPort = 0
  /** Milliseconds; undefined where an idle connection was reused or the phase did not come. */
  dnsTime: number | undefined = undefined
  connectTime: number | undefined = undefined
  requestSentMark = 0

  // What was answered.
  /** HTTP/1.`n` of the upstream's response; -1 before it came. */
  protocolMinor = -1
  /** The upstream's status; 0 when none came. */
  upstreamStatus = 0
  /** The status that the client was told; 0 when it was told none. */
  clientStatus = 0
  responseHeadMark = 0
  responseBodySize = 0
  /** The header section of the final response as the upstream sent it; only where something asks for lines to be kept. */
  responseLines: readonly FieldLine[] | undefined = undefined

  // How it ended.
  fault: FaultCode | undefined = undefined
  endMark = 0

  constructor(requestId: string, startTime: number, startMark: number, clientAddress: string, clientPort: number) {
    this.requestId = requestId
    this.startTime = startTime
    this.startMark = startMark
    this.clientAddress = clientAddress
    this.clientPort = clientPort
  }

  /** A tunnel is what CONNECT asks for; its sizes count the bytes each way. */
  get isTunnel(): boolean {
    return this.method === 'CONNECT'
  }
}

const noAttempts: readonly FailedAttempt[] = []
const noAttributes: readonly Attribute[] = []
const noRefusals: readonly ContextRefusal[] = []
const noConflicts: readonly ContextConflict[] = []
const noNames: readonly string[] = []

/** The mark at which the last attempt began. */
export function startOfAttempt({ startMark, formerAttempts }: Exchange): number {
  return formerAttempts.at(-1)?.endMark ?? startMark
}

/**
 * Milliseconds from the end of the request to the head of the response. A response may begin before the request has ended: then
 * nobody waited.
 */
export function waitTime({ requestSentMark, responseHeadMark }: Exchange): number {
  return Math.max(0, responseHeadMark - (requestSentMark || responseHeadMark))
}

/** The Unix time of one of an exchange's marks, in milliseconds with fractions. */
export function timeOf(exchange: Exchange, mark: number): number {
  return exchange.startTime + (mark - exchange.startMark)
}
