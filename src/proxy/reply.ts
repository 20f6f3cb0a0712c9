/** What the proxy itself says to a client: why there is no answer from the destination, in the form that it asked for. */
import { STATUS_CODES } from 'node:http'
import { grpcTypeOf, preferredType } from '../http/negotiation'
import { writeResponseHead } from '../http1/write-head'
import type { Exchange } from '../model/exchange'
import { type FaultCode, faultOf } from '../model/fault'
import { type FieldLine, valuesOf } from '../model/field-line'
import type { RequestHead } from '../model/head'
import type { RequestIdHeader } from '../propagation/request-id'
import { type FormName, formNames, forms, grpcLines, type Report } from './error-bodies'

/** What every answer of ours carries. */
export interface AnswerHeaders {
  /** The header that tells the trace id, if there is to be one. */
  readonly responseTraceHeader: string | undefined
  /** The header that tells the request id, if there is to be one. */
  readonly requestIdHeader: RequestIdHeader | undefined
}

export interface Answer {
  readonly status: number
  /** Head and body, as latin1 text. */
  readonly text: string
}

const GRPC_STATUS = 200
/** For a client that says nothing of what it accepts, or accepts nothing that there is: any answer beats none. */
const usualForm: FormName = 'text/plain'

/** The answer to CONNECT once the way is open. Neither length nor coding may stand here (RFC 9110 §9.3.6). */
export function tunnelOpen({ requestId }: Exchange, header: RequestIdHeader | undefined): string {
  return writeResponseHead(200, 'Connection established', header ? [header.line(requestId)] : [])
}

/**
 * The answer in place of the destination's: the cause in words, the destination, the request id.
 * @param head of the request, where it could be read
 * @param detail what the system said of it, possibly empty
 */
export function faultAnswer(
  exchange: Exchange,
  head: RequestHead | undefined,
  code: FaultCode,
  detail: string,
  keepAlive: boolean,
  headers: AnswerHeaders,
): Answer {
  const report = reportOf(exchange, code, detail)
  const { responseTraceHeader, requestIdHeader } = headers
  const lines = [
    `Proxy-Status: outspan; error=${faultOf(code).proxyStatus}`,
    ...(responseTraceHeader && report.traceId ? [`${responseTraceHeader}: ${report.traceId}`] : []),
    ...(requestIdHeader ? [requestIdHeader.line(exchange.requestId)] : []),
    ...(keepAlive ? [] : ['Connection: close']),
  ]
  const grpcType = head && grpcTypeOf(valuesOf(head.lines, 'content-type')[0] ?? '')
  // To CONNECT a status of 200 would say that the way is open.
  if (grpcType !== undefined && !exchange.isTunnel) return grpcAnswer(report, grpcType, lines)
  const { contentType, render } = forms[formOf(head)]
  const body = render(report)
  const text = writeResponseHead(report.status, report.reason, [
    `Content-Type: ${contentType}`,
    `Content-Length: ${body.length}`,
    ...(head ? ['Vary: Accept'] : []),
    ...lines,
  ])
  return { status: report.status, text: exchange.method === 'HEAD' ? text : text + body }
}

/** A gRPC client looks at the status of the call and not at that of HTTP. */
function grpcAnswer(report: Report, contentType: string, lines: readonly FieldLine[]): Answer {
  const own = [`Content-Type: ${contentType}`, 'Content-Length: 0', ...grpcLines(report)]
  return { status: GRPC_STATUS, text: writeResponseHead(GRPC_STATUS, 'OK', [...own, ...lines]) }
}

function formOf(head: RequestHead | undefined): FormName {
  const accept = head ? valuesOf(head.lines, 'accept') : []
  return accept.length === 0 ? usualForm : (preferredType(accept.join(','), formNames) ?? usualForm)
}

function reportOf(exchange: Exchange, cause: FaultCode, detail: string): Report {
  const { status, words } = faultOf(cause)
  return {
    status,
    reason: STATUS_CODES[status] ?? '',
    words,
    cause,
    detail: plain(detail),
    destination: exchange.destination?.authority,
    upstreamProxy: exchange.proxyAuthority,
    requestId: exchange.requestId,
    traceId: exchange.context?.traceId,
  }
}

/** The system's words, in ASCII: one byte a character, whatever the encoding. */
function plain(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?')
}
