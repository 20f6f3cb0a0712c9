/**
 * The request target (RFC 9112 §3.2): where a request wants to go. A forward proxy takes the absolute form, and the
 * authority form for CONNECT. The path goes on byte for byte: nothing is decoded, collapsed or re-encoded.
 */
import { type Destination, destination } from '../model/destination'
import type { FaultCode } from '../model/fault'
import { isIpv6 } from '../model/host-pattern'

export interface Target {
  readonly destination: Destination
  /** What follows the authority, at least `/`: the target that the origin gets. Empty for a tunnel. */
  readonly path: string
}

const HTTP_PORT = 80
/** A program calls few destinations over and over; the bound is for those that call many. */
const REMEMBERED = 4096

/** Targets are visible ASCII: RFC 3986 has no others. */
const visible = /^[\x21-\x7e]+$/
const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//
const regName = /^[A-Za-z0-9._~!$&'()*+,;=%-]+$/
const ipv6Literal = /^[0-9A-Fa-f:.]+$/
const userinfo = /^[A-Za-z0-9._~!$&'()*+,;=:%-]*$/

/** Reads targets, and remembers the authorities it has seen, so that a destination is one object as long as it is in use. */
export class TargetReader {
  readonly #authorities = new Map<string, Destination>()

  read(method: string, target: string): Target | FaultCode {
    if (method === 'CONNECT') return this.#readAuthorityForm(target)
    if (!target.startsWith('http://')) {
      const otherwise = whyNotHttp(target)
      if (otherwise) return otherwise
    }
    if (!visible.test(target) || target.includes('#')) return 'bad_target'
    const authorityEnd = endOfAuthority(target)
    const found = this.#authority(target.slice(7, authorityEnd), HTTP_PORT)
    if (!found) return 'bad_target'
    return { destination: found, path: pathOf(method, target, authorityEnd) }
  }

  #readAuthorityForm(target: string): Target | FaultCode {
    // A port is required here (RFC 9110 §9.3.6), and nothing else may stand beside host and port.
    if (!/:[0-9]+$/.test(target) || target.includes('@')) return 'bad_target'
    const found = this.#authority(target, 0)
    return found ? { destination: found, path: '' } : 'bad_target'
  }

  #authority(text: string, defaultPort: number): Destination | undefined {
    const key = defaultPort === 0 ? `connect ${text}` : text
    const known = this.#authorities.get(key)
    if (known) return known
    const read = readAuthority(text, defaultPort)
    if (!read) return undefined
    if (this.#authorities.size >= REMEMBERED) this.#authorities.clear()
    this.#authorities.set(key, read)
    return read
  }
}

/** The target as another proxy takes it (RFC 9112 §3.2.2); the `*` of OPTIONS is an absent path there (§3.2.4). */
export function absoluteForm({ destination: { hostField }, path }: Target): string {
  return `http://${hostField}${path === '*' ? '' : path}`
}

function whyNotHttp(target: string): FaultCode | undefined {
  const name = scheme.exec(target)?.[1]?.toLowerCase()
  if (name === 'http') return undefined
  if (name === 'https') return 'https_target'
  if (name) return 'unknown_scheme'
  return target.startsWith('/') || target === '*' ? 'origin_form' : 'bad_target'
}

function endOfAuthority(target: string): number {
  for (let i = 7; i < target.length; i++) {
    const code = target.charCodeAt(i)
    if (code === 0x2f || code === 0x3f) return i
  }
  return target.length
}

function pathOf(method: string, target: string, from: number): string {
  // RFC 9112 §3.2.4: OPTIONS without path or query asks about the server as a whole.
  if (from === target.length) return method === 'OPTIONS' ? '*' : '/'
  return target.charCodeAt(from) === 0x2f ? target.slice(from) : `/${target.slice(from)}`
}

/** Reads `[userinfo@]host[:port]` (RFC 3986 §3.2). Userinfo is dropped: it never travels. */
function readAuthority(text: string, defaultPort: number): Destination | undefined {
  const at = text.lastIndexOf('@')
  if (at >= 0 && !userinfo.test(text.slice(0, at))) return undefined
  const hostAndPort = text.slice(at + 1)
  const parts = /^(?:\[([^\]]*)\]|([^:]*))(?::([0-9]*))?$/.exec(hostAndPort)
  if (!parts) return undefined
  const host = parts[1] === undefined ? readName(parts[2] ?? '') : readIpv6(parts[1])
  const port = parts[3] ? Number(parts[3]) : defaultPort
  if (!host || port < 1 || port > 65535) return undefined
  return destination(host, port, defaultPort)
}

function readName(text: string): string | undefined {
  return regName.test(text) ? text.toLowerCase() : undefined
}

/** Zone ids are refused: they mean something on the sender's machine only (RFC 9844 dropped them from URLs). */
function readIpv6(text: string): string | undefined {
  if (!ipv6Literal.test(text) || !isIpv6(text)) return undefined
  return text.toLowerCase()
}
