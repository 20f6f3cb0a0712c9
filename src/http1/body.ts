/**
 * Bodies: where one ends among the bytes of a connection. A scan says how many of the bytes at hand belong to the body;
 * the bytes themselves travel on untouched, chunk sizes and trailers included, so nothing is decoded only to be encoded
 * again. What was scanned has been checked: a malformed chunk ends the exchange before it is forwarded.
 */
import type { Framing } from '../http/framing'
import { COLON, CR, classOf, HEX, LF, TOKEN, VALUE } from './characters'

/** How far a body has come. */
export interface BodyScan {
  /**
   * Looks at `bytes[start..)`.
   * @returns the index behind the last byte that belongs to this body, or -1 when the body is malformed
   */
  scan(bytes: Buffer, start: number): number
  /** Whether the last byte of the body has been seen. */
  readonly done: boolean
  /** Whether the end of the connection is the end of the body. */
  readonly untilClose: boolean
  /** Content bytes so far: the body without chunk sizes, extensions and trailers. */
  readonly contentSize: number
}

/** A chunk's data among scanned bytes, for receivers that don't understand chunks. */
export type ContentSink = (bytes: Buffer, start: number, end: number) => void

/** Starts the scan of a body. `onContent` gets the content of a chunked body without its framing. */
export function scanBody(framing: Framing, onContent?: ContentSink): BodyScan {
  if (framing === 0) return noBody
  if (framing === 'chunked') return new ChunkedScan(onContent)
  return new LengthScan(framing === 'until_close' ? Number.POSITIVE_INFINITY : framing)
}

const noBody: BodyScan = { scan: (_bytes, start) => start, done: true, untilClose: false, contentSize: 0 }

class LengthScan implements BodyScan {
  readonly #length: number
  contentSize = 0

  constructor(length: number) {
    this.#length = length
  }

  get done(): boolean {
    return this.contentSize === this.#length
  }

  get untilClose(): boolean {
    return this.#length === Number.POSITIVE_INFINITY
  }

  scan(bytes: Buffer, start: number): number {
    const end = Math.min(bytes.length, start + this.#length - this.contentSize)
    this.contentSize += end - start
    return end
  }
}

/** Where in the grammar of a chunked body (RFC 9112 §7.1) the next byte stands. */
const Place = {
  size: 0,
  sizeEnd: 1,
  extensionStart: 2,
  extensionName: 3,
  extensionEquals: 4,
  extensionValue: 5,
  quoted: 6,
  quotedPair: 7,
  quotedEnd: 8,
  data: 9,
  dataCr: 10,
  dataLf: 11,
  trailerLine: 12,
  trailerName: 13,
  trailerValue: 14,
  trailerLf: 15,
  lastLf: 16,
  done: 17,
} as const
type Place = (typeof Place)[keyof typeof Place]

const SEMICOLON = 0x3b
const EQUALS = 0x3d
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** 2^52: sizes stay exact integers. */
const MAX_SIZE_DIGITS = 13
/** Extensions are ignored by everybody and so are a place to hide a flood (CVE-2023-39326 and its kin). */
const MAX_EXTENSION_BYTES = 16 * 1024
const MAX_TRAILER_BYTES = 64 * 1024

/**
 * Fields that would change the framing or routing of the message, or of its connection, if they were read from a trailer
 * (RFC 9110 §6.5.1).
 */
const notInTrailers =
  /^(?:content-length|transfer-encoding|host|connection|keep-alive|trailer|te|upgrade|http2-settings|max-forwards|expect|proxy-.*)$/i

class ChunkedScan implements BodyScan {
  readonly untilClose = false
  contentSize = 0
  readonly #onContent: ContentSink | undefined
  #place: Place = Place.size
  #sizeDigits = 0
  /** Of the chunk: its size while that is read, then the data bytes that are still to come. */
  #left = 0
  #extensionBytes = 0
  #trailerBytes = 0
  #trailerName = ''

  constructor(onContent: ContentSink | undefined) {
    this.#onContent = onContent
  }

  get done(): boolean {
    return this.#place === Place.done
  }

  scan(bytes: Buffer, start: number): number {
    let at = start
    while (at < bytes.length && this.#place !== Place.done) {
      if (this.#place === Place.data) at = this.#scanData(bytes, at)
      else if (this.#step(bytes[at] as number)) at++
      else return -1
    }
    return at
  }

  /** Takes one byte of the framing; false when it can't stand here. */
  #step(byte: number): boolean {
    switch (this.#place) {
      case Place.size:
        return this.#stepSize(byte)
      case Place.sizeEnd:
        return byte === LF && this.#go(this.#left === 0 ? Place.trailerLine : Place.data)
      case Place.dataCr:
        return byte === CR && this.#go(Place.dataLf)
      case Place.dataLf:
        this.#sizeDigits = 0
        this.#extensionBytes = 0
        return byte === LF && this.#go(Place.size)
      default:
        if (this.#place < Place.data) return this.#extensionBytes++ <= MAX_EXTENSION_BYTES && this.#stepExtension(byte)
        return ++this.#trailerBytes <= MAX_TRAILER_BYTES && this.#stepTrailer(byte)
    }
  }

  /**
   * Extensions (RFC 9112 §7.1.1): `;name`, `;name=token` or `;name="text"`. Nobody has a use for them, but they travel, and
   * a recipient that reads them must not find what the grammar doesn't know. White space around the signs is "bad" by the
   * grammar itself (RFC 9110 §5.6.3), and refused.
   */
  #stepExtension(byte: number): boolean {
    const isToken = ((classOf[byte] as number) & TOKEN) !== 0
    switch (this.#place) {
      case Place.extensionStart:
        return isToken && this.#go(Place.extensionName)
      case Place.extensionName:
        return isToken || (byte === EQUALS ? this.#go(Place.extensionEquals) : this.#endExtension(byte))
      case Place.extensionEquals:
        if (byte === QUOTE) return this.#go(Place.quoted)
        return isToken && this.#go(Place.extensionValue)
      case Place.extensionValue:
        return isToken || this.#endExtension(byte)
      case Place.quoted:
        if (byte === QUOTE) return this.#go(Place.quotedEnd)
        if (byte === BACKSLASH) return this.#go(Place.quotedPair)
        return ((classOf[byte] as number) & VALUE) !== 0
      case Place.quotedPair:
        return ((classOf[byte] as number) & VALUE) !== 0 && this.#go(Place.quoted)
      case Place.quotedEnd:
        return this.#endExtension(byte)
      default:
        return false
    }
  }

  /** Another extension, or the end of the line. */
  #endExtension(byte: number): boolean {
    if (byte === CR) return this.#go(Place.sizeEnd)
    return byte === SEMICOLON && this.#go(Place.extensionStart)
  }

  /** The trailer section: field lines, then an empty line. Without trailers that line is all there is. */
  #stepTrailer(byte: number): boolean {
    const isToken = ((classOf[byte] as number) & TOKEN) !== 0
    switch (this.#place) {
      case Place.trailerLine:
        if (byte === CR) return this.#go(Place.lastLf)
        this.#trailerName = String.fromCharCode(byte)
        return isToken && this.#go(Place.trailerName)
      case Place.trailerName:
        if (byte === COLON) return !notInTrailers.test(this.#trailerName) && this.#go(Place.trailerValue)
        this.#trailerName += String.fromCharCode(byte)
        return isToken
      case Place.trailerValue:
        if (byte === CR) return this.#go(Place.trailerLf)
        return ((classOf[byte] as number) & VALUE) !== 0
      case Place.trailerLf:
        return byte === LF && this.#go(Place.trailerLine)
      case Place.lastLf:
        return byte === LF && this.#go(Place.done)
      default:
        return false
    }
  }

  #stepSize(byte: number): boolean {
    if (((classOf[byte] as number) & HEX) !== 0) {
      this.#left = this.#left * 16 + (byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57)
      return ++this.#sizeDigits <= MAX_SIZE_DIGITS
    }
    if (this.#sizeDigits === 0) return false
    return this.#endExtension(byte)
  }

  #go(place: Place): true {
    this.#place = place
    return true
  }

  #scanData(bytes: Buffer, start: number): number {
    const end = Math.min(bytes.length, start + this.#left)
    this.#left -= end - start
    this.contentSize += end - start
    this.#onContent?.(bytes, start, end)
    if (this.#left === 0) this.#place = Place.dataCr
    return end
  }
}
