/** Log records of OTLP (logs.proto, 1.x): the access-log record of an exchange, events, and lines of the program's own log. */

import type { Exchange } from '../model/exchange'
import { timeOf } from '../model/exchange'
import { faultOf } from '../model/fault'
import { traceFlagsOf } from '../model/trace-context'
import { accessWords } from './access-words'
import { type AnyValue, secondsOf, writeAnyAttribute } from './any-value'
import { addedAttributesBy, attributesBy, type Row, type Semconv } from './attributes'
import { keyFieldOf, keyFieldsOf, seenKeyField } from './otlp-request'

import { BYTES, FIXED32, FIXED64, type ProtobufWriter, utf8Size, VARINT } from './protobuf'

/** The event that an access-log record is. */
const ACCESS = 'outspan.access'

// ScopeLogs and LogRecord: field numbers.
const LOG_RECORDS = 2
const RECORD = {
  time: 1,
  severityNumber: 2,
  severityText: 3,
  body: 5,
  flags: 8,
  traceId: 9,
  spanId: 10,
  observedTime: 11,
  eventName: 12,
}
const RECORD_ATTRIBUTE = (6 << 3) | BYTES
const ANY_STRING = 1

/** OpenTelemetry's severity numbers. */
const severities = { debug: 5, info: 9, warn: 13, error: 17 } as const
export type Severity = keyof typeof severities

/** What an access-log record says beside what its span does. */
const accessAttributes: readonly Row[] = [
  ['client.address', (x) => x.clientAddress],
  ['proxy.response.status_code', (x) => x.clientStatus || undefined],
  ['attempts', (x) => x.attempts],
]

type Rows = ReturnType<typeof keyFieldsOf<Row[1]>>

export type WriteAccessRecord = (writer: ProtobufWriter, exchange: Exchange) => void

/** @returns what appends the access-log record of a finished exchange, joined to its span, as one entry of `ScopeLogs.log_records` */
export function accessRecordWriter(semconv: Semconv): WriteAccessRecord {
  const rows = keyFieldsOf([...attributesBy(semconv), ...accessAttributes])
  return (writer, exchange) => writeAccessRecord(writer, exchange, rows, semconv)
}

function writeAccessRecord(writer: ProtobufWriter, exchange: Exchange, rows: Rows, semconv: Semconv): void {
  writer.tag(LOG_RECORDS, BYTES)
  const start = writer.open()
  writeTimes(writer, timeOf(exchange, exchange.endMark))
  writeSeverity(writer, severityOf(exchange))
  writeBody(writer, accessWords(exchange))
  for (const { keyField, read } of rows) {
    const value = read(exchange)
    if (value !== undefined) writer.attribute(RECORD_ATTRIBUTE, keyField, value)
  }
  writeAnyAttribute(writer, RECORD_ATTRIBUTE, 'duration', secondsOf(exchange.endMark - exchange.startMark))
  for (const { key, value } of addedAttributesBy(semconv, exchange.attributes))
    writer.attribute(RECORD_ATTRIBUTE, seenKeyField(key), value)
  writeEnd(writer, exchange, ACCESS)
  writer.close(start)
}

/** Appends an event that befell an exchange, joined to its span. Its time is that of the exchange's end. */
export function writeEvent(
  writer: ProtobufWriter,
  exchange: Exchange,
  { name, severity, words }: { readonly name: string; readonly severity: Severity; readonly words: string },
  attributes: Iterable<readonly [key: string, value: AnyValue]>,
): void {
  writer.tag(LOG_RECORDS, BYTES)
  const start = writer.open()
  writeTimes(writer, timeOf(exchange, exchange.endMark))
  writeSeverity(writer, severity)
  writeBody(writer, words)
  for (const [key, value] of attributes) writeAnyAttribute(writer, RECORD_ATTRIBUTE, key, value)
  writeEnd(writer, exchange, name)
  writer.close(start)
}

/** What joins the record to the span of the exchange, and the name of the event. */
function writeEnd(writer: ProtobufWriter, { context }: Exchange, eventName: string): void {
  if (context) {
    writer.tag(RECORD.flags, FIXED32)
    writer.fixed32(traceFlagsOf(context))
    writeIds(writer, context.traceId, context.spanId)
  }
  writer.tag(RECORD.eventName, BYTES)
  writer.text(eventName)
}

/** A line of the program's own log. */
export interface LogLine {
  /** Unix milliseconds. */
  readonly time: number
  readonly severity: Severity
  readonly message: string
  /** `trace_id` and `span_id` among them join the record to a span; the others become attributes. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** Appends a line of the program's own log. */
export function writeLogLine(writer: ProtobufWriter, { time, severity, message, fields }: LogLine): void {
  writer.tag(LOG_RECORDS, BYTES)
  const start = writer.open()
  writeTimes(writer, time)
  writeSeverity(writer, severity)
  writeBody(writer, message)
  const { trace_id: traceId, span_id: spanId, ...rest } = fields
  for (const [key, value] of Object.entries(rest)) {
    if (value !== undefined) writer.attribute(RECORD_ATTRIBUTE, keyFieldOf(key), attributeOf(value))
  }
  if (typeof traceId === 'string' && typeof spanId === 'string') writeIds(writer, traceId, spanId)
  writer.close(start)
}

function attributeOf(value: unknown): string | number | boolean {
  const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  return isScalar ? value : JSON.stringify(value)
}

/** Whoever is to blame, a client's own leaving is no error. */
export function severityOf({ fault, upstreamStatus }: Exchange): Severity {
  const isError = fault === undefined || faultOf(fault).cancelled ? upstreamStatus >= 500 : true
  return isError ? 'error' : 'info'
}

function writeTimes(writer: ProtobufWriter, time: number): void {
  writer.tag(RECORD.time, FIXED64)
  writer.nanoseconds(time)
  writer.tag(RECORD.observedTime, FIXED64)
  writer.nanoseconds(time)
}

function writeSeverity(writer: ProtobufWriter, severity: Severity): void {
  writer.tag(RECORD.severityNumber, VARINT)
  writer.varint(severities[severity])
  writer.tag(RECORD.severityText, BYTES)
  writer.text(severity.toUpperCase())
}

function writeBody(writer: ProtobufWriter, text: string): void {
  const size = utf8Size(text)
  writer.tag(RECORD.body, BYTES)
  const start = writer.open()
  writer.tag(ANY_STRING, BYTES)
  writer.varint(size)
  writer.utf8(text, size)
  writer.close(start)
}

function writeIds(writer: ProtobufWriter, traceId: string, spanId: string): void {
  writer.tag(RECORD.traceId, BYTES)
  writer.hex(traceId)
  writer.tag(RECORD.spanId, BYTES)
  writer.hex(spanId)
}
