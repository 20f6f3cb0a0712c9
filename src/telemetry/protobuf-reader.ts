/** Protocol Buffers read: fields one after the other. What is malformed throws. */
import { BYTES, FIXED32, FIXED64, VARINT } from './protobuf'

/** Messages within messages at most, the limit of other readers: values of attributes may nest. */
const DEEPEST = 100
/** The largest double below which all integers are exact is 2^53: seven groups of seven bits stay below. */
const SAFE_GROUPS = 7
const MOST_GROUPS = 10

export class ProtobufReader {
  readonly #bytes: Buffer
  readonly #end: number
  readonly #depth: number
  #at: number
  /** Number and wire type of the field that `next` came to. */
  field = 0
  wireType = 0

  constructor(bytes: Buffer, start: number = 0, end: number = bytes.length, depth: number = 0) {
    if (depth > DEEPEST) throw new Error('malformed protobuf: messages nest too deep')
    this.#bytes = bytes
    this.#at = start
    this.#end = end
    this.#depth = depth
  }

  /** Whether there is more to read. */
  get hasMore(): boolean {
    return this.#at < this.#end
  }

  /** Where it stands in the bytes that it was given. */
  get position(): number {
    return this.#at
  }

  /** Comes to the value of the next field. @returns false at the end */
  next(): boolean {
    if (!this.hasMore) return false
    const tag = Number(this.varint())
    this.field = Math.floor(tag / 8)
    this.wireType = tag % 8
    if (this.field === 0) throw new Error('malformed protobuf: a field has the number 0')
    return true
  }

  /** An integer, as a number when it is short and a bigint of 64 bits when it is not. */
  varint(): number | bigint {
    const start = this.#at
    let value = 0
    for (let groups = 0, factor = 1; groups < SAFE_GROUPS; groups++, factor *= 0x80) {
      const byte = this.#byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
    this.#at = start
    return this.#longVarint()
  }

  fixed32(): number {
    return this.#bytes.readUInt32LE(this.#skip(4))
  }

  fixed64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#skip(8))
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#skip(8))
  }

  /** A field of bytes in the spelling that `encoding` says. */
  text(encoding: 'utf8' | 'hex' | 'base64'): string {
    const length = Number(this.varint())
    const from = this.#skip(length)
    return this.#bytes.toString(encoding, from, from + length)
  }

  /** A field of bytes as it is: a view. */
  raw(): Buffer {
    const length = Number(this.varint())
    const from = this.#skip(length)
    return this.#bytes.subarray(from, from + length)
  }

  /** A field of bytes, to read its content. */
  message(): ProtobufReader {
    const length = Number(this.varint())
    const from = this.#skip(length)
    return new ProtobufReader(this.#bytes, from, from + length, this.#depth + 1)
  }

  /** Passes over the value of a field. */
  pass(): void {
    if (this.wireType === VARINT) this.varint()
    else if (this.wireType === FIXED64) this.#skip(8)
    else if (this.wireType === BYTES) this.#skip(Number(this.varint()))
    else if (this.wireType === FIXED32) this.#skip(4)
    else throw new Error(`malformed protobuf: a field has the wire type ${this.wireType}`)
  }

  #longVarint(): bigint {
    let value = 0n
    for (let groups = 0; groups < MOST_GROUPS; groups++) {
      const byte = this.#byte()
      value |= BigInt(byte & 0x7f) << BigInt(groups * 7)
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw new Error('malformed protobuf: an integer has no end')
  }

  #byte(): number {
    return this.#bytes[this.#skip(1)] as number
  }

  /** @returns where the bytes begin that were passed over */
  #skip(size: number): number {
    const from = this.#at
    if (size > this.#end - from) throw new Error('malformed protobuf: it ends within a field')
    this.#at = from + size
    return from
  }
}
