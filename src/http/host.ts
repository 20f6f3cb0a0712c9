/**
 * The Host field (RFC 9112 §3.2). A proxy goes by the request target and writes its own (§3.2.2), but whoever can't say in
 * one way where a request is to go is not to be forwarded.
 */
import type { Destination } from '../model/destination'
import { type FieldLine, fieldValueOf } from '../model/field-line'
import type { SortedFields } from './field-sort'

const NAME_LENGTH = 'Host: '.length
const SPACE = 0x20

/** `uri-host [ ":" port ]`, where the host may be empty (RFC 9110 §7.2, RFC 3986 §3.2.2). */
const hostAndPort = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::[0-9]{0,5})?$/

/** Whether there is the one well-formed Host line that a request must have; one of HTTP/1.0 may have none. */
export function hasSoundHost(fields: SortedFields, minor: 0 | 1, target: Destination): boolean {
  if (fields.hostCount !== 1) return fields.hostCount === 0 && minor === 0
  const line = fields.travelling[fields.hostIndex] as FieldLine
  return saysOf(line, target.hostField) || hostAndPort.test(fieldValueOf(line))
}

/** Whether the line says what the target says, in the usual spelling: nothing else to look at. */
function saysOf(line: FieldLine, host: string): boolean {
  return line.length === NAME_LENGTH + host.length && line.charCodeAt(NAME_LENGTH - 1) === SPACE && line.endsWith(host)
}
