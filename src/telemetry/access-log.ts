/**
 * The access-log record: one row a field, each value already JSON text. A row whose value is undefined is left out.
 * Built by hand because it runs for every exchange: `JSON.stringify` of the same record costs several times as much.
 */
import type { Exchange } from '../model/exchange'
import { errorTypeOf } from './outcome'

type Row = readonly [key: string, json: (exchange: Exchange) => string | undefined]

const rows: readonly Row[] = [
  ['timestamp', (x) => `"${rfc3339(x.startTime)}"`],
  ['request.id', (x) => quoted(x.requestId)],
  ['http.request.method', (x) => quoted(x.method || undefined)],
  ['url.full', (x) => text(x.url)],
  ['server.address', (x) => quoted(x.destination?.host)],
  ['server.port', (x) => number(x.destination?.port)],
  ['network.protocol.version', (x) => (x.protocolMinor < 0 ? undefined : `"1.${x.protocolMinor}"`)],
  ['network.peer.address', (x) => quoted(x.peerAddress)],
  ['network.peer.port', (x) => number(x.peerPort || undefined)],
  ['client.address', (x) => quoted(x.clientAddress)],
  ['http.response.status_code', (x) => number(x.upstreamStatus || undefined)],
  ['proxy.response.status_code', (x) => number(x.clientStatus || undefined)],
  ['error.type', (x) => quoted(x.fault ?? errorTypeOf(x))],
  ['http.request.body.size', (x) => number(x.requestBodySize)],
  ['http.response.body.size', (x) => number(x.responseBodySize)],
  ['duration', (x) => seconds(x.endMark - x.startMark)],
  ['timings', timings],
  ['attempts', (x) => number(x.attempts)],
  ['trace_id', (x) => x.context && `{"${x.context.format ?? 'w3c'}":"${x.context.traceId}"}`],
  ['span_id', (x) => x.context && `"${x.context.spanId}"`],
  ['parent_span_id', (x) => x.context?.parentSpanId && `"${x.context.parentSpanId}"`],
  ['sampled', (x) => x.context && String(x.context.sampled)],
  ['user_agent.original', (x) => text(x.userAgent)],
]

const fields = rows.map(([key, json]) => ({ prefix: `"${key}":`, json }))

/** The names of the fields, in their order. */
export const accessLogFields: readonly string[] = rows.map(([key]) => key)

/** The record of a finished exchange as one JSON object, without a line end. */
export function accessLogRecord(exchange: Exchange): string {
  let record = ''
  for (const { prefix, json } of fields) {
    const value = json(exchange)
    if (value !== undefined) record += record === '' ? `{${prefix}${value}` : `,${prefix}${value}`
  }
  return `${record}}`
}

/** Seconds for each phase that came. A reused connection has no `dns` and `connect`, a tunnel no `wait` and `receive`. */
function timings(x: Exchange): string {
  let phases = ''
  if (x.dnsTime !== undefined) phases += `,"dns":${seconds(x.dnsTime)}`
  if (x.connectTime !== undefined) phases += `,"connect":${seconds(x.connectTime)}`
  if (x.responseHeadMark > 0) {
    // A response may begin before the request has ended: then nobody waited.
    const sent = x.requestSentMark || x.responseHeadMark
    phases += `,"wait":${seconds(Math.max(0, x.responseHeadMark - sent))}`
    phases += `,"receive":${seconds(x.endMark - x.responseHeadMark)}`
  }
  return `{${phases.slice(1)}}`
}

const needsEscape = /["\\]|[^\x20-\x7e]/

/** Text that can't hold a quote, a backslash or a control character: tokens, names, addresses, ids. */
function quoted(value: string | undefined): string | undefined {
  return value === undefined ? undefined : `"${value}"`
}

function text(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  return needsEscape.test(value) ? JSON.stringify(value) : `"${value}"`
}

function number(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(value)
}

/** Milliseconds as seconds, to the microsecond. Put together from whole numbers: fractions are slow to write. */
function seconds(milliseconds: number): string {
  const micros = Math.round(milliseconds * 1000)
  const whole = Math.floor(micros / 1e6)
  return `${whole}.${String(micros - whole * 1e6 + 1e6).slice(1)}`
}

let lastSecond = Number.NaN
let lastPrefix = ''

/** Unix milliseconds as RFC 3339 in UTC, to the millisecond. The date is written anew once a second only. */
function rfc3339(milliseconds: number): string {
  const whole = Math.floor(milliseconds)
  const second = Math.floor(whole / 1000)
  if (second !== lastSecond) {
    lastSecond = second
    lastPrefix = new Date(second * 1000).toISOString().slice(0, 20)
  }
  return `${lastPrefix}${String(whole - second * 1000).padStart(3, '0')}Z`
}
