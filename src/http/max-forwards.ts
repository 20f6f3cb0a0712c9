/** Max-Forwards (RFC 9110 §7.6.2): how many more proxies a TRACE or OPTIONS may pass. */
import { type FieldLine, fieldValueOf, isNamed } from '../model/field-line'

/**
 * Counts this proxy: the line in `lines` is one lower afterwards.
 * @returns how many were left before, 0 when the request is for us to answer; undefined where there is no such limit
 */
export function countForward(method: string, lines: FieldLine[]): number | undefined {
  if (method !== 'TRACE' && method !== 'OPTIONS') return undefined
  const index = lines.findIndex((line) => isNamed(line, 'max-forwards'))
  const value = index < 0 ? '' : fieldValueOf(lines[index] as FieldLine)
  if (!/^[0-9]{1,9}$/.test(value)) return undefined
  const left = Number(value)
  if (left > 0) lines[index] = `Max-Forwards: ${left - 1}`
  return left
}
