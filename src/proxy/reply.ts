/** What the proxy itself says to a client: why there is no answer from the destination. */
import { STATUS_CODES } from 'node:http'
import { writeResponseHead } from '../http1/write-head'
import type { Exchange } from '../model/exchange'
import { type FaultCode, faultOf } from '../model/fault'

/** The answer to CONNECT once the way is open. Neither length nor coding may stand here (RFC 9110 §9.3.6). */
export const TUNNEL_OPEN = 'HTTP/1.1 200 Connection established\r\n\r\n'

/**
 * A whole response, head and body, as latin1 text: the cause in words, the destination, the request id.
 * @param detail what the system said of it, possibly empty
 * @param traceHeader the header that tells the trace id, if there is to be one
 */
export function faultResponse(
  exchange: Exchange,
  code: FaultCode,
  detail: string,
  keepAlive: boolean,
  traceHeader?: string,
): string {
  const { status, words, proxyStatus } = faultOf(code)
  const reason = STATUS_CODES[status] ?? ''
  const body = [
    `${status} ${reason}: ${words}`,
    ...(exchange.destination ? [`destination: ${exchange.destination.authority}`] : []),
    ...(exchange.proxyAuthority ? [`upstream proxy: ${exchange.proxyAuthority}`] : []),
    `cause: ${code}${detail === '' ? '' : ` (${plain(detail)})`}`,
    `request id: ${exchange.requestId}`,
    '',
  ].join('\n')
  const head = writeResponseHead(status, reason, [
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${body.length}`,
    `Proxy-Status: outspan; error=${proxyStatus}`,
    ...(traceHeader && exchange.context ? [`${traceHeader}: ${exchange.context.traceId}`] : []),
    ...(keepAlive ? [] : ['Connection: close']),
  ])
  return exchange.method === 'HEAD' ? head : head + body
}

/** The system's words, in ASCII: one byte a character, whatever the encoding. */
function plain(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?')
}
