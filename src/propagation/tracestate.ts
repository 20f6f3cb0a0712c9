/** `tracestate` (W3C Trace Context level 2, §3.3): checked and passed on, never rewritten. */

/** Lists longer than this are dropped whole (§3.3.1.1). */
const MAX_MEMBERS = 32

/** A simple key, or tenant and system (§3.3.1.3.1). */
const key = /^(?:[a-z0-9][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})$/
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

function isTraceState(list: string): boolean {
  const keys = new Set<string>()
  for (const part of list.split(',')) {
    const member = part.replace(/^[ \t]+|[ \t]+$/g, '')
    // Empty members are allowed, and don't count.
    if (member === '') continue
    const equals = member.indexOf('=')
    const name = member.slice(0, equals)
    if (equals < 0 || !key.test(name) || !value.test(member.slice(equals + 1)) || keys.has(name)) return false
    keys.add(name)
  }
  return keys.size > 0 && keys.size <= MAX_MEMBERS
}
