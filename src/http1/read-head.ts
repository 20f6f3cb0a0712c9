/**
 * Heads: bytes in, plain data out (RFC 9112 §2–5). Strict, because whatever is read leniently here may be read otherwise
 * by the next hop: CRLF ends a line and nothing else does, a field name is a token with the colon right behind it, and no
 * line is folded. What can never become a head is refused at its first wrong byte, whole or not.
 */
import type { FaultCode } from '../model/fault'
import type { FieldLine } from '../model/field-line'
import type { RequestHead, ResponseHead } from '../model/head'
import { COLON, CR, classOf, LF, SPACE, TOKEN, VALUE, VISIBLE } from './characters'
import { latin1 } from './latin1'

/** How many field lines a head may have. */
const MAX_LINES = 1000

/**
 * Where the lines found by `scanLines` begin and end, and the length of each one's name: three numbers a line. One array
 * serves all heads, since a head is read in one go.
 */
const marks = new Int32Array((MAX_LINES + 1) * 3)
const MALFORMED = -1
const INCOMPLETE = -2
const TOO_MANY = -3
const FOLDED = -4
const TAB = 0x09

/** Skips the empty lines that may stand before a request line (RFC 9112 §2.2). */
export function skipEmptyLines(bytes: Buffer, start: number): number {
  let at = start
  while (bytes[at] === CR && bytes[at + 1] === LF) at += 2
  return at
}

/**
 * Reads the request head that begins at `start`.
 * @returns undefined while it is incomplete
 */
export function readRequestHead(bytes: Buffer, start: number): RequestHead | FaultCode | undefined {
  const methodEnd = skip(bytes, start, TOKEN)
  // An empty line may be cut in two as well.
  if (methodEnd === bytes.length || (bytes[start] === CR && start + 1 === bytes.length)) return undefined
  if (methodEnd === start || bytes[methodEnd] !== SPACE) return 'bad_request_line'
  const targetStart = methodEnd + 1
  const targetEnd = skip(bytes, targetStart, VISIBLE)
  if (targetEnd === bytes.length) return undefined
  if (targetEnd === targetStart || bytes[targetEnd] !== SPACE) return 'bad_request_line'
  const versionStart = targetEnd + 1
  const versionEnd = skip(bytes, versionStart, VISIBLE)
  const linesStart = lineEndBehind(bytes, versionEnd)
  if (linesStart === INCOMPLETE) return undefined
  if (linesStart === MALFORMED) return 'bad_request_line'
  const minor = readVersion(bytes, versionStart, versionEnd)
  if (minor === undefined) return isVersion(bytes, versionStart, versionEnd) ? 'unknown_version' : 'bad_request_line'

  const count = scanLines(bytes, linesStart)
  if (count === INCOMPLETE) return undefined
  if (count === FOLDED) return 'folded_line'
  if (count < 0) return count === TOO_MANY ? 'head_too_large' : 'bad_field_line'
  const end = endOfLines(linesStart, count)
  const text = latin1(bytes, start, end)
  return {
    method: text.slice(0, methodEnd - start),
    target: text.slice(targetStart - start, targetEnd - start),
    minor,
    lines: cutLines(text, start, count),
    size: end - start,
  }
}

/** What is too large about a head of more than `limit` bytes, whole or not: its target or its lines. */
export function excessOf(bytes: Buffer, start: number, limit: number): FaultCode {
  const lineEnd = bytes.indexOf(CR, start)
  return lineEnd < 0 || lineEnd - start > limit ? 'target_too_long' : 'head_too_large'
}

/**
 * Reads the response head that begins at `start`: `HTTP/1.1 200 OK`, where the reason may be missing, and the space before
 * it as well, which many servers leave out.
 * @returns undefined while it is incomplete
 */
export function readResponseHead(bytes: Buffer, start: number): ResponseHead | FaultCode | undefined {
  const lineEnd = skip(bytes, start, VALUE)
  const linesStart = lineEndBehind(bytes, lineEnd)
  if (linesStart === INCOMPLETE) return undefined
  const minor = readVersion(bytes, start, start + 8)
  const status = readStatus(bytes, start + 8)
  const behind = bytes[start + 12]
  if (linesStart === MALFORMED || minor === undefined || status === 0 || (behind !== SPACE && behind !== CR)) {
    return 'bad_response'
  }
  const count = scanLines(bytes, linesStart)
  if (count === INCOMPLETE) return undefined
  if (count < 0) return count === TOO_MANY ? 'response_head_too_large' : 'bad_response'
  const end = endOfLines(linesStart, count)
  const text = latin1(bytes, start, end)
  return {
    status,
    reason: text.slice(13, Math.max(13, lineEnd - start)),
    minor,
    lines: cutLines(text, start, count),
    size: end - start,
  }
}

/**
 * Looks at each byte of the field lines that begin at `start`, up to and with the empty line, and leaves their `marks`.
 * @returns how many lines there are, or MALFORMED, INCOMPLETE, TOO_MANY or FOLDED
 */
function scanLines(bytes: Buffer, start: number): number {
  let at = start
  let count = 0
  for (;;) {
    const nameEnd = skip(bytes, at, TOKEN)
    if (nameEnd === at) {
      const end = lineEndBehind(bytes, at)
      if (end === MALFORMED && count > 0 && (bytes[at] === SPACE || bytes[at] === TAB)) return FOLDED
      return end < 0 ? end : count
    }
    if (nameEnd === bytes.length) return INCOMPLETE
    if (bytes[nameEnd] !== COLON) return MALFORMED
    if (count === MAX_LINES) return TOO_MANY
    const valueEnd = skip(bytes, nameEnd + 1, VALUE)
    marks[count * 3] = at
    marks[count * 3 + 1] = valueEnd
    marks[count * 3 + 2] = nameEnd - at
    count++
    at = lineEndBehind(bytes, valueEnd)
    if (at < 0) return at
  }
}

/** The index behind the empty line that ends `count` scanned lines. */
function endOfLines(start: number, count: number): number {
  return (count === 0 ? start : (marks[count * 3 - 2] as number) + 2) + 2
}

function cutLines(text: string, textStart: number, count: number): FieldLine[] {
  const lines: FieldLine[] = new Array(count)
  for (let i = 0; i < count; i++) {
    lines[i] = text.slice((marks[i * 3] as number) - textStart, (marks[i * 3 + 1] as number) - textStart)
  }
  return lines
}

/** The index behind the CRLF that must stand at `at`, or MALFORMED, or INCOMPLETE when the bytes end before it does. */
function lineEndBehind(bytes: Buffer, at: number): number {
  if (at >= bytes.length) return INCOMPLETE
  if (bytes[at] !== CR) return MALFORMED
  if (at + 1 >= bytes.length) return INCOMPLETE
  return bytes[at + 1] === LF ? at + 2 : MALFORMED
}

/** The first index from `start` on whose byte is not of the class, or the length. */
function skip(bytes: Buffer, start: number, wanted: number): number {
  const { length } = bytes
  let at = start
  while (at < length && ((classOf[bytes[at] as number] as number) & wanted) !== 0) at++
  return at
}

/**
 * The minor version where it is HTTP/1.0 or HTTP/1.1. A higher one should be read as HTTP/1.1 (RFC 9110 §2.5), but there is
 * none, and llhttp, which may be the next hop, refuses what claims to be.
 */
function readVersion(bytes: Buffer, start: number, end: number): 0 | 1 | undefined {
  // "HTTP/1." and one digit.
  const isHttp1 =
    end - start === 8 &&
    bytes[start] === 0x48 &&
    bytes[start + 1] === 0x54 &&
    bytes[start + 2] === 0x54 &&
    bytes[start + 3] === 0x50 &&
    bytes[start + 4] === 0x2f &&
    bytes[start + 5] === 0x31 &&
    bytes[start + 6] === 0x2e
  const minor = (bytes[start + 7] as number) - 0x30
  return isHttp1 && (minor === 0 || minor === 1) ? minor : undefined
}

function isVersion(bytes: Buffer, start: number, end: number): boolean {
  return /^HTTP\/[0-9]\.[0-9]$/.test(bytes.toString('latin1', start, end))
}

/** A space and three digits, the first of which is not 0. @returns 0 when it is something else */
function readStatus(bytes: Buffer, start: number): number {
  const hundreds = (bytes[start + 1] as number) - 0x30
  const tens = (bytes[start + 2] as number) - 0x30
  const ones = (bytes[start + 3] as number) - 0x30
  const isNumber = hundreds >= 1 && hundreds <= 9 && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9
  return isNumber && bytes[start] === SPACE ? hundreds * 100 + tens * 10 + ones : 0
}
