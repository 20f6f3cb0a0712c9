/**
 * A failed request as an event: what was asked, what came, and what happened before in its trace. A response that counts as
 * failed is an event of our own; where none came, or not to its end, it is the conventions' exception event of HTTP clients.
 */
import type { Attribute as ShownAttribute } from '../model/attribute'
import type { Exchange } from '../model/exchange'
import { faultOf } from '../model/fault'
import { accessWords } from './access-words'
import { type AnyMap, type AnyValue, secondsOf } from './any-value'
import { addedAttributesBy, attributesBy, type Row, type Semconv } from './attributes'
import type { Breadcrumb } from './breadcrumbs'
import { type Severity, writeEvent } from './otlp-log'
import type { ProtobufWriter } from './protobuf'

type Attribute = [key: string, value: AnyValue]

export interface FailedRequest {
  readonly exchange: Exchange
  readonly kind: 'response' | 'exception'
  /** What was over before in the same trace, the oldest first. */
  readonly breadcrumbs: readonly Breadcrumb[]
  /** What may tell of persons; empty unless it is to be shown. */
  readonly personalData: readonly ShownAttribute[]
}

const events = {
  response: { name: 'outspan.http.client.request.failed', severity: 'error' },
  exception: { name: 'http.client.request.exception', severity: 'warn' },
} as const satisfies Record<FailedRequest['kind'], { readonly name: string; readonly severity: Severity }>

/** What a span says of a header that nobody named. */
const USER_AGENT = 'user_agent.original'

/** The name of the event, and how bad it is. */
export function eventOf({ kind }: FailedRequest): { readonly name: string; readonly severity: Severity } {
  return events[kind]
}

/** `GET http://a.example/ 503 in 12 ms`, whatever came after the response. */
export function eventWords({ exchange, kind }: FailedRequest): string {
  return accessWords(exchange, kind === 'response' ? exchange.upstreamStatus : exchange.fault)
}

export type WriteFailedRequest = (writer: ProtobufWriter, failed: FailedRequest) => void

/** @returns what appends the event, joined to its span, as one entry of `ScopeLogs.log_records` */
export function failedRequestWriter(semconv: Semconv): WriteFailedRequest {
  const rows = attributesBy(semconv).filter(([key]) => key !== USER_AGENT)
  return (writer, failed) => {
    const event = { ...eventOf(failed), words: eventWords(failed) }
    writeEvent(writer, failed.exchange, event, allAttributes(failed, rows, semconv))
  }
}

function allAttributes(failed: FailedRequest, rows: readonly Row[], semconv: Semconv): Map<string, AnyValue> {
  const { exchange, breadcrumbs } = failed
  const attributes = new Map<string, AnyValue>()
  for (const [key, read] of rows) {
    // A status that counts as failed here may be no error to the span.
    const value = read(exchange) ?? (key === 'error.type' ? String(exchange.upstreamStatus) : undefined)
    if (value !== undefined) attributes.set(key, value)
  }
  for (const { key, value } of addedAttributesBy(semconv, exchange.attributes)) attributes.set(key, value)
  const personalData = addedAttributesBy(semconv, failed.personalData)
  for (const [key, value] of ownAttributes({ ...failed, personalData }))
    if (!attributes.has(key)) attributes.set(key, value)
  if (breadcrumbs.length > 0) attributes.set('outspan.breadcrumbs', breadcrumbs.map(crumbOf))
  return attributes
}

/** What the event says beyond the attributes of the span, breadcrumbs apart. */
export function ownAttributes({ exchange, kind, personalData }: FailedRequest): Attribute[] {
  const { fault, clientStatus, startMark, endMark, attempts } = exchange
  const attributes: Attribute[] = []
  if (kind === 'exception' && fault !== undefined)
    attributes.push(['exception.type', fault], ['exception.message', faultOf(fault).words])
  if (clientStatus !== 0) attributes.push(['proxy.response.status_code', clientStatus])
  attributes.push(['duration', secondsOf(endMark - startMark)], ['attempts', attempts])
  for (const { key, value } of personalData) attributes.push([key, value])
  return attributes
}

/** Names follow those of the span and of the access log. */
function crumbOf({ time, spanId, method, url, status, fault, duration }: Breadcrumb): AnyMap {
  return {
    timestamp: new Date(time).toISOString(),
    level: levelOf(status, fault !== undefined && !faultOf(fault).cancelled),
    'http.request.method': method,
    'url.full': url,
    'http.response.status_code': status || undefined,
    'error.type': fault,
    duration: secondsOf(duration),
    span_id: spanId,
  }
}

/** As in Sentry's breadcrumbs; one without a response is an error. */
function levelOf(status: number, isFault: boolean): string {
  if (isFault || (status >= 500 && status <= 599)) return 'error'
  return status >= 400 && status <= 499 ? 'warning' : 'info'
}
