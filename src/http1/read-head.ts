/**
 * Heads: bytes in, plain data out (RFC 9112 §2–5). Strict, because whatever is read leniently here may be read otherwise
 * by the next hop: CRLF ends a line and nothing else does, a field name is a token with the colon right behind it, and
 * no line is folded.
 */
import type { FaultCode } from '../model/fault'
import type { FieldLine } from '../model/field-line'
import type { RequestHead, ResponseHead } from '../model/head'
import { COLON, CR, classOf, LF, SPACE, TOKEN, VALUE, VISIBLE } from './characters'

const END_OF_HEAD = '\r\n\r\n'

/** How many field lines a head may have. */
const MAX_LINES = 1000

/**
 * Finds the end of the head that starts at `start`.
 * @returns the index behind its empty line, or -1 while it is incomplete
 */
export function findHeadEnd(bytes: Buffer, start: number): number {
  const at = bytes.indexOf(END_OF_HEAD, start, 'latin1')
  return at < 0 ? -1 : at + END_OF_HEAD.length
}

/** Skips the empty lines that may stand before a request line (RFC 9112 §2.2). */
export function skipEmptyLines(bytes: Buffer, start: number): number {
  let at = start
  while (bytes[at] === CR && bytes[at + 1] === LF) at += 2
  return at
}

/**
 * Whether an incomplete head already shows that it will never be one. A line feed without its carriage return, or a TLS
 * hello, would leave both sides waiting for each other.
 */
export function isHopeless(bytes: Buffer, start: number): boolean {
  if (start < bytes.length && bytes[start] !== CR && ((classOf[bytes[start] as number] as number) & TOKEN) === 0)
    return true
  for (let at = bytes.indexOf(LF, start); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (at === start || bytes[at - 1] !== CR) return true
  }
  return false
}

/** Reads the request head in `bytes[start..end)`, its empty line included. */
export function readRequestHead(bytes: Buffer, start: number, end: number): RequestHead | FaultCode {
  const methodEnd = skip(bytes, start, TOKEN)
  if (methodEnd === start || bytes[methodEnd] !== SPACE) return 'bad_request_line'
  const targetStart = methodEnd + 1
  const targetEnd = skip(bytes, targetStart, VISIBLE)
  if (targetEnd === targetStart || bytes[targetEnd] !== SPACE) return 'bad_request_line'
  const versionEnd = skip(bytes, targetEnd + 1, VISIBLE)
  if (bytes[versionEnd] !== CR || bytes[versionEnd + 1] !== LF) return 'bad_request_line'
  const text = bytes.toString('latin1', start, end)
  const minor = readVersion(text.slice(targetEnd + 1 - start, versionEnd - start))
  if (minor === undefined) return 'bad_request_line'
  if (minor < 0) return 'unknown_version'
  const lines = readFieldLines(bytes, text, start, versionEnd + 2, end)
  if (lines === undefined) return 'bad_field_line'
  if (lines.length > MAX_LINES) return 'head_too_large'
  return {
    method: text.slice(0, methodEnd - start),
    target: text.slice(targetStart - start, targetEnd - start),
    minor: minor as 0 | 1,
    lines,
  }
}

/** Reads the response head in `bytes[start..end)`, its empty line included. */
export function readResponseHead(bytes: Buffer, start: number, end: number): ResponseHead | FaultCode {
  // HTTP-version SP status-code SP [ reason-phrase ]: "HTTP/1.1 200 OK"
  const text = bytes.toString('latin1', start, end)
  const minor = readVersion(text.slice(0, 8))
  const lineEnd = skip(bytes, start, VALUE)
  if (minor === undefined || minor < 0 || bytes[lineEnd] !== CR || bytes[lineEnd + 1] !== LF) return 'bad_response'
  const status = readStatus(text)
  // The space before an empty reason phrase is often left out.
  const afterStatus = text.charCodeAt(12)
  if (status === undefined || (afterStatus !== SPACE && afterStatus !== CR)) return 'bad_response'
  const lines = readFieldLines(bytes, text, start, lineEnd + 2, end)
  if (lines === undefined) return 'bad_response'
  if (lines.length > MAX_LINES) return 'response_head_too_large'
  return { status, reason: text.slice(13, Math.max(13, lineEnd - start)), minor: minor as 0 | 1, lines }
}

/**
 * Reads field lines up to the empty line that must stand right before `end`.
 * @param text the latin1 text of `bytes[textStart..)`: lines are cut from it
 * @returns undefined when one is malformed
 */
export function readFieldLines(
  bytes: Buffer,
  text: string,
  textStart: number,
  start: number,
  end: number,
): FieldLine[] | undefined {
  const lines: FieldLine[] = []
  const lastLine = end - 2
  let at = start
  while (at < lastLine) {
    const lineStart = at
    at = skip(bytes, at, TOKEN)
    if (at === lineStart || bytes[at] !== COLON) return undefined
    at = skip(bytes, at + 1, VALUE)
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return undefined
    lines.push(text.slice(lineStart - textStart, at - textStart))
    at += 2
  }
  return at === lastLine ? lines : undefined
}

/** The first index from `at` on whose byte is not of the class. Ends at the latest at the line's CR. */
function skip(bytes: Buffer, start: number, wanted: number): number {
  let at = start
  while (at < bytes.length && ((classOf[bytes[at] as number] as number) & wanted) !== 0) at++
  return at
}

/** @returns the minor version of HTTP/1.x, -1 for another version, undefined for what is none */
function readVersion(text: string): number | undefined {
  if (text === 'HTTP/1.1') return 1
  if (text === 'HTTP/1.0') return 0
  return /^HTTP\/[0-9]\.[0-9]$/.test(text) ? -1 : undefined
}

function readStatus(text: string): number | undefined {
  if (text.charCodeAt(8) !== SPACE) return undefined
  const hundreds = text.charCodeAt(9) - 48
  const tens = text.charCodeAt(10) - 48
  const ones = text.charCodeAt(11) - 48
  if (hundreds < 1 || hundreds > 9 || tens < 0 || tens > 9 || ones < 0 || ones > 9) return undefined
  return hundreds * 100 + tens * 10 + ones
}
