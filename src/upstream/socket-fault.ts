/** What the system says of a socket, as a fault. Goes by error codes, never by the text of a message. */
import type { FaultCode } from '../model/fault'

const byCode: { readonly [code: string]: FaultCode } = {
  __proto__: null as never,
  ENOTFOUND: 'dns_failure',
  EAI_AGAIN: 'dns_timeout',
  EAI_NODATA: 'dns_failure',
  EAI_NONAME: 'dns_failure',
  ECONNREFUSED: 'connection_refused',
  EHOSTUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  EMFILE: 'out_of_descriptors',
  ENFILE: 'out_of_descriptors',
}

/** The fault behind a socket error, by whether the connection had been made. */
export function faultOfSocket(error: Error, connected: boolean): FaultCode {
  const { code = '', syscall } = error as NodeJS.ErrnoException
  if (code === 'ETIMEDOUT') return connected ? 'connection_reset' : 'connect_timeout'
  const known = byCode[code]
  if (known !== undefined) return known
  // Whatever else it says of a name, such as EINVAL of one that can't be one.
  if (syscall === 'getaddrinfo') return 'dns_failure'
  return connected ? 'connection_reset' : 'connect_failure'
}
