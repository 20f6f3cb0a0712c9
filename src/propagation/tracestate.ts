/** `tracestate` (W3C Trace Context level 2, §3.3): checked and passed on, never rewritten. */
import { trimSpace } from '../model/field-line'

/** Lists longer than this are dropped whole (§3.3.1.1). */
export const MAX_MEMBERS = 32

/** §3.3.1.3.1: up to 256, the first one a letter or digit. */
const key = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/
/** Visible ASCII and inner spaces, without comma and equals sign, up to 256 (§3.3.1.3.2). */
const value = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/**
 * Combines the values of all `tracestate` lines, in order.
 * @returns the list as it travels on, undefined when there is none or it is invalid
 */
export function combineTraceState(values: readonly string[]): string | undefined {
  if (values.length === 0) return undefined
  const combined = values.length === 1 ? (values[0] as string) : values.filter((part) => part !== '').join(',')
  return combined !== '' && isTraceState(combined) ? combined : undefined
}

/** A key that stands twice is a mistake of somebody before us; the list goes on all the same, as the W3C's tests expect. */
function isTraceState(list: string): boolean {
  let members = 0
  for (const part of list.split(',')) {
    const member = trimSpace(part)
    // Empty members are allowed, and don't count.
    if (member === '') continue
    const equals = member.indexOf('=')
    if (equals < 0 || !key.test(member.slice(0, equals)) || !value.test(member.slice(equals + 1))) return false
    members++
  }
  return members > 0 && members <= MAX_MEMBERS
}
