/**
 * Templates of the access log: text with operators between percent signs, in the manner of Envoy. Here is what operators
 * there are and what a template must look like; what an operator writes is the business of `telemetry/access-template`.
 */
import { isToken } from '../model/field-line'
import { Problem } from './kinds'

interface Operator {
  /** What stands in its parentheses, if it has any. */
  readonly takes?: 'header' | 'time' | 'field' | 'attribute'
  /** What it writes, for the README. */
  readonly doc: string
}

const operatorRows = {
  START_TIME: {
    takes: 'time',
    doc: 'when the request came, in UTC: RFC 3339 with milliseconds, or as `%START_TIME(%d/%b/%Y:%H:%M:%S %z)%` says',
  },
  REQ: {
    takes: 'header',
    doc: 'a header of the request as the client sent it, or `:method`, `:scheme`, `:authority`, `:path` (with secrets redacted)',
  },
  RESP: { takes: 'header', doc: 'a header of the response as the destination sent it, or `:status`' },
  FIELD: { takes: 'field', doc: 'any field of the JSON record by its name, such as `%FIELD(parent_span_id)%`' },
  ATTRIBUTE: {
    takes: 'attribute',
    doc: 'an attribute that settings add to the record, such as a captured header',
  },
  SUMMARY: { doc: 'the exchange in words: `GET http://localhost:8080/orders 200 in 4 ms`' },
  PROTOCOL: { doc: "the protocol of the client's request, `HTTP/1.1`" },
  UPSTREAM_PROTOCOL: { doc: 'the protocol of the response' },
  RESPONSE_CODE: { doc: 'the status that the client was told; `0` if it was told none' },
  RESPONSE_CODE_DETAILS: { doc: '`via_upstream`, `direct_response`, or the cause of the failure as in `error.type`' },
  RESPONSE_FLAGS: {
    doc: "the failure as one of Envoy's flags: `DC`, `DF`, `DPE`, `LR`, `SI`, `UC`, `UF`, `UO`, `UPE`, `UT`",
  },
  BYTES_RECEIVED: { doc: 'bytes of the request body' },
  BYTES_SENT: { doc: 'bytes of the response body' },
  DURATION: { doc: 'milliseconds from the start to the end' },
  REQUEST_DURATION: { doc: 'milliseconds from the start until all of the request was on its way to the destination' },
  REQUEST_TX_DURATION: { doc: 'the same' },
  RESPONSE_DURATION: { doc: 'milliseconds from the start to the head of the response' },
  RESPONSE_TX_DURATION: { doc: 'milliseconds from the head of the response to the end' },
  UPSTREAM_HOST: { doc: 'address and port that the request was sent to' },
  UPSTREAM_REQUEST_ATTEMPT_COUNT: { doc: 'connections that were tried' },
  DOWNSTREAM_REMOTE_ADDRESS: { doc: 'address and port of the client' },
  DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: { doc: 'address of the client' },
  DOWNSTREAM_REMOTE_PORT: { doc: 'port of the client' },
  REQUEST_ID: { doc: "outspan's id of the exchange, as in error pages" },
  TRACE_ID: { doc: 'the trace id, 32 hexadecimal digits' },
  SPAN_ID: { doc: 'the id of the exported span' },
} as const satisfies Record<string, Operator>

export type OperatorName = keyof typeof operatorRows

/** Every operator, by its name. */
export const operators: Readonly<Record<OperatorName, Operator>> = operatorRows

/** The names that FIELD knows: those of the JSON record, in its order. */
export const recordFields = [
  'timestamp',
  'request.id',
  'http.request.method',
  'url.full',
  'server.address',
  'server.port',
  'network.protocol.version',
  'network.peer.address',
  'network.peer.port',
  'client.address',
  'http.response.status_code',
  'proxy.response.status_code',
  'error.type',
  'http.request.body.size',
  'http.response.body.size',
  'duration',
  'timings',
  'attempts',
  'trace_id',
  'span_id',
  'parent_span_id',
  'sampled',
  'user_agent.original',
  'url.template',
  'service.peer.name',
] as const

/** What may stand behind a percent sign in the format of a time, beside fractions of a second such as `%3f`. */
export const timeSpecifiers = 'YmdeHMSybajFTzZs%'

const pseudoHeaders: Readonly<Record<string, readonly string[]>> = {
  REQ: [':method', ':scheme', ':authority', ':path'],
  RESP: [':status'],
}

export interface OperatorCall {
  readonly operator: OperatorName
  /** A header's name in lower case, the format of a time, the name of a field or an attribute. */
  readonly argument: string | undefined
  /** The header to take where the first one is not there. */
  readonly alternative: string | undefined
  /** Characters of a header's value that are written at most. */
  readonly maxLength: number | undefined
}

/** Text, and operators between it. */
export type AccessTemplate = readonly (string | OperatorCall)[]

/** `json`, or a template with what it came from. */
export interface AccessLogFormat {
  readonly text: string
  /** undefined for JSON */
  readonly template: AccessTemplate | undefined
}

/** What `text` stands for. */
export const TEXT_TEMPLATE =
  '%START_TIME% %SUMMARY% client=%DOWNSTREAM_REMOTE_ADDRESS% request=%REQUEST_ID% trace=%TRACE_ID%'

const PERCENT = '%'
const NAME = /^[A-Z_]+/i
const MAX_LENGTH = /^:([0-9]{1,6})$/

/** Reads a template. One line break at its end may stand there, as in Envoy's: each exchange has a line of its own anyway. */
export function readTemplate(text: string): AccessTemplate | Problem {
  const line = text.replace(/\r?\n$/, '')
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(line)) return new Problem('holds a line break or another control character')
  const parts: (string | OperatorCall)[] = []
  let literal = ''
  for (let at = 0; at < line.length; ) {
    const percent = line.indexOf(PERCENT, at)
    literal += line.slice(at, percent < 0 ? line.length : percent)
    if (percent < 0) break
    if (line[percent + 1] === PERCENT) {
      literal += PERCENT
      at = percent + 2
      continue
    }
    const end = endOf(line, percent + 1)
    if (end === undefined) return unclosed(line.slice(percent))
    const call = readCall(line.slice(percent + 1, end))
    if (call instanceof Problem) return call
    if (literal !== '') parts.push(literal)
    literal = ''
    parts.push(call)
    at = end + 1
  }
  if (literal !== '') parts.push(literal)
  return parts
}

const known = `there are ${Object.keys(operators).join(', ')}`

function unclosed(text: string): Problem {
  return new Problem(`has ${text.slice(0, 40)}, an operator without its closing %; ${known}, and %% is a percent sign`)
}

/** The index of the percent sign that closes an operator: those in its parentheses are its own. */
function endOf(line: string, start: number): number | undefined {
  const percent = line.indexOf(PERCENT, start)
  const open = line.indexOf('(', start)
  if (percent < 0) return undefined
  if (open < 0 || open > percent) return percent
  const close = line.indexOf(')', open)
  const end = close < 0 ? -1 : line.indexOf(PERCENT, close)
  return end < 0 ? undefined : end
}

/** @param text what stands between the percent signs */
function readCall(text: string): OperatorCall | Problem {
  const name = NAME.exec(text)?.[0] ?? ''
  const operator = name as OperatorName
  if (!Object.hasOwn(operators, name)) {
    return new Problem(`has %${text}%, which is no operator; ${known}`)
  }
  const { takes } = operators[operator]
  const close = text.lastIndexOf(')')
  const inside = text[name.length] === '(' && close > 0 ? text.slice(name.length + 1, close) : undefined
  const rest = text.slice(inside === undefined ? name.length : close + 1)
  const wrong = (words: string) => new Problem(`has %${text}%: ${words}`)
  if (inside !== undefined && takes === undefined) return wrong(`${name} takes nothing in parentheses`)
  if (takes === 'header') return readHeaderCall(operator, inside, rest, wrong)
  if (rest !== '') return wrong(`"${rest}" is not expected there`)
  if (takes === 'time' && inside !== undefined) {
    const unknown = unknownSpecifier(inside)
    if (unknown)
      return wrong(
        `${unknown} means nothing there; there are ${[...timeSpecifiers].map((each) => `%${each}`).join(' ')} and %3f, %6f`,
      )
  }
  if (takes === 'field' && !(recordFields as readonly string[]).includes(inside ?? '')) {
    return wrong(`it names no field of the record; there are ${recordFields.join(', ')}`)
  }
  if (takes === 'attribute' && !inside) return wrong(`${name} wants the name of an attribute: %${name}(NAME)%`)
  return { operator, argument: inside, alternative: undefined, maxLength: undefined }
}

function readHeaderCall(
  operator: OperatorName,
  inside: string | undefined,
  rest: string,
  wrong: (words: string) => Problem,
): OperatorCall | Problem {
  const [argument = '', alternative, ...more] = (inside ?? '').toLowerCase().split('?')
  const isName = (name: string) => isToken(name) || pseudoHeaders[operator]?.includes(name) === true
  if (!isName(argument) || (alternative !== undefined && !isName(alternative)) || more.length > 0) {
    return wrong(
      `${operator} wants a header, or one and another for where it is not there: %${operator}(NAME)%, %${operator}(NAME?OTHER)%; with a colon there are only ${pseudoHeaders[operator]?.join(', ')}`,
    )
  }
  const [, maxLength] = MAX_LENGTH.exec(rest) ?? []
  if (rest !== '' && !(Number(maxLength) > 0)) return wrong(`"${rest}" is no greatest length, such as :40`)
  return { operator, argument, alternative, maxLength: maxLength === undefined ? undefined : Number(maxLength) }
}

/** A specifier of a time format that is none. */
function unknownSpecifier(format: string): string | undefined {
  for (let at = format.indexOf(PERCENT); at >= 0; at = format.indexOf(PERCENT, at + 2)) {
    const next = format[at + 1] ?? ''
    if (/^[1-9]f/.test(format.slice(at + 1, at + 3)) || next === 'f') continue
    if (next === '' || !timeSpecifiers.includes(next)) return `%${next}`
  }
  return undefined
}
