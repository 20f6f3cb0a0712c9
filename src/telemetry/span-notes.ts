/** What the user's code has a span say, as fields of OTLP's `Span` (trace.proto, 1.x). */
import type { Attribute } from '../model/attribute'
import {
  type SpanEvent,
  type SpanExtras,
  type SpanLink,
  type SpanNotes,
  type SpanStatus,
  statusCodes,
} from '../model/span-extras'
import { seenKeyField } from './otlp-request'
import { BYTES, FIXED64, type ProtobufWriter, VARINT } from './protobuf'

const SPAN = { droppedAttributes: 10, events: 11, droppedEvents: 12, links: 13, droppedLinks: 14, status: 15 }
const SPAN_ATTRIBUTE = (9 << 3) | BYTES
const EVENT = { time: 1, name: 2 }
const EVENT_ATTRIBUTE = (3 << 3) | BYTES
const LINK = { traceId: 1, spanId: 2 }
const LINK_ATTRIBUTE = (4 << 3) | BYTES
const STATUS = { message: 2, code: 3 }

/** Appends what is on the exchange's own span, but for its name. */
export function writeExtras(writer: ProtobufWriter, { notes, droppedChildren }: SpanExtras): void {
  writeNotes(writer, notes)
  // OTLP has no place for it.
  if (droppedChildren > 0) writer.attribute(SPAN_ATTRIBUTE, seenKeyField('outspan.dropped_children'), droppedChildren)
}

/** Appends all of them but the name. */
export function writeNotes(writer: ProtobufWriter, notes: SpanNotes): void {
  for (const [key, value] of notes.attributes) writer.attribute(SPAN_ATTRIBUTE, seenKeyField(key), value)
  for (const event of notes.events) writeEvent(writer, event)
  for (const link of notes.links) writeLink(writer, link)
  if (notes.status) writeStatus(writer, notes.status)
  writeCount(writer, SPAN.droppedAttributes, notes.droppedAttributes)
  writeCount(writer, SPAN.droppedEvents, notes.droppedEvents)
  writeCount(writer, SPAN.droppedLinks, notes.droppedLinks)
}

/** Appends an entry of `Span.events`. */
export function writeEvent(writer: ProtobufWriter, { name, time, attributes }: SpanEvent): void {
  writer.tag(SPAN.events, BYTES)
  const start = writer.open()
  writer.tag(EVENT.time, FIXED64)
  writer.nanoseconds(time)
  writer.tag(EVENT.name, BYTES)
  writer.text(name)
  writeAttributes(writer, EVENT_ATTRIBUTE, attributes)
  writer.close(start)
}

/** Appends an entry of `Span.links`. */
export function writeLink(writer: ProtobufWriter, { traceId, spanId, attributes }: SpanLink): void {
  writer.tag(SPAN.links, BYTES)
  const start = writer.open()
  writer.tag(LINK.traceId, BYTES)
  writer.hex(traceId)
  writer.tag(LINK.spanId, BYTES)
  writer.hex(spanId)
  writeAttributes(writer, LINK_ATTRIBUTE, attributes)
  writer.close(start)
}

/** Appends `Span.status`. */
export function writeStatus(writer: ProtobufWriter, { code, message }: SpanStatus): void {
  writer.tag(SPAN.status, BYTES)
  const start = writer.open()
  if (message !== '') {
    writer.tag(STATUS.message, BYTES)
    writer.text(message)
  }
  writer.tag(STATUS.code, VARINT)
  writer.varint(statusCodes[code])
  writer.close(start)
}

function writeAttributes(writer: ProtobufWriter, tag: number, attributes: readonly Attribute[]): void {
  for (const { key, value } of attributes) writer.attribute(tag, seenKeyField(key), value)
}

function writeCount(writer: ProtobufWriter, field: number, count: number): void {
  if (count === 0) return
  writer.tag(field, VARINT)
  writer.varint(count)
}
