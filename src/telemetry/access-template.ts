/**
 * Templates of the access log: what each operator of `config/access-log-template` writes. A template is put together once;
 * for an exchange its writers only run one after the other.
 */
import { strict as assert } from 'node:assert'
import type { AccessTemplate, OperatorCall, OperatorName } from '../config/access-log-template'
import type { ByteWriter } from '../model/byte-writer'
import type { Exchange } from '../model/exchange'
import { faultOf } from '../model/fault'
import { decoded, type FieldLine, isNamed, trimSpace } from '../model/field-line'
import { accessLogFields, type Write, writeJson } from './access-log'
import { accessWords } from './access-words'
import { timeWriter } from './time-format'
import { writeEscaped, writeTime } from './written-values'

const DASH = 0x2d
const COLON = 0x3a
const SLASH = 0x2f
const QUESTION = 0x3f
const LINE_FEED = 0x0a

/** How headers that a template names may be shown. */
export interface ShownHeaders {
  /** Whether one never shows, by its name in lower case. */
  isHidden(name: string): boolean
  /** A value without the secrets in its URLs. */
  show(value: string): string
}

/** The operators that take nothing in parentheses. */
const plain: Readonly<Record<Exclude<OperatorName, 'START_TIME' | 'REQ' | 'RESP' | 'FIELD' | 'ATTRIBUTE'>, Write>> = {
  SUMMARY: (to, x) => text(to, accessWords(x)),
  PROTOCOL: (to, x) => protocol(to, x.clientMinor),
  UPSTREAM_PROTOCOL: (to, x) => protocol(to, x.protocolMinor),
  RESPONSE_CODE: (to, x) => number(to, x.clientStatus),
  RESPONSE_CODE_DETAILS: (to, x) => text(to, x.fault ?? (x.attempts > 0 ? 'via_upstream' : 'direct_response')),
  RESPONSE_FLAGS: (to, x) => text(to, flagOf(x)),
  BYTES_RECEIVED: (to, x) => number(to, x.requestBodySize),
  BYTES_SENT: (to, x) => number(to, x.responseBodySize),
  DURATION: (to, x) => between(to, x.startMark, x.endMark),
  REQUEST_DURATION: (to, x) => between(to, x.startMark, x.requestSentMark),
  REQUEST_TX_DURATION: (to, x) => between(to, x.startMark, x.requestSentMark),
  RESPONSE_DURATION: (to, x) => between(to, x.startMark, x.responseHeadMark),
  RESPONSE_TX_DURATION: (to, x) => x.responseHeadMark > 0 && between(to, x.responseHeadMark, x.endMark),
  UPSTREAM_HOST: (to, x) => address(to, x.peerAddress, x.peerPort),
  UPSTREAM_REQUEST_ATTEMPT_COUNT: (to, x) => number(to, x.attempts),
  DOWNSTREAM_REMOTE_ADDRESS: (to, x) => address(to, x.clientAddress, x.clientPort),
  DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: (to, x) => text(to, x.clientAddress),
  DOWNSTREAM_REMOTE_PORT: (to, x) => number(to, x.clientPort),
  REQUEST_ID: (to, x) => text(to, x.requestId),
  TRACE_ID: (to, x) => text(to, x.context?.traceId),
  SPAN_ID: (to, x) => text(to, x.context?.spanId),
}

/** What is no header, though it is asked for like one. */
const pseudoHeaders: Readonly<Record<string, (x: Exchange) => string | undefined>> = {
  ':method': (x) => x.method,
  ':scheme': ({ url }) => url?.slice(0, Math.max(0, url.indexOf('://'))),
  ':authority': (x) => x.destination?.hostField,
  ':path': pathOf,
  ':status': (x) => (x.upstreamStatus === 0 ? undefined : String(x.upstreamStatus)),
}

/** Envoy's flags for the errors of RFC 9209. */
const flags: Readonly<Record<string, string>> = {
  http_request_error: 'DPE',
  connection_read_timeout: 'SI',
  connection_write_timeout: 'SI',
  connection_limit_reached: 'UO',
  dns_error: 'DF',
  dns_timeout: 'DF',
  connection_refused: 'UF',
  destination_ip_unroutable: 'UF',
  destination_unavailable: 'UF',
  connection_timeout: 'UF',
  http_response_timeout: 'UT',
  connection_terminated: 'UC',
  http_response_incomplete: 'UC',
  http_protocol_error: 'UPE',
  http_response_header_section_size: 'UPE',
}
const CLIENT_LEFT = 'DC'
/** What was ended here, for another reason. */
const ENDED_HERE = 'LR'

/** Whether a template reads the field lines of exchanges. */
export function readsLines(template: AccessTemplate): boolean {
  return template.some(
    (part) =>
      typeof part !== 'string' &&
      [part.argument, part.alternative].some((name) => name !== undefined && isLine(part.operator, name)),
  )
}

function isLine(operator: OperatorName, name: string): boolean {
  return (operator === 'REQ' || operator === 'RESP') && !name.startsWith(':')
}

/** What writes an exchange as one line, line end included; `-` stands for what is not there. */
export function templateWriter(
  template: AccessTemplate,
  headers: ShownHeaders,
): (to: ByteWriter, exchange: Exchange) => void {
  const parts = template.map((part) => (typeof part === 'string' ? Buffer.from(part) : writeOf(part, headers)))
  return (to, exchange) => {
    for (const part of parts) {
      if (typeof part !== 'function') {
        to.raw(part)
        continue
      }
      const start = to.size
      if (part(to, exchange) && to.size > start) continue
      to.rewind(start)
      to.byte(DASH)
    }
    to.byte(LINE_FEED)
  }
}

function writeOf(call: OperatorCall, headers: ShownHeaders): Write {
  const { operator, argument } = call
  if (operator === 'START_TIME') return startTime(argument)
  if (operator === 'FIELD') return field(argument as string)
  if (operator === 'ATTRIBUTE') return attribute(argument as string)
  if (operator === 'REQ') return header(call, (x) => x.requestLines, headers)
  if (operator === 'RESP') return header(call, (x) => x.responseLines, headers)
  return plain[operator]
}

function startTime(format: string | undefined): Write {
  const write = format === undefined ? writeTime : timeWriter(format)
  return (to, x) => {
    write(to, x.startTime)
    return true
  }
}

/** A field of the JSON record, without its quotes. */
function field(name: string): Write {
  const write = accessLogFields.get(name)
  assert(write)
  return (to, x) => {
    const start = to.size
    const isThere = write(to, x)
    if (isThere) to.unquote(start)
    return isThere
  }
}

function attribute(name: string): Write {
  return (to, { attributes }) => {
    for (const { key, value } of attributes) {
      if (key !== name) continue
      const start = to.size
      writeJson(to, value)
      to.unquote(start)
      return true
    }
    return false
  }
}

type Lines = (x: Exchange) => readonly FieldLine[] | undefined

/** The first of several lines, as Envoy has it. An empty value is none. */
function header({ argument, alternative, maxLength }: OperatorCall, linesOf: Lines, headers: ShownHeaders): Write {
  const first = valueReader(argument as string, linesOf, headers)
  const second = alternative === undefined ? undefined : valueReader(alternative, linesOf, headers)
  return (to, x) => text(to, (first(x) || second?.(x))?.slice(0, maxLength))
}

function valueReader(
  name: string,
  linesOf: Lines,
  { isHidden, show }: ShownHeaders,
): (x: Exchange) => string | undefined {
  const pseudo = pseudoHeaders[name]
  if (pseudo) return pseudo
  if (isHidden(name)) return () => undefined
  return (x) => {
    const value = firstValue(linesOf(x), name)
    return value && show(value)
  }
}

function firstValue(lines: readonly FieldLine[] | undefined, name: string): string | undefined {
  if (lines === undefined) return undefined
  for (const line of lines) {
    if (isNamed(line, name)) return decoded(trimSpace(line, name.length + 1))
  }
  return undefined
}

/** Path and query of the URL as it is recorded: secrets are redacted in it. */
function pathOf({ url, isTunnel }: Exchange): string | undefined {
  if (url === undefined || isTunnel) return undefined
  let start = url.indexOf('://') + 3
  while (start < url.length && url.charCodeAt(start) !== SLASH && url.charCodeAt(start) !== QUESTION) start++
  return url.charCodeAt(start) === SLASH ? url.slice(start) : `/${url.slice(start)}`
}

function flagOf({ fault }: Exchange): string | undefined {
  if (fault === undefined) return undefined
  const { cancelled, proxyStatus } = faultOf(fault)
  return cancelled ? CLIENT_LEFT : (flags[proxyStatus] ?? ENDED_HERE)
}

function text(to: ByteWriter, value: string | undefined): boolean {
  if (value === undefined) return false
  writeEscaped(to, value)
  return true
}

function number(to: ByteWriter, value: number): boolean {
  to.decimal(value)
  return true
}

function protocol(to: ByteWriter, minor: number): boolean {
  if (minor < 0) return false
  to.ascii(minor === 1 ? 'HTTP/1.1' : 'HTTP/1.0')
  return true
}

/** Whole milliseconds from mark to mark, if the second one was reached. */
function between(to: ByteWriter, start: number, end: number): boolean {
  if (end === 0) return false
  to.decimal(Math.max(0, Math.floor(end - start)))
  return true
}

const IPV6_MARK = ':'

function address(to: ByteWriter, host: string | undefined, port: number): boolean {
  if (host === undefined || host === '') return false
  to.ascii(host.includes(IPV6_MARK) ? `[${host}]` : host)
  to.byte(COLON)
  to.decimal(port)
  return true
}
