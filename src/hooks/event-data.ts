/** Log records of exchanges as plain data (logs.proto, `LogRecord`), and back. */
import { writeAnyAttribute, writeAnyValue } from '../telemetry/any-value'
import { BYTES, type ProtobufWriter, VARINT } from '../telemetry/protobuf'
import type { ProtobufReader } from '../telemetry/protobuf-reader'
import { readAny } from './any-value'
import { cleanAny, cleanText, isKey, MOST, Room } from './clean'
import { Fields } from './fields'
import type { EventData } from './public'

const LOG_RECORDS = 2
const RECORD = { time: 1, severityNumber: 2, severityText: 3, body: 5, attributes: 6, traceId: 9, spanId: 10, name: 12 }
const RECORD_ATTRIBUTE = (RECORD.attributes << 3) | BYTES
/** OpenTelemetry's severity numbers go from 1 to 24. */
const MOST_SEVERE = 24

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

export interface ReadEvent {
  readonly data: EventData
  readonly fields: Fields
}

/** @param bytes the content of an entry of `ScopeLogs.log_records`; they must not change before the last use of what is returned */
export function readEvent(bytes: Buffer): ReadEvent {
  const data: Mutable<EventData> = {
    name: '',
    time: 0,
    traceId: undefined,
    spanId: undefined,
    severityNumber: 0,
    severityText: '',
    body: undefined,
    attributes: {},
  }
  const fields = new Fields(bytes, RECORD.attributes, (from) => {
    const isChangeable = readChangeable(from, data)
    if (!isChangeable) readFixed(from, data)
    return isChangeable
  })
  data.attributes = fields.plainAttributes()
  return { data, fields }
}

function readChangeable(from: ProtobufReader, data: Mutable<EventData>): boolean {
  if (from.field === RECORD.severityNumber) data.severityNumber = Number(from.varint())
  else if (from.field === RECORD.severityText) data.severityText = from.text('utf8')
  else if (from.field === RECORD.body) data.body = readAny(from.message())
  else return false
  return true
}

function readFixed(from: ProtobufReader, data: Mutable<EventData>): void {
  if (from.field === RECORD.name) data.name = from.text('utf8')
  else if (from.field === RECORD.time) data.time = Number(from.fixed64()) / 1e6
  else if (from.field === RECORD.traceId) data.traceId = from.text('hex')
  else if (from.field === RECORD.spanId) data.spanId = from.text('hex')
  else from.pass()
}

/** Appends the record as `data` says it, as one entry. @throws where `data` is no event */
export function writeEventData(writer: ProtobufWriter, data: EventData, fields: Fields): void {
  const room = new Room()
  writer.tag(LOG_RECORDS, BYTES)
  const start = writer.open()
  for (const bytes of fields.fixed) writer.raw(bytes)
  const { severityNumber, severityText, body } = data
  if (Number.isInteger(severityNumber) && severityNumber > 0 && severityNumber <= MOST_SEVERE) {
    writer.tag(RECORD.severityNumber, VARINT)
    writer.varint(severityNumber)
  }
  writer.tag(RECORD.severityText, BYTES)
  writer.text(cleanText(severityText))
  writeBody(writer, body, fields, room)
  let count = 0
  for (const [key, given] of Object.entries(data.attributes)) {
    if (++count > fields.attributes.size + MOST) break
    const bytes = fields.unchanged(key, given)
    if (bytes) writer.raw(bytes)
    else {
      const value = isKey(key) ? cleanAny(given, room) : undefined
      if (value !== undefined) writeAnyAttribute(writer, RECORD_ATTRIBUTE, key, value)
    }
  }
  writer.close(start)
}

function writeBody(writer: ProtobufWriter, body: EventData['body'], fields: Fields, room: Room): void {
  const unchanged = fields.unchangedField(RECORD.body, (from) => readAny(from.message()), body)
  if (unchanged) return writer.raw(unchanged)
  const clean = cleanAny(body, room)
  if (clean === undefined) return
  writer.tag(RECORD.body, BYTES)
  writeAnyValue(writer, clean)
}
