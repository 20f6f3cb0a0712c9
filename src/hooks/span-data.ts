/** Finished spans as plain data (trace.proto, `Span`), and back. */
import { spanKinds } from '../model/attribute'
import { type StatusName, statusCodes } from '../model/span-extras'
import { seenKeyField } from '../telemetry/otlp-request'
import { BYTES, type ProtobufWriter, VARINT } from '../telemetry/protobuf'
import type { ProtobufReader } from '../telemetry/protobuf-reader'
import { writeEvent, writeLink, writeStatus } from '../telemetry/span-notes'
import { readPair } from './any-value'
import {
  cleanAttributes,
  cleanText,
  cleanTime,
  cleanValue,
  isHex,
  isKey,
  MOST,
  Room,
  SPAN_ID_DIGITS,
  sizeOf,
  TRACE_ID_DIGITS,
} from './clean'
import { Fields } from './fields'
import type { SpanData, SpanKindName, SpanValue } from './public'

const SCOPE_SPANS_SPANS = 2
const SPAN = { traceId: 1, spanId: 2, traceState: 3, parent: 4, name: 5, kind: 6, start: 7, end: 8, status: 15 }
const ATTRIBUTES = 9
const SPAN_ATTRIBUTE = (ATTRIBUTES << 3) | BYTES
const EVENTS = 11
const LINKS = 13
const EVENT = { time: 1, name: 2, attributes: 3 }
const LINK = { traceId: 1, spanId: 2, attributes: 4 }
const STATUS = { message: 2, code: 3 }

const kindNames = new Map<number, SpanKindName>(
  Object.entries(spanKinds).map(([name, kind]) => [kind, name as SpanKindName]),
)
const statusNames = new Map<number, StatusName>(
  Object.entries(statusCodes).map(([name, code]) => [code, name as StatusName]),
)

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }
type Attributes = Record<string, SpanValue>

export interface ReadSpan {
  readonly data: SpanData
  readonly fields: Fields
}

/** @param bytes the content of an entry of `ScopeSpans.spans`; they must not change before the last use of what is returned */
export function readSpan(bytes: Buffer): ReadSpan {
  const data: Mutable<SpanData> = {
    traceId: '',
    spanId: '',
    parentSpanId: undefined,
    traceState: undefined,
    startTime: 0,
    endTime: 0,
    name: '',
    kind: 'internal',
    attributes: {},
    status: { code: 'unset' },
    events: [],
    links: [],
  }
  const fields = new Fields(bytes, ATTRIBUTES, (from) => {
    const isChangeable = readChangeable(from, data)
    if (!isChangeable) readFixed(from, data)
    return isChangeable
  })
  data.attributes = fields.plainAttributes() as Attributes
  return { data, fields }
}

/** @returns whether the field is one that a hook may change */
function readChangeable(from: ProtobufReader, data: Mutable<SpanData>): boolean {
  if (from.field === SPAN.name) data.name = from.text('utf8')
  else if (from.field === SPAN.kind) data.kind = kindNames.get(Number(from.varint())) ?? 'internal'
  else if (from.field === SPAN.status) data.status = readStatus(from.message())
  else if (from.field === EVENTS) data.events.push(readEvent(from.message()))
  else if (from.field === LINKS) data.links.push(readLink(from.message()))
  else return false
  return true
}

function readFixed(from: ProtobufReader, data: Mutable<SpanData>): void {
  if (from.field === SPAN.traceId) data.traceId = from.text('hex')
  else if (from.field === SPAN.spanId) data.spanId = from.text('hex')
  else if (from.field === SPAN.parent) data.parentSpanId = from.text('hex')
  else if (from.field === SPAN.traceState) data.traceState = from.text('utf8')
  else if (from.field === SPAN.start) data.startTime = Number(from.fixed64()) / 1e6
  else if (from.field === SPAN.end) data.endTime = Number(from.fixed64()) / 1e6
  else from.pass()
}

function readStatus(from: ProtobufReader): SpanData['status'] {
  const status: SpanData['status'] = { code: 'unset' }
  while (from.next()) {
    if (from.field === STATUS.code) status.code = statusNames.get(Number(from.varint())) ?? 'unset'
    else if (from.field === STATUS.message) status.message = from.text('utf8')
    else from.pass()
  }
  return status
}

function readEvent(from: ProtobufReader): SpanData['events'][number] {
  const event = { name: '', time: 0, attributes: {} as Attributes }
  while (from.next()) {
    if (from.field === EVENT.name) event.name = from.text('utf8')
    else if (from.field === EVENT.time) event.time = Number(from.fixed64()) / 1e6
    else if (from.field === EVENT.attributes) addPair(from.message(), event.attributes)
    else from.pass()
  }
  return event
}

function readLink(from: ProtobufReader): SpanData['links'][number] {
  const link = { traceId: '', spanId: '', attributes: {} as Attributes }
  while (from.next()) {
    if (from.field === LINK.traceId) link.traceId = from.text('hex')
    else if (from.field === LINK.spanId) link.spanId = from.text('hex')
    else if (from.field === LINK.attributes) addPair(from.message(), link.attributes)
    else from.pass()
  }
  return link
}

function addPair(from: ProtobufReader, to: Attributes): void {
  const [key, value] = readPair(from)
  if (value !== undefined) to[key] = value as SpanValue
}

/**
 * Appends the span as `data` says it, as one entry of `ScopeSpans.spans`; ids and times are as they were read.
 * @throws where `data` is no span
 */
export function writeSpanData(writer: ProtobufWriter, data: SpanData, fields: Fields): void {
  const room = new Room()
  writer.tag(SCOPE_SPANS_SPANS, BYTES)
  const start = writer.open()
  for (const bytes of fields.fixed) writer.raw(bytes)
  writer.tag(SPAN.name, BYTES)
  writer.text(cleanText(data.name))
  writer.tag(SPAN.kind, VARINT)
  writer.varint(Object.hasOwn(spanKinds, data.kind) ? spanKinds[data.kind] : spanKinds.internal)
  let count = 0
  for (const [key, given] of Object.entries(data.attributes)) {
    if (count === fields.attributes.size + MOST) break
    count++
    const bytes = fields.unchanged(key, given)
    const value = cleanValue(given)
    if (bytes) writer.raw(bytes)
    else if (value !== undefined && isKey(key) && room.take(sizeOf(value)))
      writer.attribute(SPAN_ATTRIBUTE, seenKeyField(key), value)
  }
  for (const { name, time, attributes } of data.events.slice(0, MOST)) {
    writeEvent(writer, {
      name: cleanText(name),
      time: cleanTime(time) ?? data.endTime,
      attributes: cleanAttributes(attributes, room),
    })
  }
  for (const { traceId, spanId, attributes } of data.links.slice(0, MOST)) {
    if (isHex(traceId, TRACE_ID_DIGITS) && isHex(spanId, SPAN_ID_DIGITS))
      writeLink(writer, { traceId, spanId, attributes: cleanAttributes(attributes, room) })
  }
  const { code, message } = data.status
  if (Object.hasOwn(statusCodes, code) && code !== 'unset')
    writeStatus(writer, { code, message: message === undefined ? '' : cleanText(message) })
  writer.close(start)
}
