/**
 * Where a body ends (RFC 9112 §6.3). Whatever two parties could read two ways has no verdict: it is a fault, so that
 * no message is forwarded whose end the next hop may see elsewhere (request smuggling).
 */
import type { FaultCode } from '../model/fault'
import { trimSpace } from '../model/field-line'
import type { SortedFields } from './field-sort'

/** A length in bytes, or one of the two other ways in which a body can end. */
export type Framing = number | 'chunked' | 'until_close'

export const NO_BODY: Framing = 0

/** Fifteen digits stay exact integers, and nobody sends a petabyte. */
const digits = /^[0-9]{1,15}$/

/** How the body of a request is framed. Without a length there is none. */
export function requestFraming(fields: SortedFields, minor: 0 | 1): Framing | FaultCode {
  const coding = fields.transferEncoding
  if (coding !== undefined) {
    // HTTP/1.0 knows no transfer codings: such a message has been through a faulty hop (RFC 9112 §6.1).
    if (fields.contentLength !== undefined || minor === 0) return 'bad_framing'
    return coding.toLowerCase() === 'chunked' ? 'chunked' : unknownCoding(coding)
  }
  if (fields.contentLength === undefined) return NO_BODY
  return digits.test(fields.contentLength) ? Number(fields.contentLength) : 'bad_length'
}

/**
 * How the body of a response is framed; `bad_response` where it can't be told. Interim responses have none (RFC 9112 §6.3),
 * and are no part of HTTP/1.0 (RFC 9110 §15.2).
 */
export function responseFraming(
  fields: SortedFields,
  status: number,
  minor: 0 | 1,
  method: string,
): Framing | FaultCode {
  const coding = fields.transferEncoding
  const length = fields.contentLength
  if (length !== undefined && (coding !== undefined || !digits.test(length))) return 'bad_response'
  if (coding !== undefined && (minor === 0 || coding.toLowerCase() !== 'chunked')) return 'bad_response'
  if (status < 200) return minor === 1 ? NO_BODY : 'bad_response'
  if (method === 'HEAD' || status === 304) return NO_BODY
  if (status === 204) return coding === undefined && !Number(length ?? 0) ? NO_BODY : 'bad_response'
  if (coding !== undefined) return 'chunked'
  return length === undefined ? 'until_close' : Number(length)
}

/**
 * A coding before a final `chunked` is merely unknown (RFC 9112 §6.1). Without `chunked` at the end, or with it twice, the
 * length can't be told (§6.3).
 */
function unknownCoding(coding: string): FaultCode {
  const codings = coding.split(',').map((part) => trimSpace(part).toLowerCase())
  const isChunkedLast = codings.length > 1 && codings.indexOf('chunked') === codings.length - 1
  const areNames = codings.every((part) => /^[!#$%&'*+\-.^_`|~0-9a-z]+(?:[ \t]*;.*)?$/.test(part))
  return isChunkedLast && areNames ? 'unknown_transfer_coding' : 'bad_framing'
}

/** Whether the sender of a message wants its connection to live on after it (RFC 9112 §9.3). */
export function isPersistent(fields: SortedFields, minor: 0 | 1): boolean {
  if (fields.close) return false
  return minor === 1 || fields.keepAlive
}

/** Tells a verdict from a fault. */
export function isFraming(verdict: Framing | FaultCode): verdict is Framing {
  return typeof verdict === 'number' || verdict === 'chunked' || verdict === 'until_close'
}
