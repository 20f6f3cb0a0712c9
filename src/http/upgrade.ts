/** Switching to another protocol (RFC 9110 §7.8): the one thing about a connection that both sides are told of. */
import { type FieldLine, trimSpace } from '../model/field-line'
import type { SortedFields } from './field-sort'

/**
 * The protocols that a request may switch to. HTTP/2 is not among them: it would take all further requests out of sight, and
 * whoever asks for it goes on in HTTP/1.1.
 * @returns undefined when it asks for none
 */
export function upgradeOf({ upgrade }: SortedFields, minor: 0 | 1): string | undefined {
  // HTTP/1.0 knows no such thing.
  if (upgrade === undefined || minor === 0) return undefined
  const protocols = upgrade.split(',').map((protocol) => trimSpace(protocol))
  return protocols.filter((protocol) => protocol !== '' && protocol.toLowerCase() !== 'h2c').join(', ') || undefined
}

/** The lines that ask for the switch, or agree to it. */
export function upgradeLines(protocols: string): FieldLine[] {
  return ['Connection: Upgrade', `Upgrade: ${protocols}`]
}

/** Whether all that was chosen was offered. */
export function agrees(offered: string | undefined, chosen: string | undefined): boolean {
  if (offered === undefined || chosen === undefined) return false
  const names = namesOf(offered)
  return namesOf(chosen).every((name) => names.includes(name))
}

function namesOf(protocols: string): string[] {
  return protocols.split(',').map((protocol) => trimSpace(protocol).toLowerCase())
}
