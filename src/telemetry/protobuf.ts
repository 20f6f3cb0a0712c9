/** Protocol Buffers, as far as OTLP needs them. */
import type { AttributeValue } from '../model/attribute'
import { ByteWriter } from '../model/byte-writer'

/** Wire types. */
export const VARINT = 0
export const FIXED64 = 1
export const BYTES = 2
export const FIXED32 = 5

/** Tags, number and wire type, of `KeyValue.value` and of the values that an `AnyValue` may have. */
export const KEY_VALUE_VALUE = 0x12
const ANY_STRING = 0x0a
const ANY_BOOL = 0x10
const ANY_INT = 0x18
export const ANY_DOUBLE = 0x21
export const ANY_ARRAY = 0x2a
/** Tag of `ArrayValue.values`. */
export const ARRAY_VALUES = 0x0a

export class ProtobufWriter extends ByteWriter {
  /** A field's number and wire type. Numbers up to 15 take one byte. */
  tag(field: number, wireType: number): void {
    this.varint((field << 3) | wireType)
  }

  /** A non-negative integer up to 2^53. */
  varint(value: number): void {
    if (value <= 0x7f) return this.byte(value)
    this.reserve(8)
    let rest = value
    while (rest > 0x7f) {
      this.bytes[this.at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.bytes[this.at++] = rest
  }

  fixed32(value: number): void {
    this.reserve(4)
    this.at = this.bytes.writeUInt32LE(value, this.at)
  }

  /** A whole number as 64 bits, signed or not: those of both are the same. */
  fixed64(value: number): void {
    this.reserve(8)
    this.at = this.bytes.writeBigInt64LE(BigInt(value), this.at)
  }

  double(value: number): void {
    this.reserve(8)
    this.at = this.bytes.writeDoubleLE(value, this.at)
  }

  /** Unix milliseconds, with fractions, as nanoseconds in 64 bits. Exact to the microsecond. */
  nanoseconds(milliseconds: number): void {
    this.reserve(8)
    const micros = Math.round(milliseconds * 1000)
    // micros × 1000 does not fit a double: the halves are multiplied apart.
    const low = (micros % 0x1_0000_0000) * 1000
    const high = Math.floor(micros / 0x1_0000_0000) * 1000 + Math.floor(low / 0x1_0000_0000)
    this.at = this.bytes.writeUInt32LE(low % 0x1_0000_0000, this.at)
    this.at = this.bytes.writeUInt32LE(high, this.at)
  }

  /** Hexadecimal digits as bytes, with their length. */
  hex(digits: string): void {
    const { length } = digits
    this.varint(length >> 1)
    this.reserve(length)
    const { bytes } = this
    let { at } = this
    for (let i = 0; i < length; i += 2) {
      bytes[at++] = ((nibbles[digits.charCodeAt(i)] as number) << 4) | (nibbles[digits.charCodeAt(i + 1)] as number)
    }
    this.at = at
  }

  /** Text as UTF-8, with its length. */
  text(text: string): void {
    const size = utf8Size(text)
    this.varint(size)
    this.utf8(text, size)
  }

  /**
   * An entry of a map of attributes: a KeyValue as field `tag` of the message around it. All lengths are known before, so
   * nothing is moved. A whole number that is not negative is an int, any other number a double.
   * @param tag number and wire type of the field, in one byte
   * @param keyField the key with its own tag and length
   */
  attribute(tag: number, keyField: Buffer, value: AttributeValue): void {
    if (typeof value === 'object') this.#arrayAttribute(tag, keyField, value)
    else if (typeof value === 'string') {
      const size = utf8Size(value)
      this.#attributeHead(tag, keyField, 1 + varintSize(size) + size)
      this.byte(ANY_STRING)
      this.varint(size)
      this.utf8(value, size)
    } else if (typeof value === 'boolean') {
      this.#attributeHead(tag, keyField, 2)
      this.byte(ANY_BOOL)
      this.byte(value ? 1 : 0)
    } else if (value >= 0 && Number.isSafeInteger(value)) {
      this.#attributeHead(tag, keyField, 1 + varintSize(value))
      this.byte(ANY_INT)
      this.varint(value)
    } else {
      this.#attributeHead(tag, keyField, 9)
      this.byte(ANY_DOUBLE)
      this.double(value)
    }
  }

  /** Lengths of arrays are not known before: what is written is moved where they come out long. */
  #arrayAttribute(tag: number, keyField: Buffer, values: readonly (string | number | boolean)[]): void {
    this.byte(tag)
    const entry = this.open()
    this.raw(keyField)
    this.byte(KEY_VALUE_VALUE)
    const any = this.open()
    this.byte(ANY_ARRAY)
    const array = this.open()
    for (const value of values) {
      this.byte(ARRAY_VALUES)
      const start = this.open()
      this.scalarValue(value)
      this.close(start)
    }
    this.close(array)
    this.close(any)
    this.close(entry)
  }

  /** The content of an `AnyValue`. */
  scalarValue(value: string | number | boolean): void {
    if (typeof value === 'string') {
      this.byte(ANY_STRING)
      this.text(value)
    } else if (typeof value === 'boolean') {
      this.byte(ANY_BOOL)
      this.byte(value ? 1 : 0)
    } else if (value >= 0 && Number.isSafeInteger(value)) {
      this.byte(ANY_INT)
      this.varint(value)
    } else {
      this.byte(ANY_DOUBLE)
      this.double(value)
    }
  }

  /** What stands before the value of an attribute. @param size bytes of the `AnyValue` */
  #attributeHead(tag: number, keyField: Buffer, size: number): void {
    this.byte(tag)
    this.varint(keyField.length + 1 + varintSize(size) + size)
    this.raw(keyField)
    this.byte(KEY_VALUE_VALUE)
    this.varint(size)
  }

  /** Opens a message of not yet known length. @returns what `close` wants */
  open(): number {
    // Two bytes hold lengths up to 16 383, which nearly all messages stay below.
    this.reserve(2)
    this.at += 2
    return this.at
  }

  /** Closes the message that `open` opened. */
  close(start: number): void {
    const size = this.at - start
    if (size > 0x3fff) return this.#closeLong(start, size)
    // A varint may have a leading group of zeros: two bytes hold short lengths as well.
    this.bytes[start - 2] = (size & 0x7f) | 0x80
    this.bytes[start - 1] = size >> 7
  }

  #closeLong(start: number, size: number): void {
    const message = Buffer.from(this.bytes.subarray(start, this.at))
    this.at = start - 2
    this.varint(size)
    this.raw(message)
  }
}

/** Bytes that text takes in UTF-8. */
export function utf8Size(text: string): number {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return Buffer.byteLength(text)
  }
  return text.length
}

function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) size++
  return size
}

/** The value of each hexadecimal digit, by its character code. */
export const nibbles = Uint8Array.from(
  { length: 128 },
  (_, code) => Number.parseInt(String.fromCharCode(code), 16) || 0,
)
