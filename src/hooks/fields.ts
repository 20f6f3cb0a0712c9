/** Encoded entries as hooks get them: which fields they may change, and what stays as it was, byte for byte. */
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
      else if (!read(from)) this.fixed.push(bytes.subarray(start, from.position))
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

  /** The attribute's bytes, if it still has the value. What is made of parts may have changed inside. */
  unchanged(key: string, value: unknown): Buffer | undefined {
    const encoded = this.attributes.get(key)
    return encoded !== undefined && typeof value !== 'object' && encoded.value === value ? encoded.bytes : undefined
  }
}
