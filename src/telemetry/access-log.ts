/**
 * The access-log record: one row a field. A row's function writes its value as JSON, or returns false where there is none
 * and the field is left out. The record goes to bytes directly, because it runs for every exchange: by `JSON.stringify` it
 * costs five times as much.
 */

import type { AttributeValue } from '../model/attribute'
import { ByteWriter } from '../model/byte-writer'
import { type Exchange, waitTime } from '../model/exchange'
import { errorTypeOf } from './outcome'
import { writeEscaped, writeTime } from './written-values'

/** Writes what an exchange says, or returns false where it says nothing. */
export type Write = (to: ByteWriter, exchange: Exchange) => boolean

type Row = readonly [key: string, write: Write]

const rows: readonly Row[] = [
  ['timestamp', (to, x) => timestamp(to, x.startTime)],
  ['request.id', (to, x) => quoted(to, x.requestId)],
  ['http.request.method', (to, x) => quoted(to, x.method || undefined)],
  ['url.full', (to, x) => text(to, x.url)],
  ['server.address', (to, x) => quoted(to, x.destination?.host)],
  ['server.port', (to, x) => number(to, x.destination?.port)],
  [
    'network.protocol.version',
    (to, x) => quoted(to, x.protocolMinor < 0 ? undefined : x.protocolMinor === 1 ? '1.1' : '1.0'),
  ],
  ['network.peer.address', (to, x) => quoted(to, x.peerAddress)],
  ['network.peer.port', (to, x) => number(to, x.peerPort || undefined)],
  ['client.address', (to, x) => quoted(to, x.clientAddress)],
  ['http.response.status_code', (to, x) => number(to, x.upstreamStatus || undefined)],
  ['proxy.response.status_code', (to, x) => number(to, x.clientStatus || undefined)],
  ['error.type', (to, x) => quoted(to, x.fault ?? errorTypeOf(x))],
  ['http.request.body.size', (to, x) => number(to, x.requestBodySize)],
  ['http.response.body.size', (to, x) => number(to, x.responseBodySize)],
  ['duration', (to, x) => seconds(to, x.endMark - x.startMark)],
  ['timings', timings],
  ['attempts', (to, x) => number(to, x.attempts)],
  ['trace_id', traceIds],
  ['span_id', (to, x) => quoted(to, x.context?.spanId)],
  ['parent_span_id', (to, x) => quoted(to, x.context?.parentSpanId)],
  ['sampled', (to, x) => bare(to, x.context && (x.context.sampled ? 'true' : 'false'))],
  ['user_agent.original', (to, x) => text(to, x.userAgent)],
  ['url.template', (to, x) => text(to, x.urlTemplate)],
  ['service.peer.name', (to, x) => text(to, x.peerName)],
]

/** The fields by their names, in their order, each with what writes its value as JSON. */
export const accessLogFields: ReadonlyMap<string, Write> = new Map(rows)

const fields = rows.map(([key, write]) => ({ prefix: Buffer.from(`,"${key}":`), write }))

const QUOTE = 0x22
const OPEN = 0x7b
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const COMMA = 0x2c
const COLON = 0x3a
const CLOSE = 0x7d
const LINE_FEED = 0x0a
const DOT = 0x2e

/** Appends the record of a finished exchange as one line of JSON. */
export function writeAccessLog(to: ByteWriter, exchange: Exchange): void {
  // The first field is always there: its comma is the object's brace.
  to.byte(OPEN)
  to.raw(first)
  timestamp(to, exchange.startTime)
  for (let i = 1; i < fields.length; i++) {
    const { prefix, write } = fields[i] as (typeof fields)[number]
    const start = to.size
    to.raw(prefix)
    if (!write(to, exchange)) to.rewind(start)
  }
  for (const { key, value } of exchange.attributes) {
    to.byte(COMMA)
    writeJson(to, key)
    to.byte(COLON)
    writeJson(to, value)
  }
  to.byte(CLOSE)
  to.byte(LINE_FEED)
}

/** Writes an attribute, or the key of one, as JSON. */
export function writeJson(to: ByteWriter, value: AttributeValue): void {
  if (typeof value === 'object') {
    to.byte(OPEN_LIST)
    for (const [index, item] of value.entries()) {
      if (index > 0) to.byte(COMMA)
      writeJson(to, item)
    }
    to.byte(CLOSE_LIST)
  } else if (typeof value === 'string') text(to, value)
  else to.ascii(Number.isNaN(value) ? 'null' : String(value))
}

const first = Buffer.from(`"${rows[0]?.[0]}":`)

/** The record as text, without a line end: for places where it is written now and then. */
export function accessLogRecord(exchange: Exchange): string {
  const writer = new ByteWriter()
  writeAccessLog(writer, exchange)
  return writer.take().toString('utf8', 0).trimEnd()
}

/** Seconds for each phase that came. A reused connection has no `dns` and `connect`, a tunnel no `wait` and `receive`. */
function timings(to: ByteWriter, x: Exchange): boolean {
  to.byte(OPEN)
  const start = to.size
  phase(to, start, '"dns":', x.dnsTime)
  phase(to, start, '"connect":', x.connectTime)
  if (x.responseHeadMark > 0) {
    phase(to, start, '"wait":', waitTime(x))
    phase(to, start, '"receive":', x.endMark - x.responseHeadMark)
  }
  to.byte(CLOSE)
  return true
}

function phase(to: ByteWriter, start: number, prefix: string, milliseconds: number | undefined): void {
  if (milliseconds === undefined) return
  if (to.size > start) to.ascii(',')
  to.ascii(prefix)
  seconds(to, milliseconds)
}

/** The id as each format writes it that the trace arrived in or goes out in: what people look for on either side. */
function traceIds(to: ByteWriter, { context }: Exchange): boolean {
  if (!context) return false
  to.byte(OPEN)
  const start = to.size
  for (const notation of context.notations) {
    to.ascii(to.size > start ? ',"' : '"')
    to.ascii(notation.key)
    to.ascii('":"')
    to.ascii(notation.traceIdText(context))
    to.byte(QUOTE)
  }
  to.byte(CLOSE)
  return true
}

function bare(to: ByteWriter, value: string | undefined): boolean {
  if (value === undefined) return false
  to.ascii(value)
  return true
}

/** Text that holds nothing to escape: tokens, names, addresses, ids. */
function quoted(to: ByteWriter, value: string | undefined): boolean {
  if (value === undefined) return false
  to.byte(QUOTE)
  to.ascii(value)
  to.byte(QUOTE)
  return true
}

function text(to: ByteWriter, value: string | undefined): boolean {
  if (value === undefined) return false
  to.byte(QUOTE)
  writeEscaped(to, value)
  to.byte(QUOTE)
  return true
}

function number(to: ByteWriter, value: number | undefined): boolean {
  if (value === undefined) return false
  to.decimal(value)
  return true
}

/** Milliseconds as seconds, to the microsecond. */
function seconds(to: ByteWriter, milliseconds: number): boolean {
  const micros = Math.round(milliseconds * 1000)
  const whole = Math.floor(micros / 1e6)
  to.decimal(whole)
  to.byte(DOT)
  to.decimal(micros - whole * 1e6, 6)
  return true
}

function timestamp(to: ByteWriter, milliseconds: number): boolean {
  to.byte(QUOTE)
  writeTime(to, milliseconds)
  to.byte(QUOTE)
  return true
}
