/** Our own answers as text, JSON, problem details (RFC 9457), HTML and gRPC statuses: one row each. */
import type { FaultCode } from '../model/fault'

/** What a client is told of a failure. All of it is ASCII, and none of it is secret. */
export interface Report {
  readonly status: number
  /** The reason phrase. */
  readonly reason: string
  /** One sentence. */
  readonly words: string
  readonly cause: FaultCode
  /** What the system said of it, possibly empty. */
  readonly detail: string
  readonly destination: string | undefined
  readonly upstreamProxy: string | undefined
  readonly requestId: string
  /** Undefined where the request was refused before its trace was looked for. */
  readonly traceId: string | undefined
}

interface Form {
  /** The value of Content-Type. */
  readonly contentType: string
  readonly render: (report: Report) => string
}

/** By media type, in the order in which they are offered. */
export const forms = {
  'text/plain': { contentType: 'text/plain; charset=utf-8', render: text },
  'application/json': { contentType: 'application/json', render: json },
  'application/problem+json': { contentType: 'application/problem+json', render: problem },
  'text/html': { contentType: 'text/html; charset=utf-8', render: html },
} as const satisfies Record<string, Form>

export type FormName = keyof typeof forms

export const formNames = Object.keys(forms) as FormName[]

function text({ status, reason, words, cause, detail, destination, upstreamProxy, requestId }: Report): string {
  return [
    `${status} ${reason}: ${words}`,
    ...(destination === undefined ? [] : [`destination: ${destination}`]),
    ...(upstreamProxy === undefined ? [] : [`upstream proxy: ${upstreamProxy}`]),
    `cause: ${cause}${detail === '' ? '' : ` (${detail})`}`,
    `request id: ${requestId}`,
    '',
  ].join('\n')
}

function json(report: Report): string {
  return line({ status: report.status, message: report.words, ...facts(report) })
}

/** `about:blank`: the status says the kind of problem, and our own members the rest (RFC 9457 §3.2, §4.2.1). */
function problem(report: Report): string {
  const { status, reason: title, words: detail } = report
  return line({ type: 'about:blank', title, status, detail, ...facts(report) })
}

function facts({ cause, detail, destination, upstreamProxy, requestId, traceId }: Report): Record<string, unknown> {
  return {
    cause,
    cause_detail: detail === '' ? undefined : detail,
    destination,
    upstream_proxy: upstreamProxy,
    request_id: requestId,
    trace_id: traceId,
  }
}

function line(members: Record<string, unknown>): string {
  return `${JSON.stringify(members)}\n`
}

function html(report: Report): string {
  const { status, reason, words, cause, detail, destination, upstreamProxy, requestId, traceId } = report
  const rows: [name: string, value: string | undefined][] = [
    ['destination', destination],
    ['upstream proxy', upstreamProxy],
    ['cause', detail === '' ? cause : `${cause} (${detail})`],
    ['request id', requestId],
    ['trace id', traceId],
  ]
  const told = rows.filter(([, value]) => value !== undefined)
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><title>${status} ${escaped(reason)}</title></head>`,
    `<body><h1>${status} ${escaped(reason)}</h1><p>${escaped(words)}</p>`,
    `<dl>${told.map(([name, value]) => `<dt>${name}</dt><dd>${escaped(value as string)}</dd>`).join('')}</dl>`,
    '</body></html>',
    '',
  ].join('\n')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] as string)
}

// gRPC.

const UNKNOWN = 2
const DEADLINE_EXCEEDED = 4
const INTERNAL = 13
const UNAVAILABLE = 14

/** What gRPC makes of HTTP statuses (http-grpc-status-mapping). All others are UNKNOWN. */
const grpcStatuses: Readonly<Record<number, number>> = {
  400: INTERNAL,
  502: UNAVAILABLE,
  503: UNAVAILABLE,
  504: UNAVAILABLE,
}

/** Where the call may have been carried out: UNAVAILABLE would invite the client to make it once more. */
const deadlines: ReadonlySet<FaultCode> = new Set([
  'response_timeout',
  'response_body_timeout',
  'request_write_timeout',
])

/**
 * The status of the call and why, as the header lines of an answer without a body: what gRPC calls Trailers-Only
 * (PROTOCOL-HTTP2, Responses).
 */
export function grpcLines(report: Report): string[] {
  const { status, words, cause, detail, requestId } = report
  const code = deadlines.has(cause) ? DEADLINE_EXCEEDED : (grpcStatuses[status] ?? UNKNOWN)
  const message = `${words} cause: ${cause}${detail === '' ? '' : ` (${detail})`}, request id: ${requestId}`
  return [`grpc-status: ${code}`, `grpc-message: ${percentEncoded(message)}`]
}

/** Of ASCII, all that is visible stands for itself but the percent sign. */
function percentEncoded(ascii: string): string {
  return ascii.replaceAll('%', '%25')
}
