/** The span of an exchange: kind CLIENT, its id the one that went out on the wire. */
import {
  type Attributes,
  createTraceState,
  type HrTime,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api'
import type { InstrumentationScope } from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { type Exchange, timeOf } from '../model/exchange'
import type { TraceContext } from '../model/trace-context'
import { knownMethod, spanAttributes } from './attributes'
import { errorTypeOf } from './outcome'

const unset = { code: SpanStatusCode.UNSET }
const error = { code: SpanStatusCode.ERROR }
const none: never[] = []

/** The span of a finished exchange that has a trace context, in the shape that OpenTelemetry's exporters take. */
export function spanOf(exchange: Exchange, resource: Resource, scope: InstrumentationScope): ReadableSpan {
  const context = exchange.context as TraceContext
  const { traceId, spanId, parentSpanId, traceState } = context
  const traceFlags = TraceFlags.SAMPLED
  const spanContext = { traceId, spanId, traceFlags, ...(traceState && { traceState: createTraceState(traceState) }) }
  return {
    name: spanNameOf(exchange),
    kind: SpanKind.CLIENT,
    spanContext: () => spanContext,
    ...(parentSpanId && { parentSpanContext: { traceId, spanId: parentSpanId, traceFlags, isRemote: true } }),
    startTime: hrTime(exchange.startTime),
    endTime: hrTime(timeOf(exchange, exchange.endMark)),
    duration: hrTime(exchange.endMark - exchange.startMark),
    status: errorTypeOf(exchange) === undefined ? unset : error,
    attributes: attributesOf(exchange),
    links: none,
    events: none,
    ended: true,
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

/** The method alone: a path would make as many names as there are URLs. */
export function spanNameOf(exchange: Exchange): string {
  const method = knownMethod(exchange)
  return method === '_OTHER' ? 'HTTP' : method
}

function attributesOf(exchange: Exchange): Attributes {
  const attributes: Attributes = {}
  for (const [key, read] of spanAttributes) {
    const value = read(exchange)
    if (value !== undefined) attributes[key] = value
  }
  return attributes
}

/** Milliseconds as seconds and nanoseconds. */
function hrTime(milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1000)
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)]
}
