/** Hosts as they are compared, and patterns of them: `api.example.com`, `*.example.com` (any name below it), `*`. */

const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/
/** A last label that is a number makes an address of the host, as resolvers and the URL standard read it. */
const numeric = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/

/**
 * The one form of a host: a name in lower case without the dot at its end, an IPv4 address as four decimal numbers
 * whichever way it was written (`0x0a000001`, `10.1`, `::ffff:10.0.0.1`), an IPv6 address in its short form.
 * @param host without brackets
 */
export function canonicalHost(host: string): string {
  const name = host.toLowerCase()
  if (name.includes(':')) return isIpv6(name) ? shortAddress(name) : name
  const bare = name.endsWith('.') ? name.slice(0, -1) : name
  return numeric.test(bare) && URL.canParse(`http://${bare}/`) ? new URL(`http://${bare}/`).hostname : bare
}

/** Whether it is an IPv6 address. @param text without brackets */
export function isIpv6(text: string): boolean {
  return URL.canParse(`http://[${text}]/`)
}

function shortAddress(address: string): string {
  const short = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [, high, low] = mapped.exec(short) ?? []
  if (high === undefined || low === undefined) return short
  const bytes = [high, low].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
  return bytes.join('.')
}

/** Case-insensitive. */
export function isHostPattern(text: string): boolean {
  return /^(?:\*|(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?)$/.test(text)
}

/** The pattern in the form that `matchesHost` takes. */
export function canonicalPattern(pattern: string): string {
  return pattern.startsWith('*.') ? `*.${canonicalHost(pattern.slice(2))}` : canonicalHost(pattern)
}

/** @param pattern and @param host in their canonical forms */
export function matchesHost(pattern: string, host: string): boolean {
  if (pattern === '*') return true
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern
}

const hostAndPort = /^(?:\[([^\]]+)\]|([^:]+))(?::([0-9]{1,5}))?$/

/** Reads `*.example.com:8080`, the port at will, an IPv6 address in brackets; undefined where it is none. */
export function readHostAndPort(
  text: string,
): { readonly host: string; readonly port: number | undefined } | undefined {
  const [, address, host = address, port] = hostAndPort.exec(text) ?? []
  return host === undefined ? undefined : { host, port: port === undefined ? undefined : Number(port) }
}
