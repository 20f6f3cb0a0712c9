/**
 * Hostile peers on real sockets, as tables. A hostile request is answered in words, counted by its reason, and nothing of
 * it or behind it is forwarded. A hostile response makes a 502 or a broken connection, costs its own upstream connection,
 * and leaves everybody else alone.
 */
import type { Socket } from 'node:net'
import type { FaultCode } from '../../src/model/fault'
import { NodeReader } from '../http1/node-parser'
import { eventually, pass, type RunningProxy, startProxy } from '../support/proxy'
import { ask, OK, RawClient, type RawOrigin, startOrigin } from '../support/sockets'

let proxy: RunningProxy
let origin: RawOrigin
let answer: (socket: Socket, received: string) => void

/** Each exchange has an upstream connection of its own, so that rows don't meet. */
const plainAnswer = (socket: Socket): void => {
  socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfine')
}

beforeAll(async () => {
  proxy = await startProxy()
  origin = await startOrigin((socket, received) => answer(socket, received))
})

beforeEach(() => {
  answer = plainAnswer
})

afterAll(async () => {
  await origin.close()
  await proxy.stop()
})

/** Puts the origin's address where a text says ORIGIN. */
const addressed = (text: string): string => text.replaceAll('ORIGIN', `127.0.0.1:${origin.port}`)

/** Exchanges that ended for that reason so far. */
async function counted(reason: string): Promise<number> {
  const text = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
  let sum = 0
  for (const [, labels = '', value] of text.matchAll(/^outspan_exchanges_total\{([^}]*)\} (\d+)/gm)) {
    if (labels.includes(`error_type="${reason}"`)) sum += Number(value)
  }
  return sum
}

/** Waits until exactly so many ended for that reason. */
async function becomesCounted(reason: string, count: number): Promise<void> {
  await eventually(async () => (await counted(reason)) === count || undefined, `${count} counted as ${reason}`)
}

const requestLine = 'GET http://ORIGIN/ HTTP/1.1\r\n'
const host = 'Host: ORIGIN\r\n'
const get = (lines: string): string => `${requestLine}${host}${lines}\r\n`
const post = (lines: string, body: string): string =>
  `POST http://ORIGIN/ HTTP/1.1\r\n${host}${lines}${lines === '' ? '' : '\r\n'}\r\n${body}`
const chunked = (body: string): string => post('Transfer-Encoding: chunked', body)
const targeting = (target: string): string => `GET ${target} HTTP/1.1\r\n${host}\r\n`
const connecting = (target: string): string => `CONNECT ${target} HTTP/1.1\r\n${host}\r\n`
const hosted = (...values: string[]): string =>
  `${requestLine}${values.map((value) => `Host:${value}\r\n`).join('')}\r\n`
/** What a hostile request would have the proxy forward. */
const smuggled = 'GET http://ORIGIN/smuggled HTTP/1.1\r\nHost: ORIGIN\r\n\r\n'

type RequestRow = readonly [name: string, bytes: string, status: number, reason: FaultCode]

const framings: RequestRow[] = [
  ['length and coding', post('Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n'), 400, 'bad_framing'],
  ['coding and length', post('Transfer-Encoding: chunked\r\nContent-Length: 5', '0\r\n\r\n'), 400, 'bad_framing'],
  ['coding and length 0', post('Transfer-Encoding: chunked\r\nContent-Length: 0', '0\r\n\r\n'), 400, 'bad_framing'],
  ['two lengths', post('Content-Length: 5\r\nContent-Length: 6', 'hello!'), 400, 'bad_length'],
  ['the same length twice', post('Content-Length: 5\r\nContent-Length: 5', 'hello'), 400, 'bad_length'],
  ['a list of equal lengths', post('Content-Length: 5, 5', 'hello'), 400, 'bad_length'],
  ['a list of lengths', post('Content-Length: 5,6', 'hello!'), 400, 'bad_length'],
  ['a length with a plus sign', post('Content-Length: +5', 'hello'), 400, 'bad_length'],
  ['a negative length', post('Content-Length: -5', ''), 400, 'bad_length'],
  ['a hexadecimal length', post('Content-Length: 0x5', 'hello'), 400, 'bad_length'],
  ['an empty length', post('Content-Length:', ''), 400, 'bad_length'],
  ['a length above 2^53', post('Content-Length: 9007199254740993', 'x'), 400, 'bad_length'],
  ['a length above 2^64', post('Content-Length: 18446744073709551621', 'hello'), 400, 'bad_length'],
  ['a length with an exponent', post('Content-Length: 1e1', 'hello'), 400, 'bad_length'],
  ['a length with a tab behind it', post('Content-Length: 5\t', 'hello'), 400, 'bad_length'],
  ['a length and a space before its colon', post('Content-Length : 5', 'hello'), 400, 'bad_field_line'],
  ['a malformed length on GET', get('Content-Length: x\r\n'), 400, 'bad_length'],
  ['a coding before chunked', post('Transfer-Encoding: gzip, chunked', '0\r\n\r\n'), 501, 'unknown_transfer_coding'],
  ['identity, chunked', post('Transfer-Encoding: identity, chunked', '0\r\n\r\n'), 501, 'unknown_transfer_coding'],
  ['identity alone', post('Transfer-Encoding: identity', ''), 400, 'bad_framing'],
  ['chunked before another coding', post('Transfer-Encoding: chunked, gzip', '0\r\n\r\n'), 400, 'bad_framing'],
  ['chunked twice', post('Transfer-Encoding: chunked, chunked', '0\r\n\r\n'), 400, 'bad_framing'],
  ['two lines of chunked', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', ''), 400, 'bad_framing'],
  ['chunked and an empty one', post('Transfer-Encoding: chunked\r\nTransfer-Encoding:', ''), 400, 'bad_framing'],
  ['xchunked', post('Transfer-Encoding: xchunked', '0\r\n\r\n'), 400, 'bad_framing'],
  ['chunked in quotes', post('Transfer-Encoding: "chunked"', '0\r\n\r\n'), 400, 'bad_framing'],
  ['chunked with a parameter', post('Transfer-Encoding: chunked;q=1', '0\r\n\r\n'), 400, 'bad_framing'],
  ['chunked with a comma', post('Transfer-Encoding: chunked,', '0\r\n\r\n'), 400, 'bad_framing'],
  ['chunked with a tab behind it', post('Transfer-Encoding: chunked\t', '0\r\n\r\n'), 400, 'bad_framing'],
  ['chunked with a form feed', post('Transfer-Encoding: \x0cchunked', '0\r\n\r\n'), 400, 'bad_field_line'],
  ['chunked with a no-break space', post('Transfer-Encoding: chunked\xa0', '0\r\n\r\n'), 400, 'bad_framing'],
  ['chunked and a space before its colon', post('Transfer-Encoding : chunked', '0\r\n\r\n'), 400, 'bad_field_line'],
  ['chunked in HTTP/1.0', chunked('0\r\n\r\n').replace('HTTP/1.1', 'HTTP/1.0'), 400, 'bad_framing'],
  ['an empty coding', post('Transfer-Encoding:', ''), 400, 'bad_framing'],
  [
    'CONNECT with a length',
    connecting('ORIGIN').replace('\r\n\r\n', '\r\nContent-Length: 5\r\n\r\nhello'),
    400,
    'bad_framing',
  ],
  [
    'CONNECT with chunks',
    connecting('ORIGIN').replace('\r\n\r\n', '\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
    400,
    'bad_framing',
  ],
]

const bodies: RequestRow[] = (
  [
    ['no chunk size', '\r\nhello\r\n0\r\n\r\n'],
    ['a chunk size with a sign', '+5\r\nhello\r\n0\r\n\r\n'],
    ['a negative chunk size', '-5\r\nhello\r\n0\r\n\r\n'],
    ['0x in a chunk size', '0x5\r\nhello\r\n0\r\n\r\n'],
    ['a space before a chunk size', ' 5\r\nhello\r\n0\r\n\r\n'],
    ['a space behind a chunk size', '5 \r\nhello\r\n0\r\n\r\n'],
    ['a chunk size that overflows', '10000000000000005\r\nhello\r\n0\r\n\r\n'],
    ['LF behind a chunk size', '5\nhello\r\n0\r\n\r\n'],
    ['CR behind a chunk size', '5\rhello\r\n0\r\n\r\n'],
    ['no CRLF behind the data', '5\r\nhello0\r\n\r\n'],
    ['LF behind the data', '5\r\nhello\n0\r\n\r\n'],
    ['more data than said', '5\r\nhello!\r\n0\r\n\r\n'],
    ['an empty chunk extension', '5;\r\nhello\r\n0\r\n\r\n'],
    ['two semicolons', '5;;a\r\nhello\r\n0\r\n\r\n'],
    ['LF in a chunk extension', '5;a\nb\r\nhello\r\n0\r\n\r\n'],
    ['an open quotation in a chunk extension', '5;a="\r\nhello\r\n0\r\n\r\n'],
    ['LF as the last line', '0\r\n\n'],
    ['a length in the trailers', '0\r\nContent-Length: 5\r\n\r\n'],
    ['a coding in the trailers', '0\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a host in the trailers', '0\r\nHost: a\r\n\r\n'],
    ['Connection in the trailers', '0\r\nConnection: close\r\n\r\n'],
    ['a folded trailer', '0\r\nA: b\r\n c\r\n\r\n'],
    ['a space before the colon of a trailer', '0\r\nA : b\r\n\r\n'],
    ['NUL in a trailer', '0\r\nA: \0\r\n\r\n'],
  ] as const
).map(([name, body]) => [name, chunked(body), 400, 'bad_body'])

const heads: RequestRow[] = [
  ['no request line', 'hello\r\n\r\n', 400, 'bad_request_line'],
  ['HTTP/0.9', 'GET http://ORIGIN/\r\n', 400, 'bad_request_line'],
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, 'bad_request_line'],
  ['SOCKS', '\x05\x01\x00', 400, 'bad_request_line'],
  ['a space before the method', ` ${get('')}`, 400, 'bad_request_line'],
  ['LF before the method', `\n${get('')}`, 400, 'bad_request_line'],
  ['seventeen empty lines', `${'\r\n'.repeat(17)}${get('')}`, 400, 'bad_request_line'],
  ['two spaces before the target', `GET  http://ORIGIN/ HTTP/1.1\r\n${host}\r\n`, 400, 'bad_request_line'],
  ['a tab before the target', `GET\thttp://ORIGIN/ HTTP/1.1\r\n${host}\r\n`, 400, 'bad_request_line'],
  ['a space behind the version', `GET http://ORIGIN/ HTTP/1.1 \r\n${host}\r\n`, 400, 'bad_request_line'],
  ['LF behind the request line', `GET http://ORIGIN/ HTTP/1.1\n${host}\r\n`, 400, 'bad_request_line'],
  ['CR behind the request line', `GET http://ORIGIN/ HTTP/1.1\r${host}\r\n`, 400, 'bad_request_line'],
  ['CR CR LF behind the request line', `GET http://ORIGIN/ HTTP/1.1\r\r\n${host}\r\n`, 400, 'bad_request_line'],
  ['a bracket in the method', `G[T http://ORIGIN/ HTTP/1.1\r\n${host}\r\n`, 400, 'bad_request_line'],
  ['http in small letters', `GET http://ORIGIN/ http/1.1\r\n${host}\r\n`, 400, 'bad_request_line'],
  ['HTTP/1.10', `GET http://ORIGIN/ HTTP/1.10\r\n${host}\r\n`, 400, 'bad_request_line'],
  ['HTTP/1.2', `GET http://ORIGIN/ HTTP/1.2\r\n${host}\r\n`, 505, 'unknown_version'],
  ['HTTP/2.0', `GET http://ORIGIN/ HTTP/2.0\r\n${host}\r\n`, 505, 'unknown_version'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505, 'unknown_version'],
  ['a folded line', get('X: a\r\n b\r\n'), 400, 'folded_line'],
  ['a line folded by a tab', get('X: a\r\n\tb\r\n'), 400, 'folded_line'],
  ['a fold that hides a length', get('X: a\r\n Content-Length: 5\r\n'), 400, 'folded_line'],
  ['a space before the first line', `${requestLine} ${host}\r\n`, 400, 'bad_field_line'],
  ['a space before a colon', get('X : a\r\n'), 400, 'bad_field_line'],
  ['a tab before a colon', get('X\t: a\r\n'), 400, 'bad_field_line'],
  ['no name', get(': a\r\n'), 400, 'bad_field_line'],
  ['no colon', get('X\r\n'), 400, 'bad_field_line'],
  ['a space in a name', get('X Y: a\r\n'), 400, 'bad_field_line'],
  ['an 8-bit name', get('X\xe4: a\r\n'), 400, 'bad_field_line'],
  ['LF in the lines', get('X: a\nY: b\r\n'), 400, 'bad_field_line'],
  ['CR in a value', get('X: a\rY: b\r\n'), 400, 'bad_field_line'],
  ['LF LF as the end', `${requestLine}${host}X: a\n\n`, 400, 'bad_field_line'],
  ['NUL in a value', get('X: a\0b\r\n'), 400, 'bad_field_line'],
  ['NUL in a name', get('X\0: a\r\n'), 400, 'bad_field_line'],
  ['a control byte in a value', get('X: a\x01b\r\n'), 400, 'bad_field_line'],
  ['DEL in a value', get('X: a\x7fb\r\n'), 400, 'bad_field_line'],
  ['too many lines', get('X: a\r\n'.repeat(1001)), 431, 'head_too_large'],
  ['too large a line', get(`X: ${'a'.repeat(70_000)}\r\n`), 431, 'head_too_large'],
  ['a line that never ends', `${requestLine}X: ${'a'.repeat(140_000)}`, 431, 'head_too_large'],
  ['too long a target', targeting(`http://ORIGIN/${'a'.repeat(70_000)}`), 414, 'target_too_long'],
  ['a target that never ends', `GET http://ORIGIN/${'a'.repeat(140_000)}`, 414, 'target_too_long'],
]

const targets: RequestRow[] = [
  ['no Host', `${requestLine}\r\n`, 400, 'bad_host'],
  ['two Hosts', hosted(' ORIGIN', ' ORIGIN'), 400, 'bad_host'],
  ['two Hosts that disagree', hosted(' ORIGIN', ' other.example'), 400, 'bad_host'],
  ['two Hosts in HTTP/1.0', hosted(' a', ' a').replace('HTTP/1.1', 'HTTP/1.0'), 400, 'bad_host'],
  ['a Host with a space', hosted(' a b'), 400, 'bad_host'],
  ['a Host with a path', hosted(' ORIGIN/'), 400, 'bad_host'],
  ['a Host with userinfo', hosted(' u@ORIGIN'), 400, 'bad_host'],
  ['a Host with a word for a port', hosted(' a:http'), 400, 'bad_host'],
  ['a Host with an open bracket', hosted(' [::1'), 400, 'bad_host'],
  ['an 8-bit Host', hosted(' \xe4'), 400, 'bad_host'],
  ['CONNECT without Host', 'CONNECT ORIGIN HTTP/1.1\r\n\r\n', 400, 'bad_host'],
  ['a path alone', targeting('/'), 400, 'origin_form'],
  ['an asterisk', `OPTIONS * HTTP/1.1\r\n${host}\r\n`, 400, 'origin_form'],
  ['https', targeting('https://ORIGIN/'), 400, 'https_target'],
  ['another scheme', targeting('ftp://ORIGIN/'), 400, 'unknown_scheme'],
  ['a fragment', targeting('http://ORIGIN/#x'), 400, 'bad_target'],
  ['no host in the target', targeting('http:///x'), 400, 'bad_target'],
  ['one slash', targeting('http:/ORIGIN/'), 400, 'bad_target'],
  ['two at signs', targeting('http://a@b@ORIGIN/'), 400, 'bad_target'],
  ['a backslash in the authority', targeting('http://ORIGIN\\@other.example/'), 400, 'bad_target'],
  ['port 0', targeting('http://127.0.0.1:0/'), 400, 'bad_target'],
  ['port 65536', targeting('http://127.0.0.1:65536/'), 400, 'bad_target'],
  ['an open bracket', targeting('http://[::1/'), 400, 'bad_target'],
  ['a zone id', targeting('http://[fe80::1%25eth0]/'), 400, 'bad_target'],
  ['a space in the target', targeting('http://ORIGIN/a b'), 400, 'bad_request_line'],
  ['NUL in the target', targeting('http://ORIGIN/\0'), 400, 'bad_request_line'],
  ['an 8-bit target', targeting('http://ORIGIN/\xe4'), 400, 'bad_request_line'],
  ['CONNECT to a URL', connecting('http://ORIGIN/'), 400, 'bad_target'],
  ['CONNECT without a port', connecting('127.0.0.1'), 400, 'bad_target'],
  ['CONNECT with userinfo', connecting('u@ORIGIN'), 400, 'bad_target'],
  ['CONNECT with a path', connecting('ORIGIN/'), 400, 'bad_target'],
]

describe.each<[string, RequestRow[]]>([
  ['framing', framings],
  ['chunks', bodies],
  ['heads', heads],
  ['targets', targets],
])('hostile requests: %s', (_name, rows) => {
  test.each(rows)('%s', async (_row, bytes, status, reason) => {
    const before = await counted(reason)
    const [connections, received] = [origin.sockets.length, origin.received.join('')]
    const told = await ask(proxy.port, Buffer.from(addressed(bytes + smuggled), 'latin1'))
    const [head = '', body = '', ...more] = told.split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(head).toContain('Connection: close')
    expect(head).toContain(`Content-Length: ${body.length}`)
    expect(body).toContain(`\ncause: ${reason}\n`)
    expect(more).toEqual([])
    expect(origin.sockets.length).toBe(connections)
    expect(origin.received.join('')).toBe(received)
    await becomesCounted(reason, before + 1)
  })
})

/** How a response ends on its socket. */
type End = 'stays' | 'ends' | 'resets'

function answerWith(bytes: string, end: End): (socket: Socket, received: string) => void {
  return (socket, received) => {
    if (received.includes('/sound')) return plainAnswer(socket)
    socket.write(Buffer.from(bytes, 'latin1'))
    // The bytes have to be read before the end comes: Node.js does not tell a reset behind them from a clean end.
    if (end === 'ends') void pass(50).then(() => socket.end())
    if (end === 'resets') void pass(50).then(() => socket.resetAndDestroy())
  }
}

const ask200 = (path = '/', method = 'GET', lines = ''): string =>
  `${method} http://ORIGIN${path} HTTP/1.1\r\n${host}${lines}\r\n`

/** Others are not touched by what a destination did to one. */
async function othersAreServed(): Promise<void> {
  const told = await ask(proxy.port, addressed(ask200('/sound', 'GET', 'Connection: close\r\n')))
  expect(told).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nfine$/)
}

/** The connection with that number has been ended by the proxy. */
async function isLetGo(index: number): Promise<void> {
  await eventually(
    () => origin.sockets[index]?.readableEnded || origin.sockets[index]?.destroyed || undefined,
    'the end of the upstream connection',
  )
}

type ResponseRow = readonly [name: string, bytes: string, end: End, reason: FaultCode]

const response = (lines: string, body = ''): string => `HTTP/1.1 200 OK\r\n${lines}\r\n\r\n${body}`
const chunks = (body: string): string => response('Transfer-Encoding: chunked', body)

const malformedResponses: [name: string, bytes: string][] = [
  ['length and coding', response('Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n')],
  ['two lengths', response('Content-Length: 5\r\nContent-Length: 6', 'hello!')],
  ['the same length twice', response('Content-Length: 5\r\nContent-Length: 5', 'hello')],
  ['a list of lengths', response('Content-Length: 5, 5', 'hello')],
  ['a length with a sign', response('Content-Length: +5', 'hello')],
  ['a hexadecimal length', response('Content-Length: 0x5', 'hello')],
  ['an empty length', response('Content-Length:', 'hello')],
  ['a huge length', response('Content-Length: 18446744073709551621', 'hello')],
  ['a length with a tab behind it', response('Content-Length: 5\t', 'hello')],
  ['chunked with a tab behind it', response('Transfer-Encoding: chunked\t', '0\r\n\r\n')],
  ['gzip, chunked', response('Transfer-Encoding: gzip, chunked', '0\r\n\r\n')],
  ['chunked, gzip', response('Transfer-Encoding: chunked, gzip', '0\r\n\r\n')],
  ['identity', response('Transfer-Encoding: identity', 'hello')],
  ['xchunked', response('Transfer-Encoding: xchunked', '0\r\n\r\n')],
  ['chunked in HTTP/1.0', chunks('0\r\n\r\n').replace('HTTP/1.1', 'HTTP/1.0')],
  ['204 with a length', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello'],
  ['204 with chunks', 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a folded line', response('X: a\r\n b\r\nContent-Length: 0')],
  ['a space before a colon', response('X : a\r\nContent-Length: 0')],
  ['no name', response(': a\r\nContent-Length: 0')],
  ['LF in the lines', response('X: a\nY: b\r\nContent-Length: 0')],
  ['CR in a value', response('X: a\rY: b\r\nContent-Length: 0')],
  ['NUL in a value', response('X: \0\r\nContent-Length: 0')],
  ['NUL in the reason', 'HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n'],
  ['LF behind the status line', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'],
  ['an empty line before the status line', `\r\n${OK}`],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n'],
  ['status 099', 'HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n'],
  ['HTTP/2.0', 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['HTTP/1.2', 'HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['another protocol', '220 mail.example ESMTP\r\n'],
  ['a request', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['no head at all', '<html></html>\r\n'],
  ['101 that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
  ['an interim response in HTTP/1.0', `HTTP/1.0 100 Continue\r\n\r\n${OK}`],
  ['an interim response with a malformed length', `HTTP/1.1 103 Early Hints\r\nContent-Length: x\r\n\r\n${OK}`],
  ['an interim response with a body', `HTTP/1.1 103 Early Hints\r\nContent-Length: 2\r\n\r\nok${OK}`],
  ['a flood of interim responses', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1001)],
  ['a malformed chunk at once', chunks('x\r\n')],
  ['a chunk size that overflows', chunks('10000000000000005\r\nhello\r\n0\r\n\r\n')],
  ['a malformed chunk extension', chunks('5;;a\r\nhello\r\n0\r\n\r\n')],
  ['a length in the trailers', chunks('0\r\nContent-Length: 5\r\n\r\n')],
]

const refusedResponses: ResponseRow[] = [
  ...malformedResponses.map(([name, bytes]): ResponseRow => [name, bytes, 'stays', 'bad_response']),
  ['too many lines', response('X: a\r\n'.repeat(1001)), 'stays', 'response_head_too_large'],
  ['too large a head', response(`X: ${'a'.repeat(300_000)}`), 'stays', 'response_head_too_large'],
  ['nothing', '', 'ends', 'upstream_closed'],
  ['half a head', 'HTTP/1.1 200 OK\r\nContent-Le', 'ends', 'upstream_closed'],
  ['an interim response and no more', 'HTTP/1.1 100 Continue\r\n\r\n', 'ends', 'upstream_closed'],
  ['half a head and a reset', 'HTTP/1.1 200 OK\r\nContent-Le', 'resets', 'connection_reset'],
]

test.each(refusedResponses)('hostile responses: %s: 502', async (_name, bytes, end, reason) => {
  answer = answerWith(bytes, end)
  const before = await counted(reason)
  const index = origin.sockets.length
  // Each has a connection of its own, for the last one is spoilt; another method than GET is not sent again.
  const client = new RawClient(proxy.port).send(addressed(ask200('/', 'POST')))
  const told = await client.receives('request id: ')
  expect(told).toMatch(/^(?:HTTP\/1\.1 1\d\d [^\r]*\r\n\r\n)*HTTP\/1\.1 502 Bad Gateway\r\n/)
  expect(told).toMatch(new RegExp(`\ncause: ${reason}[ \n]`))
  await becomesCounted(reason, before + 1)
  await isLetGo(index)
  await othersAreServed()
  client.destroy()
})

const brokenResponses: ResponseRow[] = [
  ['a length that is not reached', response('Content-Length: 10', 'half'), 'ends', 'response_truncated'],
  ['a length that is not reached, by a reset', response('Content-Length: 10', 'half'), 'resets', 'response_truncated'],
  ['no last chunk', chunks('4\r\nhalf\r\n'), 'ends', 'response_truncated'],
  ['no last chunk, by a reset', chunks('4\r\nhalf\r\n'), 'resets', 'response_truncated'],
  ['half a chunk', chunks('8\r\nhalf'), 'ends', 'response_truncated'],
  ['half a last chunk', chunks('4\r\nhalf\r\n0\r\n'), 'ends', 'response_truncated'],
  ['no end of the trailers', chunks('4\r\nhalf\r\n0\r\nA: b\r\n'), 'ends', 'response_truncated'],
  ['a reset in a body until the close', 'HTTP/1.1 200 OK\r\n\r\nhalf', 'resets', 'response_truncated'],
]

test.each(brokenResponses)('hostile responses: %s: a broken connection', async (_name, bytes, end, reason) => {
  answer = answerWith(bytes, end)
  const before = await counted(reason)
  for (const version of ['1.1', '1.0']) {
    const client = new RawClient(proxy.port).send(addressed(ask200().replace('HTTP/1.1', `HTTP/${version}`)))
    expect(await client.closed()).not.toContain('502')
    expect([client.error, client.isEnded]).toEqual(['ECONNRESET', false])
  }
  await becomesCounted(reason, before + 2)
  await othersAreServed()
})

test.each([
  ['a malformed chunk', chunks('4\r\nhalf\r\n'), 'zz\r\n'],
  ['a malformed end of a chunk', chunks('4\r\nhalf'), 'xx'],
  ['a malformed last line', chunks('4\r\nhalf\r\n0\r\n'), '\n\n'],
  ['a routing field in the trailers', chunks('4\r\nhalf\r\n0\r\n'), 'Host: x\r\n\r\n'],
])('hostile responses: %s in a later read: a broken connection', async (_name, first, second) => {
  const index = origin.sockets.length
  answer = (socket, received) => (received.includes('/sound') ? plainAnswer(socket) : void socket.write(first))
  const before = await counted('bad_response')
  const client = new RawClient(proxy.port).send(addressed(ask200('/', 'POST')))
  await client.receives('half')
  origin.sockets[index]?.write(second)
  await client.closed()
  expect([client.error, client.isEnded]).toEqual(['ECONNRESET', false])
  await becomesCounted('bad_response', before + 1)
  await isLetGo(index)
  await othersAreServed()
})

describe('bytes that nobody asked for end their connection, and answer nobody', () => {
  const evil = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'
  const head200 = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n'
  const rows: readonly (readonly [name: string, method: string, bytes: string, later?: string])[] = [
    ['a second response', 'GET', OK + evil],
    ['a second response, later', 'GET', OK, evil],
    ['more than the length', 'GET', `${OK}x`],
    ['a response behind chunks', 'GET', `${chunks('2\r\nok\r\n0\r\n\r\n')}${evil}`],
    ['a response behind chunks, later', 'GET', chunks('2\r\nok\r\n0\r\n\r\n'), evil],
    ['an empty line', 'GET', `${OK}\r\n`],
    ['an empty line, later', 'GET', OK, '\r\n'],
    ['an interim response behind the final one', 'GET', `${OK}HTTP/1.1 100 Continue\r\n\r\n`],
    ['a body behind the head for HEAD', 'HEAD', `${head200}evil`],
    ['a body behind the head for HEAD, later', 'HEAD', head200, 'evil'],
    ['a response behind the head for HEAD', 'HEAD', head200 + evil],
    ['chunks behind the head for HEAD', 'HEAD', chunks('4\r\nevil\r\n0\r\n\r\n')],
    ['a body behind 204', 'GET', `HTTP/1.1 204 No Content\r\n\r\n${evil}`],
    ['a body behind 304', 'GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil'],
    ['a body behind 304, later', 'GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n', 'evil'],
  ]
  const whole = rows.map(([name, method, bytes, later = '']) => [name, method, bytes, later] as const)
  test.each(whole)('%s', async (_name, method, bytes, later) => {
    const index = origin.sockets.length
    answer = (socket, received) => (received.includes('/sound') ? plainAnswer(socket) : void socket.write(bytes))
    const client = new RawClient(proxy.port).send(addressed(ask200('/', method)))
    await client.receives(/HTTP\/1\.1 (?:200|204|304) [\s\S]*\r\n\r\n/)
    if (later !== '') origin.sockets[index]?.write(later)
    await isLetGo(index)
    client.send(addressed(ask200('/sound')))
    await client.receives(/\r\n\r\nfine$/)
    expect(client.text).not.toContain('evil')
    expect(origin.sockets.length).toBe(index + 2)
    client.destroy()
  })
})

/** Whole requests that Node.js finds in what the connection with that number has brought to the origin. */
function completeAt(index: number): number {
  const bytes = Buffer.from(origin.received[index] ?? '', 'latin1')
  const reader = new NodeReader({ side: 'requests', bytes, methods: [] })
  reader.push(bytes)
  reader.finish()
  return reader.complete
}

describe('a request that is cut short never looks whole to the destination', () => {
  const rows: [name: string, bytes: string][] = [
    ['a length that is not reached', post('Content-Length: 10', 'half')],
    ['no last chunk', chunked('4\r\nhalf\r\n')],
    ['half a chunk', chunked('8\r\nhalf')],
    ['half a last chunk', chunked('4\r\nhalf\r\n0\r\n')],
    ['no end of the trailers', chunked('4\r\nhalf\r\n0\r\nA: b\r\n')],
  ]
  const ends: [how: string, end: (client: RawClient) => void][] = [
    ['by an end', (client) => client.socket.end()],
    ['by a reset', (client) => client.socket.resetAndDestroy()],
    // Four bytes end the half chunk, and a length takes five more.
    ['by something malformed, then an end', (client) => client.send('    \0').socket.end()],
  ]
  const cases = ends.flatMap(([how, end]) => rows.map(([name, bytes]) => [`${name}, ${how}`, bytes, end] as const))
  test.each(cases)('%s', async (_name, bytes, end) => {
    const index = origin.sockets.length
    answer = () => {}
    const client = new RawClient(proxy.port).send(addressed(bytes))
    await eventually(() => origin.received[index]?.includes('half') || undefined, 'the first half')
    end(client)
    await isLetGo(index)
    expect(completeAt(index)).toBe(0)
    client.destroy()
  })
})

test.each([
  ['chunk extension', `5;${'a'.repeat(100_000)}\r\nhello\r\n0\r\n\r\n`],
  ['trailers', `0\r\n${`A: ${'b'.repeat(1000)}\r\n`.repeat(200)}\r\n`],
])('a flood of %s is refused before its end', async (_name, body) => {
  const index = origin.sockets.length
  answer = () => {}
  const before = await counted('bad_body')
  const told = await ask(proxy.port, addressed(chunked(body)))
  expect(told).toMatch(/^HTTP\/1\.1 400 [\s\S]*\ncause: bad_body\n/)
  await becomesCounted('bad_body', before + 1)
  expect(completeAt(index)).toBe(0)
})

describe('what looks odd and is allowed', () => {
  const rows: [name: string, bytes: string, arrives: string][] = [
    ['sixteen empty lines before', '\r\n'.repeat(16) + get(''), `GET / HTTP/1.1\r\n${host}`],
    ['a Host that disagrees: the target wins', hosted(' other.example'), `GET / HTTP/1.1\r\n${host}`],
    ['an empty Host', hosted(''), `GET / HTTP/1.1\r\n${host}`],
    ['no Host in HTTP/1.0', 'GET http://ORIGIN/ HTTP/1.0\r\n\r\n', `GET / HTTP/1.1\r\n${host}`],
    ['a method that nobody knows', get('').replace('GET', 'M-x'), 'M-x / HTTP/1.1\r\n'],
    ['a body on GET', get('Content-Length: 2\r\n').concat('ab'), '\r\n\r\nab'],
    ['zeros before a length', post('Content-Length: 0002', 'ab'), '\r\n\r\nab'],
    ['chunk extensions', chunked('2;a;b=c;d="\\"e"\r\nab\r\n0;f\r\n\r\n'), '2;a;b=c;d="\\"e"\r\nab\r\n0;f\r\n\r\n'],
    ['trailers', chunked('0\r\nA: b\r\n\r\n'), '0\r\nA: b\r\n\r\n'],
    ['8-bit values', get('X: \xe4\xff\r\n'), 'X: \xe4\xff\r\n'],
    ['an empty value', get('X:\r\n'), 'X:\r\n'],
  ]
  test.each(rows)('%s', async (_name, bytes, arrives) => {
    const before = origin.received.join('').length
    const client = new RawClient(proxy.port).send(Buffer.from(addressed(bytes), 'latin1'))
    await client.receives('200 OK')
    const received = () => origin.received.join('').slice(before)
    await eventually(() => received().includes(addressed(arrives)) || undefined, arrives)
    client.destroy()
  })
})

test('an interim response travels without what frames a body or is for one connection', async () => {
  answer = (socket) => {
    socket.write(
      `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nContent-Length: 5\r\nConnection: close, X-Y\r\nX-Y: z\r\n\r\n`,
    )
    plainAnswer(socket)
  }
  const client = new RawClient(proxy.port).send(addressed(ask200()))
  expect(await client.receives('fine')).toMatch(
    /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/x>\r\n\r\nHTTP\/1\.1 200 OK\r\n/,
  )
  client.destroy()
})
