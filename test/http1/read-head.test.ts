import { scanBody } from '../../src/http1/body'
import { excessOf, readRequestHead, readResponseHead, skipEmptyLines } from '../../src/http1/read-head'
import { writeRequestHead, writeResponseHead } from '../../src/http1/write-head'
import type { FaultCode } from '../../src/model/fault'
import type { RequestHead, ResponseHead } from '../../src/model/head'
import { type Seeded, seeded } from '../support/random'

const latin1 = (text: string) => Buffer.from(text, 'latin1')
const readRequest = (text: string) => readRequestHead(latin1(text), 0)
const readResponse = (text: string) => readResponseHead(latin1(text), 0)
const withLines = (...lines: string[]) => `GET / HTTP/1.1\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`

describe('a request head', () => {
  test.each<[string, Omit<RequestHead, 'size'>]>([
    ['GET / HTTP/1.1\r\n\r\n', { method: 'GET', target: '/', minor: 1, lines: [] }],
    ['GET / HTTP/1.0\r\n\r\n', { method: 'GET', target: '/', minor: 0, lines: [] }],
    ['OPTIONS * HTTP/1.1\r\n\r\n', { method: 'OPTIONS', target: '*', minor: 1, lines: [] }],
    ['CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', { method: 'CONNECT', target: 'a:1', minor: 1, lines: ['Host: a:1'] }],
    ["!#$%&'*+-.^_`|~aZ09 / HTTP/1.1\r\n\r\n", { method: "!#$%&'*+-.^_`|~aZ09", target: '/', minor: 1, lines: [] }],
    ['get /?a#b"<>\\^`{|} HTTP/1.1\r\n\r\n', { method: 'get', target: '/?a#b"<>\\^`{|}', minor: 1, lines: [] }],
    [
      'POST http://a.example/b?c HTTP/1.1\r\nHost: a.example\r\nX:\r\nx: \t y\t\r\nA: 1\r\na:2\r\n\r\n',
      {
        method: 'POST',
        target: 'http://a.example/b?c',
        minor: 1,
        lines: ['Host: a.example', 'X:', 'x: \t y\t', 'A: 1', 'a:2'],
      },
    ],
  ])('%j', (text, expected) => {
    expect(readRequest(text)).toEqual({ ...expected, size: text.length })
  })

  test('is cut out of the bytes around it', () => {
    const before = 'GET /other HTTP/1.0\r\n\r\n'
    const text = 'PUT /x HTTP/1.1\r\nA: b\r\n\r\n'
    const bytes = latin1(`${before}${text}body\r\n\r\n`)
    const head = readRequestHead(bytes, before.length)
    expect(head).toEqual({ method: 'PUT', target: '/x', minor: 1, lines: ['A: b'], size: text.length })
  })

  test.each<[string, FaultCode]>([
    ['\r\n\r\n', 'bad_request_line'],
    ['GET\r\n\r\n', 'bad_request_line'],
    ['GET \r\n\r\n', 'bad_request_line'],
    ['GET /\r\n\r\n', 'bad_request_line'],
    ['GET / \r\n\r\n', 'bad_request_line'],
    [' GET / HTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['\tGET / HTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['\rGET / HTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['\nGET / HTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['GET  / HTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['GET /  HTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['GET / HTTP/1.1 \r\n\r\n', 'bad_request_line'],
    ['GET\t/ HTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['GET /\tHTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['GET /a b HTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['GET\x0b/ HTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['GET / HTTP/1.1\n\r\n\r\n', 'bad_request_line'],
    ['GET / HTTP/1.1\nHost: a\r\n\r\n', 'bad_request_line'],
    ['GET / HTTP/1.1\rHost: a\r\n\r\n', 'bad_request_line'],
    ['GET / HTTP/1.1\r\r\n\r\n', 'bad_request_line'],
    ['GET /\r HTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['GET /\n HTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['GET /\x00 HTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['GET /\x7f HTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['GET /\xe4 HTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['GET /\xff HTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['G\xc4T / HTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['G(T / HTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['GET: / HTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['G@T / HTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['"GET" / HTTP/1.1\r\n\r\n', 'bad_request_line'],
    ['GET / http/1.1\r\n\r\n', 'bad_request_line'],
    ['GET / Http/1.1\r\n\r\n', 'bad_request_line'],
    ['GET / HTTP/1\r\n\r\n', 'bad_request_line'],
    ['GET / HTTP/1.\r\n\r\n', 'bad_request_line'],
    ['GET / HTTP/.1\r\n\r\n', 'bad_request_line'],
    ['GET / HTTP/1.10\r\n\r\n', 'bad_request_line'],
    ['GET / HTTP/01.1\r\n\r\n', 'bad_request_line'],
    ['GET / HTTP/1,1\r\n\r\n', 'bad_request_line'],
    ['GET / HTTP/a.b\r\n\r\n', 'bad_request_line'],
    ['GET / HTTP/1.1x\r\n\r\n', 'bad_request_line'],
    ['GET / HTTP/+1.1\r\n\r\n', 'bad_request_line'],
    ['GET / HTTP 1.1\r\n\r\n', 'bad_request_line'],
    ['GET / HTTPS/1.1\r\n\r\n', 'bad_request_line'],
    ['GET / ICY/1.1\r\n\r\n', 'bad_request_line'],
    ['GET / HTTP/1.1\xa0\r\n\r\n', 'bad_request_line'],
    ['GET / HTTP/0.9\r\n\r\n', 'unknown_version'],
    ['GET / HTTP/1.2\r\n\r\n', 'unknown_version'],
    ['GET / HTTP/1.9\r\n\r\n', 'unknown_version'],
    ['GET / HTTP/2.0\r\n\r\n', 'unknown_version'],
    ['GET / HTTP/3.0\r\n\r\n', 'unknown_version'],
    ['PRI * HTTP/2.0\r\n\r\n', 'unknown_version'],
    ['GET / HTTP/1.2\r\nbad line\r\n\r\n', 'unknown_version'],
  ])('%j: %s', (text, fault) => {
    expect(readRequest(text)).toBe(fault)
  })
})

/** Field lines by themselves, and whether they can stand in a head. */
const fieldLines: [string, boolean][] = [
  ['A: b', true],
  ['A:b', true],
  ['A:', true],
  ['A: ', true],
  ['A:\tb\t', true],
  ['A: :', true],
  ['A: b: c', true],
  ['A: "\\"', true],
  ['A: \x21\x7e', true],
  ['A: \x80\xa0\xe4\xff', true],
  ['1: b', true],
  ["!#$%&'*+-.^_`|~: b", true],
  [`${'a'.repeat(100)}: ${'b'.repeat(100)}`, true],
  ['A', false],
  ['A b', false],
  [': b', false],
  [' : b', false],
  ['A : b', false],
  ['A\t: b', false],
  ['A\x0b: b', false],
  [' A: b', false],
  ['\tA: b', false],
  ['A: b\r\n c', false],
  ['A: b\r\n\tc', false],
  ['A:\r\n b', false],
  ['A: b\r\n ', false],
  ['A: b\nC: d', false],
  ['A: b\n', false],
  ['\nA: b', false],
  ['A: b\n c', false],
  ['A: b\rC: d', false],
  ['A: b\r', false],
  ['A: \rb', false],
  ['\rA: b', false],
  ['A\r: b', false],
  ['A\n: b', false],
  ['A: \x00', false],
  ['A\x00: b', false],
  ['A: \x01', false],
  ['A: \x08', false],
  ['A: \x0b', false],
  ['A: \x0c', false],
  ['A: \x1b', false],
  ['A: \x1f', false],
  ['A: \x7f', false],
  ['A\x7f: b', false],
  ['\xc4: b', false],
  ['A\xa0: b', false],
  ['A\xff: b', false],
  ['A(: b', false],
  ['A): b', false],
  ['A,B: b', false],
  ['A/B: b', false],
  ['A;: b', false],
  ['A<>: b', false],
  ['A=: b', false],
  ['A?: b', false],
  ['A@: b', false],
  ['[A]: b', false],
  ['A\\: b', false],
  ['{A}: b', false],
  ['"A": b', false],
]

describe('field lines', () => {
  test.each(fieldLines)('%j: %p', (line, isValid) => {
    for (const lines of [[line], ['X: y', line], [line, 'X: y'], ['X: y', line, 'Y: z']]) {
      const text = withLines(...lines)
      const request = readRequest(text)
      // White space at the begin of any line but the first folds it.
      const fault = /(?<!HTTP\/1\.1)\r\n[ \t]/.test(text) ? 'folded_line' : 'bad_field_line'
      expect(request).toEqual(isValid ? { method: 'GET', target: '/', minor: 1, lines, size: text.length } : fault)
      const answer = text.replace('GET / HTTP/1.1', 'HTTP/1.1 200 OK')
      const response = readResponse(answer)
      expect(response).toEqual(
        isValid ? { status: 200, reason: 'OK', minor: 1, lines, size: answer.length } : 'bad_response',
      )
    }
  })

  test.each(fieldLines)('%j as a trailer: %p', (line, isValid) => {
    const text = `0\r\n${line}\r\n\r\n`
    expect(scanBody('chunked').scan(latin1(text), 0)).toBe(isValid ? text.length : -1)
  })

  test('an empty line ends them', () => {
    expect(readRequest('GET / HTTP/1.1\r\n\r\nX: y\r\n\r\n')).toMatchObject({ lines: [], size: 18 })
    expect(readRequest('GET / HTTP/1.1\r\nA: b\r\n\r\nX: y\r\n\r\n')).toMatchObject({ lines: ['A: b'], size: 24 })
  })

  test('every byte in a value is kept or refused by its class', () => {
    for (let byte = 0; byte < 256; byte++) {
      const character = String.fromCharCode(byte)
      const isValue = byte === 9 || (byte >= 0x20 && byte !== 0x7f)
      const head = readRequest(withLines(`A: x${character}y`))
      expect([byte, head]).toEqual([
        byte,
        isValue ? { method: 'GET', target: '/', minor: 1, lines: [`A: x${character}y`], size: 26 } : 'bad_field_line',
      ])
    }
  })

  test('every byte in a name is kept or refused by its class', () => {
    for (let byte = 0; byte < 256; byte++) {
      const character = String.fromCharCode(byte)
      if (character === ':') continue
      const isToken = /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(character)
      expect([byte, typeof readRequest(withLines(`A${character}B: x`))]).toEqual([byte, isToken ? 'object' : 'string'])
    }
  })

  test.each([
    [999, 'object'],
    [1000, 'object'],
    [1001, 'head_too_large'],
    [20_000, 'head_too_large'],
  ])('%i of them: %s', (count, expected) => {
    const lines = Array.from({ length: count }, (_, i) => `X-${i}: ${i}`)
    const request = readRequest(withLines(...lines))
    expect(typeof request === 'string' ? request : typeof request).toBe(expected)
    const response = readResponse(withLines(...lines).replace('GET / HTTP/1.1', 'HTTP/1.1 200 OK'))
    expect(typeof response === 'string').toBe(expected !== 'object')
    if (typeof response === 'string') expect(response).toBe('response_head_too_large')
  })
})

describe('a response head', () => {
  test.each<[string, Omit<ResponseHead, 'size'>]>([
    ['HTTP/1.1 200 OK\r\n\r\n', { status: 200, reason: 'OK', minor: 1, lines: [] }],
    ['HTTP/1.0 200 OK\r\n\r\n', { status: 200, reason: 'OK', minor: 0, lines: [] }],
    ['HTTP/1.1 404 Not Found\r\nA: b\r\n\r\n', { status: 404, reason: 'Not Found', minor: 1, lines: ['A: b'] }],
    ['HTTP/1.1 200 \r\n\r\n', { status: 200, reason: '', minor: 1, lines: [] }],
    ['HTTP/1.1 200\r\n\r\n', { status: 200, reason: '', minor: 1, lines: [] }],
    ['HTTP/1.1 200\r\nA: b\r\n\r\n', { status: 200, reason: '', minor: 1, lines: ['A: b'] }],
    ['HTTP/1.1 200  two\tthree \r\n\r\n', { status: 200, reason: ' two\tthree ', minor: 1, lines: [] }],
    ['HTTP/1.1 200 sch\xf6n\r\n\r\n', { status: 200, reason: 'sch\xf6n', minor: 1, lines: [] }],
    ['HTTP/1.1 100 Continue\r\n\r\n', { status: 100, reason: 'Continue', minor: 1, lines: [] }],
    ['HTTP/1.1 101 Switching Protocols\r\n\r\n', { status: 101, reason: 'Switching Protocols', minor: 1, lines: [] }],
    ['HTTP/1.1 599 x\r\n\r\n', { status: 599, reason: 'x', minor: 1, lines: [] }],
    ['HTTP/1.1 600 x\r\n\r\n', { status: 600, reason: 'x', minor: 1, lines: [] }],
    ['HTTP/1.1 999 x\r\n\r\n', { status: 999, reason: 'x', minor: 1, lines: [] }],
  ])('%j', (text, expected) => {
    expect(readResponse(text)).toEqual({ ...expected, size: text.length })
  })

  test('is cut out of the bytes around it', () => {
    const before = 'HTTP/1.1 103 Early Hints\r\n\r\n'
    const text = 'HTTP/1.0 200 Fine\r\nA: b\r\n\r\n'
    const bytes = latin1(`${before}${text}body\r\n\r\n`)
    const head = readResponseHead(bytes, before.length)
    expect(head).toEqual({ status: 200, reason: 'Fine', minor: 0, lines: ['A: b'], size: text.length })
  })

  test.each([
    '\r\n\r\n',
    'HTTP/1.1\r\n\r\n',
    'HTTP/1.1 \r\n\r\n',
    'HTTP/1.1 2\r\n\r\n',
    'HTTP/1.1 20\r\n\r\n',
    'HTTP/1.1 OK\r\n\r\n',
    'HTTP/1.1 2000 OK\r\n\r\n',
    'HTTP/1.1 200OK\r\n\r\n',
    'HTTP/1.1 200\tOK\r\n\r\n',
    'HTTP/1.1\t200 OK\r\n\r\n',
    'HTTP/1.1  200 OK\r\n\r\n',
    'HTTP/1.1 20x OK\r\n\r\n',
    'HTTP/1.1 +20 OK\r\n\r\n',
    'HTTP/1.1 -20 OK\r\n\r\n',
    'HTTP/1.1 000 OK\r\n\r\n',
    'HTTP/1.1 099 OK\r\n\r\n',
    'HTTP/1.1 2\xb20 OK\r\n\r\n',
    ' HTTP/1.1 200 OK\r\n\r\n',
    '\r\nHTTP/1.1 200 OK\r\n\r\n',
    'HTTP/1.1 200 O\x00K\r\n\r\n',
    'HTTP/1.1 200 O\x7fK\r\n\r\n',
    'HTTP/1.1 200 OK\n\r\n\r\n',
    'HTTP/1.1 200 OK\nA: b\r\n\r\n',
    'HTTP/1.1 200 OK\rA: b\r\n\r\n',
    'HTTP/1.1 200 OK\r\r\n\r\n',
    'HTTP/1.1 200 OK\r\n A: b\r\n\r\n',
    'http/1.1 200 OK\r\n\r\n',
    'HTTP/0.9 200 OK\r\n\r\n',
    'HTTP/1.2 200 OK\r\n\r\n',
    'HTTP/2.0 200 OK\r\n\r\n',
    'HTTP/2 200 OK\r\n\r\n',
    'HTTP/1.10 200 OK\r\n\r\n',
    'HTTP/11 200 OK\r\n\r\n',
    'ICY 200 OK\r\n\r\n',
    '200 OK\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    '\x15\x03\x01\x00\x02\x02\x50\r\n\r\n',
  ])('%j: bad_response', (text) => {
    expect(readResponse(text)).toBe('bad_response')
  })
})

test.each<[string, number, FaultCode]>([
  ['GET /xxxxxxxxxxxxxxxx', 0, 'target_too_long'],
  ['GET /xxxxxxxxxxxxxxxx HTTP/1.1\r\n\r\n', 0, 'target_too_long'],
  ['GET / HTTP/1.1\r\nA: bbbbbbbbbbbbb', 0, 'head_too_large'],
  ['GET / HTTP/1.1\r\nA: bbbbbbbbbbbbb', 3, 'head_too_large'],
  ['GET / HTTP/1.1\r\n\r\nGET /xxxxxxxxxxxxxx', 18, 'target_too_long'],
])('what is too large about %j from %i: %s', (text, start, fault) => {
  expect(excessOf(latin1(text), start, 16)).toBe(fault)
})

test.each([
  ['', 0, 0],
  ['\r', 0, 0],
  ['\r\n', 0, 2],
  ['\r\n\r\n\r\nGET', 0, 6],
  ['\r\n\r', 0, 2],
  ['\r\rG', 0, 0],
  ['\n', 0, 0],
  [' \r\n', 0, 0],
  ['GET\r\n', 0, 0],
  ['x\r\nG', 1, 3],
  ['x\r\nG', 2, 2],
])('empty lines before %j from %i: to %i', (text, start, expected) => {
  expect(skipEmptyLines(latin1(text), start)).toBe(expected)
})

describe('an incomplete head', () => {
  test.each([
    ['', 0],
    ['G', 0],
    ['GET', 0],
    ['GET ', 0],
    ['GET /', 0],
    ['GET / ', 0],
    ['GET / HT', 0],
    ['GET / HTTP/1.1', 0],
    ['GET / HTTP/1.1\r', 0],
    ['GET / HTTP/1.1\r\n', 0],
    ['GET / HTTP/1.1\r\nHo', 0],
    ['GET / HTTP/1.1\r\nHost:', 0],
    ['GET / HTTP/1.1\r\nHost: a', 0],
    ['GET / HTTP/1.1\r\nHost: a\r', 0],
    ['GET / HTTP/1.1\r\nHost: a\r\n', 0],
    ['GET / HTTP/1.1\r\nHost: a\r\n\r', 0],
    // The line feed of an empty line before the request line may be under way (RFC 9112 §2.2).
    ['\r', 0],
    ['\r\n\r', 2],
    ['\x16\x03\x01GET', 3],
    ['x\nGET', 2],
  ])('%j from %i may become one', (text, start) => {
    expect(readRequestHead(latin1(text), start)).toBeUndefined()
  })

  test.each<[string, number, FaultCode]>([
    // A TLS hello.
    ['\x16\x03\x01\x02\x00\x01\x00', 0, 'bad_request_line'],
    ['\x16', 0, 'bad_request_line'],
    // SSL 2, SOCKS 4 and 5.
    ['\x80\x2e\x01', 0, 'bad_request_line'],
    ['\x04\x01', 0, 'bad_request_line'],
    ['\x05\x01\x00', 0, 'bad_request_line'],
    ['\x00', 0, 'bad_request_line'],
    [' GET', 0, 'bad_request_line'],
    ['\t', 0, 'bad_request_line'],
    ['\n', 0, 'bad_request_line'],
    ['\xff', 0, 'bad_request_line'],
    ['{"a": 1}', 0, 'bad_request_line'],
    ['\r\r', 0, 'bad_request_line'],
    ['\rG', 0, 'bad_request_line'],
    ['GET  ', 0, 'bad_request_line'],
    ['GET /\n', 0, 'bad_request_line'],
    ['GET / HTTP/1.1\n', 0, 'bad_request_line'],
    ['GET / HTTP/1.1\n\n', 0, 'bad_request_line'],
    ['GET / HTTP/1.1\nHost: a\r\n', 0, 'bad_request_line'],
    ['GET / HTTP/1.1\rH', 0, 'bad_request_line'],
    ['GET / HTTP/2.0\r\n', 0, 'unknown_version'],
    ['GET / HTTP/1.1\r\nHost: a\n', 0, 'bad_field_line'],
    ['GET / HTTP/1.1\r\nHost: a\r\r', 0, 'bad_field_line'],
    ['GET / HTTP/1.1\r\nHost ', 0, 'bad_field_line'],
    ['GET / HTTP/1.1\r\n ', 0, 'bad_field_line'],
    ['GET / HTTP/1.1\r\nHost: a\r\n ', 0, 'folded_line'],
    ['GET / HTTP/1.1\r\nHost: a\r\n\t', 0, 'folded_line'],
    ['GET / HTTP/1.1\r\n\t', 0, 'bad_field_line'],
    ['GET / HTTP/1.1\r\nHost: a\r\n\rx', 0, 'bad_field_line'],
    ['\r\n\x16', 2, 'bad_request_line'],
    ['xGET \n', 1, 'bad_request_line'],
  ])('%j from %i never becomes one', (text, start, fault) => {
    expect(readRequestHead(latin1(text), start)).toBe(fault)
  })

  test.each<[string, FaultCode | undefined]>([
    ['', undefined],
    ['H', undefined],
    ['HTTP/1.1 200', undefined],
    ['HTTP/1.1 200 OK\r', undefined],
    ['HTTP/1.1 200 OK\r\n', undefined],
    ['HTTP/1.1 200 OK\r\nA: b\r\n\r', undefined],
    ['HTTP/1.1 200 OK\n', 'bad_response'],
    ['HTTP/1.1 2\r\n', 'bad_response'],
    ['SSH-2.0-OpenSSH_9.6\r\n', 'bad_response'],
    ['220 mail.example ESMTP\r\n', 'bad_response'],
    ['\x15\x03\x01', 'bad_response'],
    ['HTTP/1.1 200 OK\r\nA b', 'bad_response'],
  ])('the beginning %j of a response: %p', (text, expected) => {
    expect(readResponse(text)).toBe(expected)
  })

  test('too many lines are found out before the head is whole', () => {
    const text = `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(1001)}`
    expect(readRequest(text)).toBe('head_too_large')
    expect(readResponse(text.replace('GET / HTTP/1.1', 'HTTP/1.1 200 OK'))).toBe('response_head_too_large')
  })

  test('law: a valid head is one from its last byte on, and not before', () => {
    const request = 'POST http://a.example/?x HTTP/1.1\r\nHost: a.example\r\nX: \xe4\t\r\nEmpty:\r\n\r\n'
    const response = 'HTTP/1.0 200 Fine \r\nHost: a.example\r\nX: \xe4\t\r\nEmpty:\r\n\r\n'
    for (const [text, read] of [
      [request, readRequest],
      [response, readResponse],
    ] as const) {
      for (let end = 0; end < text.length; end++) expect([end, read(text.slice(0, end))]).toEqual([end, undefined])
      for (const behind of ['', 'x', '\r\n', '\0']) expect(read(text + behind)).toMatchObject({ size: text.length })
    }
  })
})

const token = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const valueBytes = ` \t!"(),/:;<=>?@[\\]{}\x80\xa0\xc3\xff${token}`
const makeLines = (random: Seeded) =>
  Array.from(
    { length: random.integer(0, 6) },
    () => `${random.text(random.integer(1, 20), token)}:${random.text(random.integer(0, 30), valueBytes)}`,
  )

describe('laws', () => {
  test('law (seed 21): what is written is read back the same', () => {
    const random = seeded(21)
    for (let i = 0; i < 1000; i++) {
      const lines = makeLines(random)
      const method = random.text(random.integer(1, 10), token)
      const target = random.text(random.integer(1, 60), `${token}/:?&="<>\\[]{}@;,()`)
      expect(readRequest(writeRequestHead(method, target, lines))).toMatchObject({ method, target, minor: 1, lines })
      const status = random.integer(100, 999)
      const reason = random.text(random.integer(0, 20), valueBytes)
      expect(readResponse(writeResponseHead(status, reason, lines))).toMatchObject({ status, reason, minor: 1, lines })
    }
  })

  const spoilt = (random: Seeded, original: string) => {
    let text = original
    for (let n = random.integer(1, 3); n > 0; n--) {
      const at = random.integer(0, text.length - 5)
      const put = random.chance(0.3) ? '' : random.pick(['\r', '\n', '\r\n', ' ', '\t', ':', '\0', '\x7f', '\xe4', 'x'])
      text = text.slice(0, at) + put + text.slice(at + random.integer(0, 2))
    }
    return text
  }

  test('law (seed 22): what was spoilt and is still accepted says exactly what the bytes say', () => {
    const random = seeded(22)
    let accepted = 0
    for (let i = 0; i < 6000; i++) {
      const text = spoilt(random, writeRequestHead('GET', 'http://a.example/', makeLines(random)))
      const head = readRequest(text)
      if (head === undefined || typeof head === 'string') continue
      accepted++
      const lines = head.lines.map((line) => `${line}\r\n`).join('')
      const written = `${head.method} ${head.target} HTTP/1.${head.minor}\r\n${lines}\r\n`
      if (written !== text.slice(0, head.size)) expect(written).toBe(text.slice(0, head.size))
      // The first empty line is the end: nobody else finds an earlier one.
      if (text.indexOf('\r\n\r\n') !== head.size - 4) expect(text).toBe('a head up to its first empty line')
      const wrong = head.lines.filter((line) => !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*$/.test(line))
      if (wrong.length > 0) expect(wrong).toEqual([])
    }
    expect(accepted).toBeGreaterThan(1000)
  })

  test('law (seed 23): a verdict stands, whatever bytes follow', () => {
    const random = seeded(23)
    const verdicts = { refused: 0, accepted: 0, open: 0 }
    for (let i = 0; i < 300; i++) {
      const [text, read] = random.pick([
        [spoilt(random, writeRequestHead('GET', '/', makeLines(random).slice(0, 3))), readRequest],
        [spoilt(random, writeResponseHead(200, 'OK', makeLines(random).slice(0, 3))), readResponse],
      ] as const)
      const final = read(text)
      verdicts[final === undefined ? 'open' : typeof final === 'string' ? 'refused' : 'accepted']++
      for (let end = 0; end <= text.length; end++) {
        const early = read(text.slice(0, end))
        if (early !== undefined && JSON.stringify(early) !== JSON.stringify(final)) {
          expect([text, end, early]).toEqual([text, end, final])
        }
      }
    }
    expect(verdicts.refused).toBeGreaterThan(50)
    expect(verdicts.accepted).toBeGreaterThan(50)
  })
})

describe('written heads', () => {
  test.each([
    [[], 'GET /x HTTP/1.1\r\n\r\n', 'HTTP/1.1 204 No Content\r\n\r\n'],
    [['A: b'], 'GET /x HTTP/1.1\r\nA: b\r\n\r\n', 'HTTP/1.1 204 No Content\r\nA: b\r\n\r\n'],
    [['B:2', 'b: 1'], 'GET /x HTTP/1.1\r\nB:2\r\nb: 1\r\n\r\n', 'HTTP/1.1 204 No Content\r\nB:2\r\nb: 1\r\n\r\n'],
  ])('with the lines %j', (lines, request, response) => {
    expect(writeRequestHead('GET', '/x', lines)).toBe(request)
    expect(writeResponseHead(204, 'No Content', lines)).toBe(response)
  })

  test('an empty reason keeps the space that the grammar asks for', () => {
    expect(writeResponseHead(299, '', [])).toBe('HTTP/1.1 299 \r\n\r\n')
  })
})
