/**
 * Text and numbers appended to one growing buffer, as bytes. Records that are written for every exchange are written this
 * way: strings put together and encoded later would be garbage by the megabyte.
 */

const FIRST_SIZE = 1024
/** Up to this length text is copied byte by byte: a call into the runtime costs more. */
const SHORT = 24
const ZERO = 0x30
const QUOTE = 0x22
/** Memory from this size on goes with what was written into it. */
const LARGE = 64 * 1024
/** Larger memory is not kept for what may never come again. Batches of the longest spans fit. */
const LARGEST_SPARE = 4 * 1024 * 1024

export class ByteWriter {
  protected bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_SIZE)
  protected at = 0
  /** The memory of what was taken uncopied. */
  readonly #memoryOf = new WeakMap<Buffer, Buffer>()
  #spare: Buffer | undefined

  /** Bytes written so far. */
  get size(): number {
    return this.at
  }

  /**
   * What was written, to keep; the writer starts anew. Where it fills most of the writer's memory it goes with that memory,
   * uncopied, and `reuse` gives it back: fresh memory by the hundred kilobytes costs page faults and collections.
   */
  take(): Buffer {
    const { bytes, at } = this
    const taken = bytes.subarray(0, at)
    this.at = 0
    if (bytes.length < LARGE || at * 2 < bytes.length) return Buffer.from(taken)
    this.#memoryOf.set(taken, bytes)
    this.bytes = this.#spare ?? Buffer.allocUnsafeSlow(bytes.length)
    this.#spare = undefined
    return taken
  }

  /** What was taken is done with: its memory may be written again. */
  reuse(taken: Buffer): void {
    const memory = this.#memoryOf.get(taken)
    if (!memory) return
    this.#memoryOf.delete(taken)
    if (memory.length <= LARGEST_SPARE) this.#spare = memory
  }

  /** Forgets what was written behind `size`. */
  rewind(size: number): void {
    this.at = size
  }

  /** Takes the quotes off what was written behind `size`, where it stands in quotes. */
  unquote(size: number): void {
    const { bytes, at } = this
    if (bytes[size] !== QUOTE) return
    bytes.copyWithin(size, size + 1, at - 1)
    this.at = at - 2
  }

  byte(value: number): void {
    this.reserve(1)
    this.bytes[this.at++] = value
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    const { length } = bytes
    this.reserve(length)
    const { bytes: to, at } = this
    if (length > SHORT * 2) to.set(bytes, at)
    else for (let i = 0; i < length; i++) to[at + i] = bytes[i] as number
    this.at = at + length
  }

  /** Text of which it is known that it is ASCII. */
  ascii(text: string): void {
    const { length } = text
    this.reserve(length)
    const { bytes: to, at } = this
    if (length > SHORT) to.write(text, at, 'latin1')
    else for (let i = 0; i < length; i++) to[at + i] = text.charCodeAt(i)
    this.at = at + length
  }

  /** Text as UTF-8. @param size the bytes that it takes */
  utf8(text: string, size: number): void {
    if (size === text.length) return this.ascii(text)
    this.reserve(size)
    this.bytes.write(text, this.at, 'utf8')
    this.at += size
  }

  /** A whole number that is not negative, in decimal digits, at least `width` of them. */
  decimal(value: number, width = 1): void {
    let digits = 1
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++
    if (digits < width) digits = width
    this.reserve(digits)
    let rest = value
    for (let i = this.at + digits - 1; i >= this.at; i--) {
      const next = Math.floor(rest / 10)
      this.bytes[i] = ZERO + rest - next * 10
      rest = next
    }
    this.at += digits
  }

  protected reserve(size: number): void {
    if (this.at + size <= this.bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + size))
    this.bytes.copy(grown, 0, 0, this.at)
    this.bytes = grown
  }
}
