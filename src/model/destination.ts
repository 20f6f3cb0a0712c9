import { canonicalHost } from './host-pattern'

/** Where a request goes: what it named, before any name is resolved. */
export interface Destination {
  /** A name in lower case, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string
  /** 1–65535, the scheme's default filled in. */
  readonly port: number
  /** `host:port` with brackets around an IPv6 address: for pools, messages and logs. */
  readonly authority: string
  /** What the Host field says: the authority without a default port. */
  readonly hostField: string
  /** The host in the one form that rules compare: whoever writes it another way gets no other rule. */
  readonly canonicalHost: string
}

/** Builds a destination. `defaultPort` is left out of the Host field. */
export function destination(host: string, port: number, defaultPort: number): Destination {
  const bracketed = host.includes(':') ? `[${host}]` : host
  const authority = `${bracketed}:${port}`
  const hostField = port === defaultPort ? bracketed : authority
  return { host, port, authority, hostField, canonicalHost: canonicalHost(host) }
}
