/** Encoded entries as hooks get them: which fields they may change, and what stays as it was, byte for byte. */
import { isDeepStrictEqual } from 'node:util'
import { ProtobufReader } from '../telemetry/protobuf-reader'
import { readPair } from './any-value'
import type { EventValue } from './public'

/** An attribute as it was encoded. */
interface Encoded {
  readonly value: EventValue
  readonly bytes: Buffer
}

/** The fields of an entry. */
export class Fields {
  readonly #bytes: Buffer
  /** Those that nobody may change, tags included. */
  readonly fixed: Buffer[] = []
  readonly attributes = new Map<string, Encoded>()
  /** Those that may be changed, by their number, tags included; of several the last. */
  readonly #changeable = new Map<number, Buffer>()

  /**
   * @param bytes the content of an entry, which must not change before the last use of this
   * @param attributes the number of the field of attributes
   * @param read reads any other field, and tells whether it may be changed
   */
  constructor(bytes: Buffer, attributes: number, read: (from: ProtobufReader) => boolean) {
    this.#bytes = bytes
    const from = new ProtobufReader(bytes)
    for (let start = 0; from.next(); start = from.position) {
      if (from.field === attributes) this.#addAttribute(from, start)
      else {
        const isChangeable = read(from)
        const field = bytes.subarray(start, from.position)
        if (isChangeable) this.#changeable.set(from.field, field)
        else this.fixed.push(field)
      }
    }
  }

  #addAttribute(from: ProtobufReader, start: number): void {
    const [key, value] = readPair(from.message())
    if (value !== undefined) this.attributes.set(key, { value, bytes: this.#bytes.subarray(start, from.position) })
  }

  /** To be changed: arrays and mappings in it are new. */
  plainAttributes(): Record<string, EventValue> {
    const plain: Record<string, EventValue> = {}
    for (const [key, { value }] of this.attributes) plain[key] = value
    return plain
  }

  /** The attribute's bytes, if it still has the value. What is made of parts may have changed inside, and is read again. */
  unchanged(key: string, value: unknown): Buffer | undefined {
    const encoded = this.attributes.get(key)
    if (encoded === undefined) return undefined
    if (typeof value !== 'object') return encoded.value === value ? encoded.bytes : undefined
    const from = readerOf(encoded.bytes)
    return isDeepStrictEqual(readPair(from.message())[1], value) ? encoded.bytes : undefined
  }

  /** The bytes of a field that may be changed, tag included, if `read` still reads the value there. */
  unchangedField(field: number, read: (from: ProtobufReader) => unknown, value: unknown): Buffer | undefined {
    const bytes = this.#changeable.get(field)
    return bytes !== undefined && isDeepStrictEqual(read(readerOf(bytes)), value) ? bytes : undefined
  }
}

/** At the one field that is there. */
function readerOf(bytes: Buffer): ProtobufReader {
  const from = new ProtobufReader(bytes)
  from.next()
  return from
}
