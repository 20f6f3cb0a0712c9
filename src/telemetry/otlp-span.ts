/**
 * The span of an exchange, its id the one that went out on the wire, as OTLP's protobuf (trace.proto, 1.x).
 * It is written when the exchange ends: what waits for the collector is bytes, not objects, and a batch that is sent again
 * is the same bytes. OpenTelemetry's own encoder takes span objects, walks all text twice, and costs five times as much.
 */
import { spanKinds } from '../model/attribute'
import type { Exchange } from '../model/exchange'
import { timeOf } from '../model/exchange'
import { type TraceContext, traceFlagsOf } from '../model/trace-context'
import { addedAttributesBy, attributesBy, childAttributesBy, type Row, type Semconv } from './attributes'
import type { ChildSpan } from './child-spans'
import { keyFieldsOf, seenKeyField } from './otlp-request'
import { errorTypeOf } from './outcome'
import { BYTES, FIXED32, FIXED64, type ProtobufWriter, VARINT } from './protobuf'
import { writeExtras, writeNotes } from './span-notes'

const STATUS_ERROR = 2
/** Bits of `Span.flags` beside the W3C ones: it is known whether the parent is remote, and it is. */
const HAS_IS_REMOTE = 0x100
const IS_REMOTE = 0x200

// ScopeSpans, Span, Status: field numbers.
const SCOPE_SPANS_SPANS = 2
const SPAN = {
  traceId: 1,
  spanId: 2,
  traceState: 3,
  parent: 4,
  name: 5,
  kind: 6,
  start: 7,
  end: 8,
  status: 15,
  flags: 16,
}
const STATUS_CODE = 3
/** Tag, number and wire type, of `Span.attributes`. */
const SPAN_ATTRIBUTE = (9 << 3) | BYTES

type Rows = ReturnType<typeof keyFieldsOf<Row[1]>>

export type WriteSpan = (writer: ProtobufWriter, exchange: Exchange) => void

/** @returns what appends the span of a finished exchange that has a trace context, as one entry of `ScopeSpans.spans` */
export function spanWriter(semconv: Semconv): WriteSpan {
  const rows = keyFieldsOf(attributesBy(semconv))
  return (writer, exchange) => writeSpan(writer, exchange, rows, semconv)
}

/** An exchange with the phases of it that are spans. */
export interface WithChildren {
  readonly exchange: Exchange
  readonly children: readonly ChildSpan[]
}

/** As `spanWriter`, with child spans behind the span. */
export function spansWriter(semconv: Semconv): (writer: ProtobufWriter, spans: WithChildren) => void {
  const write = spanWriter(semconv)
  return (writer, { exchange, children }) => {
    write(writer, exchange)
    for (const child of children) writeChild(writer, exchange, child, semconv)
  }
}

function writeChild(writer: ProtobufWriter, exchange: Exchange, child: ChildSpan, semconv: Semconv): void {
  const context = exchange.context as TraceContext
  const start = openSpan(writer, context, child.id)
  writer.tag(SPAN.parent, BYTES)
  writer.hex(child.parentId)
  writer.tag(SPAN.name, BYTES)
  writer.text(child.name)
  writer.tag(SPAN.kind, VARINT)
  writer.varint(child.kind ?? spanKinds.internal)
  writer.tag(SPAN.start, FIXED64)
  writer.nanoseconds(timeOf(exchange, child.startMark))
  writer.tag(SPAN.end, FIXED64)
  writer.nanoseconds(timeOf(exchange, child.endMark))
  for (const { key, value } of childAttributesBy(semconv, child.attributes))
    writer.attribute(SPAN_ATTRIBUTE, seenKeyField(key), value)
  if (child.error !== undefined) {
    writer.attribute(SPAN_ATTRIBUTE, seenKeyField('error.type'), child.error)
    writeErrorStatus(writer)
  }
  if (child.notes) writeNotes(writer, child.notes)
  writer.tag(SPAN.flags, FIXED32)
  writer.fixed32(traceFlagsOf(context) | HAS_IS_REMOTE)
  writer.close(start)
}

/** Opens a span, and writes what places it in its trace. @returns what `close` wants */
function openSpan(writer: ProtobufWriter, context: TraceContext, spanId: string): number {
  writer.tag(SCOPE_SPANS_SPANS, BYTES)
  const start = writer.open()
  writer.tag(SPAN.traceId, BYTES)
  writer.hex(context.traceId)
  writer.tag(SPAN.spanId, BYTES)
  writer.hex(spanId)
  if (context.traceState !== undefined) {
    writer.tag(SPAN.traceState, BYTES)
    writer.text(context.traceState)
  }
  return start
}

function writeErrorStatus(writer: ProtobufWriter): void {
  writer.tag(SPAN.status, BYTES)
  writer.varint(2)
  writer.tag(STATUS_CODE, VARINT)
  writer.varint(STATUS_ERROR)
}

function writeSpan(writer: ProtobufWriter, exchange: Exchange, rows: Rows, semconv: Semconv): void {
  const context = exchange.context as TraceContext
  const notes = exchange.extras?.notes
  const start = openSpan(writer, context, context.spanId)
  if (context.parentSpanId !== undefined) {
    writer.tag(SPAN.parent, BYTES)
    writer.hex(context.parentSpanId)
  }
  writer.tag(SPAN.name, BYTES)
  writer.text(notes?.name ?? spanNameOf(exchange))
  writer.tag(SPAN.kind, VARINT)
  writer.varint(exchange.spanKind)
  writer.tag(SPAN.start, FIXED64)
  writer.nanoseconds(exchange.startTime)
  writer.tag(SPAN.end, FIXED64)
  writer.nanoseconds(timeOf(exchange, exchange.endMark))
  for (const { key, keyField, read } of rows) {
    const value = read(exchange)
    if (value !== undefined && !notes?.attributes.has(key)) writer.attribute(SPAN_ATTRIBUTE, keyField, value)
  }
  for (const { key, value } of addedAttributesBy(semconv, exchange.attributes))
    if (!notes?.attributes.has(key)) writer.attribute(SPAN_ATTRIBUTE, seenKeyField(key), value)
  if (notes?.status === undefined && errorTypeOf(exchange) !== undefined) writeErrorStatus(writer)
  if (exchange.extras) writeExtras(writer, exchange.extras)
  writer.tag(SPAN.flags, FIXED32)
  writer.fixed32(flagsOf(context))
  writer.close(start)
}

/** The method, and the template of the path if there is one: a path itself would make as many names as there are URLs. */
export function spanNameOf({ knownMethod, urlTemplate }: Exchange): string {
  const method = knownMethod === '_OTHER' ? 'HTTP' : knownMethod
  return urlTemplate === undefined ? method : `${method} ${urlTemplate}`
}

function flagsOf(context: TraceContext): number {
  const isRemote = context.parentSpanId === undefined ? 0 : IS_REMOTE
  return traceFlagsOf(context) | HAS_IS_REMOTE | isRemote
}
