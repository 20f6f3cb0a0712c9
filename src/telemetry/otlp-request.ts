/**
 * Export requests of OTLP around entries that are encoded already. The messages of all signals have the same shape and field
 * numbers: `Export…ServiceRequest.resource_… = 1`, in it resource 1, scope 2 and schema URL 3, in the scope's scope 1, entries
 * 2 and schema URL 3 (opentelemetry-proto 1.x).
 */
import { BYTES, ProtobufWriter } from './protobuf'

/** The convention that attributes follow. */
export const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.44.0'

const RESOURCE_ATTRIBUTE = (1 << 3) | BYTES

/** Resource attributes as one `Resource` message, without its tag. */
export function resourceBytes(attributes: Readonly<Record<string, string>>): Buffer {
  const writer = new ProtobufWriter()
  for (const [key, value] of Object.entries(attributes)) writer.attribute(RESOURCE_ATTRIBUTE, keyFieldOf(key), value)
  return writer.take()
}

/** Name and version as one `InstrumentationScope` message, without its tag. */
export function scopeBytes(name: string, version: string): Buffer {
  const writer = new ProtobufWriter()
  writer.tag(1, BYTES)
  writer.text(name)
  writer.tag(2, BYTES)
  writer.text(version)
  return writer.take()
}

/** A whole request, put together in one copy: at some hundred kilobytes a batch, each further one is felt. */
export function exportRequest(resource: Buffer, scope: Buffer, entries: Buffer): Buffer {
  const schemaUrl = message(3, Buffer.from(SCHEMA_URL))
  const resourceField = message(1, resource)
  const scopeField = message(1, scope)
  const inScopeSize = scopeField.length + entries.length + schemaUrl.length
  const scopeHead = headOf(2, inScopeSize)
  const inResourceSize = resourceField.length + scopeHead.length + inScopeSize + schemaUrl.length
  const head = headOf(1, inResourceSize)
  return Buffer.concat([head, resourceField, scopeHead, scopeField, entries, schemaUrl, schemaUrl])
}

/** The key of an attribute with its own tag and length, as `ProtobufWriter.attribute` takes it. */
export function keyFieldOf(key: string): Buffer {
  const writer = new ProtobufWriter()
  writer.tag(1, BYTES)
  writer.text(key)
  return writer.take()
}

/** Tag and length of a field that is text, bytes or a message. */
function headOf(number: number, size: number): Buffer {
  const writer = new ProtobufWriter()
  writer.tag(number, BYTES)
  writer.varint(size)
  return writer.take()
}

function message(number: number, content: Buffer): Buffer {
  return Buffer.concat([headOf(number, content.length), content])
}
