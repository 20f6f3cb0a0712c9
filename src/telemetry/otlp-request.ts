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

/** Memory of requests comes in powers of two from this size on, so that the next one fits as well. */
const SMALLEST_MEMORY = 64 * 1024
/** Larger memory is not kept for what may never come again. Batches of the longest spans fit. */
const LARGEST_SPARE = 4 * 1024 * 1024

/**
 * Makes whole requests, each put together in one copy, in memory that is used again: fresh memory by the hundred kilobytes
 * outlives young collections while it is being sent, and brings about full ones.
 */
export class RequestMaker {
  readonly #resourceField: Buffer
  readonly #scopeField: Buffer
  readonly #schemaUrl = message(3, Buffer.from(SCHEMA_URL))
  readonly #spares: ArrayBuffer[] = []

  /** @param resource, scope as `resourceBytes` and `scopeBytes` make them */
  constructor(resource: Buffer, scope: Buffer) {
    this.#resourceField = message(1, resource)
    this.#scopeField = message(1, scope)
  }

  /** A request with these entries. It stays as it is until it is given to `reuse`. */
  make(entries: Buffer): Buffer {
    const inScopeSize = this.#scopeField.length + entries.length + this.#schemaUrl.length
    const scopeHead = headOf(2, inScopeSize)
    const inResourceSize = this.#resourceField.length + scopeHead.length + inScopeSize + this.#schemaUrl.length
    const head = headOf(1, inResourceSize)
    const request = this.#memoryOf(head.length + inResourceSize)
    let at = 0
    for (const part of [head, this.#resourceField, scopeHead, this.#scopeField, entries, this.#schemaUrl]) {
      request.set(part, at)
      at += part.length
    }
    request.set(this.#schemaUrl, at)
    return request
  }

  /** The request has been sent, or never will be. */
  reuse({ buffer }: Buffer): void {
    if (buffer.byteLength <= LARGEST_SPARE) this.#spares.push(buffer as ArrayBuffer)
  }

  #memoryOf(size: number): Buffer {
    let memory = this.#spares.pop()
    if (memory === undefined || memory.byteLength < size) {
      memory = new ArrayBuffer(Math.max(SMALLEST_MEMORY, 2 ** Math.ceil(Math.log2(size))))
    }
    return Buffer.from(memory, 0, size)
  }
}

/** The key of an attribute with its own tag and length, as `ProtobufWriter.attribute` takes it. */
export function keyFieldOf(key: string): Buffer {
  const writer = new ProtobufWriter()
  writer.tag(1, BYTES)
  writer.text(key)
  return writer.take()
}

/** Rows of attributes with their constant bytes. */
export function keyFieldsOf<Read>(
  rows: readonly (readonly [key: string, read: Read])[],
): readonly { readonly key: string; readonly keyField: Buffer; readonly read: Read }[] {
  return rows.map(([key, read]) => ({ key, keyField: keyFieldOf(key), read }))
}

/** Keys that are remembered: those of metrics, those that the settings give, and names of headers. */
const REMEMBERED = 1000
const seen = new Map<string, Buffer>()

/** As `keyFieldOf`, for a key that is likely to come again. */
export function seenKeyField(key: string): Buffer {
  const known = seen.get(key)
  if (known) return known
  if (seen.size >= REMEMBERED) seen.clear()
  const keyField = keyFieldOf(key)
  seen.set(key, keyField)
  return keyField
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
