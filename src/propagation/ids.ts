/** Ids as formats write them: hexadecimal digits of either width, and 64 bits as a decimal number. */
import type { IdWidth, TraceContext } from '../model/trace-context'
import type { Rejection } from './format'

const MAX_64 = 0xffff_ffff_ffff_ffffn

const allZero = /^0+$/
const decimalDigits = /^[0-9]{1,20}$/

/** Whether all digits are zero: such an id is none. */
export function isZero(id: string): boolean {
  return id.charCodeAt(0) === 0x30 && allZero.test(id)
}

/** `id` in lower case, padded to the digits of a trace id. */
export function traceIdOf(id: string): string {
  return id.toLowerCase().padStart(32, '0')
}

/** `id` in lower case, padded to the digits of a span id. */
export function spanIdOf(id: string): string {
  return id.toLowerCase().padStart(16, '0')
}

/** Trace id and span id that stand in a header each. */
export interface IdPair {
  readonly traceId: string
  readonly width: IdWidth
  readonly spanId: string
}

type HeaderValue = string | null | undefined

const spanIdDigits = /^[0-9a-f]{1,16}$/i
const fullSpanIdDigits = /^[0-9a-f]{16}$/i

/**
 * Reads ids as `Carrier.one` gives them, at least one of which is there.
 * @param digits what a trace id looks like
 * @param isPadded whether span ids come with their leading zeros
 */
export function readIdPair(
  traceId: HeaderValue,
  spanId: HeaderValue,
  digits: RegExp,
  isPadded = true,
): IdPair | Rejection {
  if (traceId === null || spanId === null) return 'repeated'
  if (traceId === undefined || spanId === undefined) return 'incomplete'
  if (!digits.test(traceId) || !(isPadded ? fullSpanIdDigits : spanIdDigits).test(spanId)) return 'malformed'
  if (isZero(traceId) || isZero(spanId)) return 'all_zero'
  return { traceId: traceIdOf(traceId), width: traceId.length <= 16 ? 16 : 32, spanId: spanIdOf(spanId) }
}

/** The trace id in the width in which it came, in full when it starts here. */
export function traceIdAsItCame({ traceId, width }: TraceContext): string {
  return width === 16 ? traceId.slice(16) : traceId
}

/** 16 hexadecimal digits as a decimal number. Measured: BigInt takes half the time of arithmetic in two halves. */
export function decimalOf(hex: string): string {
  return BigInt(`0x${hex}`).toString()
}

/** A decimal number as 16 hexadecimal digits; undefined when it is none, or has more than 64 bits. */
export function hexOf(decimal: string): string | undefined {
  if (!decimalDigits.test(decimal)) return undefined
  const number = BigInt(decimal)
  return number > MAX_64 ? undefined : number.toString(16).padStart(16, '0')
}
