/** The exchanges of the fidelity test, and how two other proxies change them. */

export interface Row {
  readonly name: string
  /** What the client sends, at once and when both sides have been silent. */
  readonly sent: string
  readonly sentLater?: string
  /** What the origin should get. */
  readonly arrives: string
  /** What the origin says to the head of the request. */
  readonly interim?: string
  readonly answer: string
  /** The origin closes its connection behind the answer. */
  readonly closes?: boolean
  /** The origin answers with the first bytes that it gets. */
  readonly isEarly?: boolean
  /** What the client should get. */
  readonly returns: string
  /** How the other two change it; not given where both sides get what they should. outspan changes none. */
  readonly httpProxy?: readonly string[]
  readonly nodeHttp?: readonly string[]
  /** Why, or why outspan does not do as the others do. */
  readonly why?: string
}

type Exchange = Pick<Row, 'sent' | 'arrives' | 'answer' | 'returns'>

const HOST = 'Host: ORIGIN'
const DATE = 'Date: Thu, 01 Jan 2026 00:00:00 GMT'

const message = (start: string, lines: readonly string[], body = ''): string => [start, ...lines, '', body].join('\r\n')

/** A request as its client sends it, or with only a path as its origin gets it. */
const request = (target: string, lines: readonly string[], body = ''): string =>
  message(`${target} HTTP/1.1`, lines, body)
const response = (lines: readonly string[], body = '', status = '200 OK'): string =>
  message(`HTTP/1.1 ${status}`, [DATE, ...lines], body)

const OK = response(['Content-Length: 2'], 'ok')

/** A request with these lines and this body that should arrive as it is. */
const unchanged = (method: string, lines: readonly string[], body = ''): Exchange => ({
  sent: request(`${method} http://ORIGIN/`, [HOST, ...lines], body),
  arrives: request(`${method} /`, [HOST, ...lines], body),
  answer: OK,
  returns: OK,
})

/** A plain GET whose answer should come back as it is. */
const returned = (answer: string): Exchange => ({
  ...unchanged('GET', []),
  answer,
  returns: answer,
})

/** A GET whose target should arrive as `path`. */
const targeted = (target: string, path: string, method = 'GET'): Exchange => ({
  sent: request(`${method} ${target}`, [HOST]),
  arrives: request(`${method} ${path}`, [HOST]),
  answer: OK,
  returns: OK,
})

const CHUNKED = 'Transfer-Encoding: chunked'

const requests: Row[] = [
  {
    name: 'order and case of header names',
    ...unchanged('GET', ['X-B: 1', 'x-a: 2', 'ACCEPT: */*']),
    httpProxy: ['request: names in lower case', 'request: another order', 'response: names in lower case'],
    why: 'http-proxy has the header fields as an object with names in lower case, and writes it backwards',
  },
  {
    name: 'duplicates',
    ...unchanged('GET', ['X-Dup: 1', 'X-Other: 0', 'X-Dup: 2', 'User-Agent: a']),
    httpProxy: ['request: without "x-dup: 1"', 'request: without "x-dup: 2"', 'request: with "x-dup: 1, 2"'],
    why: 'the object joins what is there twice',
  },
  {
    name: 'two cookies',
    ...unchanged('GET', ['Cookie: a=1', 'Cookie: b=2']),
    httpProxy: ['request: without "cookie: a=1"', 'request: without "cookie: b=2"', 'request: with "cookie: a=1; b=2"'],
  },
  {
    name: 'a second Authorization',
    ...unchanged('GET', ['Authorization: a', 'Authorization: b']),
    httpProxy: ['request: without "authorization: b"'],
    why: 'of some fields, the object keeps the first only',
  },
  { name: '8-bit bytes', ...unchanged('GET', ['X-Eight: \xe9\xff \xc3\xa9']) },
  {
    name: 'an empty value',
    ...unchanged('GET', ['X-Empty:']),
    httpProxy: ['request: without "x-empty:"', 'request: with "x-empty: "'],
    nodeHttp: ['request: without "x-empty:"', 'request: with "x-empty: "'],
    why: 'outspan never takes a line apart; the space means nothing',
  },
  {
    name: 'white space around a value',
    ...unchanged('GET', ['X-Wide:   a  b \t']),
    httpProxy: ['request: without "x-wide:   a  b \\t"', 'request: with "x-wide: a  b"'],
    nodeHttp: ['request: without "x-wide:   a  b \\t"', 'request: with "x-wide: a  b"'],
    why: 'as before',
  },
  {
    name: 'hop-by-hop lines go',
    ...unchanged('GET', ['X-Kept: 1']),
    sent: request('GET http://ORIGIN/', [
      HOST,
      'Connection: X-Hop',
      'X-Hop: 1',
      'Proxy-Connection: keep-alive',
      'Proxy-Authorization: Basic Zm9v',
      'TE: trailers',
      'Keep-Alive: timeout=5',
      'X-Kept: 1',
    ]),
    httpProxy: [
      'request: with "te: trailers"',
      'request: with "proxy-authorization: Basic Zm9v"',
      'request: with "proxy-connection: keep-alive"',
      'request: with "x-hop: 1"',
    ],
    nodeHttp: [
      'request: with "x-hop: 1"',
      'request: with "proxy-connection: keep-alive"',
      'request: with "proxy-authorization: Basic Zm9v"',
      'request: with "te: trailers"',
    ],
    why: 'an intermediary removes them, and what Connection names (RFC 9110 §7.6.1); the credentials were for the proxy',
  },
  {
    name: 'Host of another server',
    ...unchanged('GET', []),
    sent: request('GET http://ORIGIN/', ['Host: elsewhere']),
    httpProxy: ['request: without "host: ORIGIN"', 'request: with "host: elsewhere"'],
    nodeHttp: ['request: without "host: ORIGIN"', 'request: with "host: elsewhere"'],
    why: 'the request target counts, and a proxy writes its own Host (RFC 9112 §3.2.2)',
  },
  {
    name: 'dots, escapes and odd characters in a path',
    ...targeted(
      'http://ORIGIN/a/../b/./c//d/%7e%2f%zz?x=%20&y=[1]{2}|3"',
      '/a/../b/./c//d/%7e%2f%zz?x=%20&y=[1]{2}|3"',
    ),
    httpProxy: ['request: begins "GET /a/../b/./c/d/%7e%2f%zz?x=%20&y=[1]%7B2%7D%7C3%22 HTTP/1.1"'],
    why: 'http-proxy takes the URL apart and joins it again',
  },
  { name: 'a query without a path', ...targeted('http://ORIGIN?q=1', '/?q=1') },
  {
    name: 'OPTIONS for the server',
    ...targeted('http://ORIGIN', '*', 'OPTIONS'),
    httpProxy: ['request: begins "OPTIONS / HTTP/1.1"', 'request: with "content-length: 0"'],
    nodeHttp: ['request: begins "OPTIONS / HTTP/1.1"'],
    why: 'the last proxy turns an empty path into an asterisk (RFC 9112 §3.2.4)',
  },
  {
    name: 'a method of the caller',
    ...unchanged('BREW', []),
    httpProxy: [
      'request: begins ""',
      'request: without "host: ORIGIN"',
      'response: begins "HTTP/1.1 400 Bad Request"',
      'response: without "date: Thu, 01 Jan 2026 00:00:00 GMT"',
      'response: without "content-length: 2"',
      'response: body ""',
    ],
    nodeHttp: [
      'request: begins ""',
      'request: without "host: ORIGIN"',
      'response: begins "HTTP/1.1 400 Bad Request"',
      'response: without "date: Thu, 01 Jan 2026 00:00:00 GMT"',
      'response: without "content-length: 2"',
      'response: body ""',
    ],
    why: "Node.js's own parser knows a list of methods; a proxy passes on all (RFC 9110 §16.1)",
  },
  { name: 'POST with a length', ...unchanged('POST', ['Content-Length: 4'], 'body') },
  { name: 'POST with a length of 0', ...unchanged('POST', ['Content-Length: 0']) },
  {
    name: 'POST without a length',
    ...unchanged('POST', []),
    httpProxy: ['request: with "content-length: 0"'],
    nodeHttp: ['request: with "transfer-encoding: chunked"', 'request: body "0\\r\\n\\r\\n"'],
    why: 'there is no body, and nothing has to be said of it',
  },
  { name: 'GET with a body', ...unchanged('GET', ['Content-Length: 4'], 'body') },
  {
    name: 'DELETE with chunks',
    ...unchanged('DELETE', [CHUNKED], '4\r\nbody\r\n0\r\n\r\n'),
    httpProxy: [
      'request: without "transfer-encoding: chunked"',
      'request: with "content-length: 0"',
      'request: body "body"',
    ],
    why: 'http-proxy lets the body loose behind the request, where it is read as the next one',
  },
  {
    name: 'chunk boundaries',
    ...unchanged('POST', [CHUNKED], '1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n'),
  },
  {
    name: 'chunk extensions and leading zeros',
    ...unchanged('POST', [CHUNKED], '001;n=v\r\na\r\n0;last\r\n\r\n'),
    httpProxy: ['request: body "1\\r\\na\\r\\n0\\r\\n\\r\\n"'],
    nodeHttp: ['request: body "1\\r\\na\\r\\n0\\r\\n\\r\\n"'],
    why: 'outspan scans chunks and passes them on; Node.js decodes and encodes them',
  },
  {
    name: 'trailers',
    ...unchanged('POST', [CHUNKED, 'Trailer: X-Sum'], '1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n'),
    httpProxy: ['request: body "1\\r\\na\\r\\n0\\r\\n\\r\\n"'],
    nodeHttp: ['request: body "1\\r\\na\\r\\n0\\r\\n\\r\\n"'],
    why: 'neither of the two looks at the trailers that Node.js has read',
  },
  {
    name: 'Expect: 100-continue, and the origin says so',
    sent: request('POST http://ORIGIN/', [HOST, 'Expect: 100-continue', 'Content-Length: 4']),
    sentLater: 'body',
    arrives: request('POST /', [HOST, 'Expect: 100-continue', 'Content-Length: 4'], 'body'),
    interim: 'HTTP/1.1 100 Continue\r\n\r\n',
    answer: OK,
    returns: `HTTP/1.1 100 Continue\r\n\r\n${OK}`,
  },
  {
    name: 'Expect: 100-continue, and the origin refuses',
    sent: request('POST http://ORIGIN/', [HOST, 'Expect: 100-continue', 'Content-Length: 4']),
    arrives: request('POST /', [HOST, 'Expect: 100-continue', 'Content-Length: 4']),
    isEarly: true,
    answer: response(['Content-Length: 0'], '', '417 Expectation Failed'),
    returns: response(['Content-Length: 0'], '', '417 Expectation Failed'),
    httpProxy: ['response: interim responses: 100 Continue'],
    nodeHttp: ['response: interim responses: 100 Continue'],
    why: 'Node.js says by itself that the client may go on, which only the destination knows',
  },
  {
    name: 'an answer before the body has ended',
    sent: request('POST http://ORIGIN/', [HOST, 'Content-Length: 8'], 'half'),
    arrives: request('POST /', [HOST, 'Content-Length: 8'], 'half'),
    isEarly: true,
    answer: response(['Content-Length: 3'], 'big', '413 Content Too Large'),
    returns: response(['Content-Length: 3'], 'big', '413 Content Too Large'),
  },
  {
    name: 'HTTP/1.0',
    ...unchanged('GET', ['X-A: 1']),
    sent: request('GET http://ORIGIN/', [HOST, 'X-A: 1']).replace('HTTP/1.1', 'HTTP/1.0'),
  },
]

const head = (answer: string): Exchange => ({
  ...unchanged('HEAD', []),
  answer,
  returns: answer,
})

const responses: Row[] = [
  {
    name: 'order, case and duplicates in a response',
    ...returned(response(['X-B: 1', 'x-a: 2', 'X-B: 3', 'Content-Length: 2'], 'ok')),
    httpProxy: [
      'response: names in lower case',
      'response: without "x-b: 1"',
      'response: without "x-b: 3"',
      'response: with "x-b: 1, 3"',
    ],
  },
  {
    name: 'two Set-Cookie lines',
    ...returned(response(['Set-Cookie: a=1, b', 'Content-Length: 0', 'Set-Cookie: c=2'])),
    httpProxy: ['response: another order'],
  },
  {
    name: '8-bit bytes in a response',
    ...returned(response(['X-Eight: \xe9\xff', 'Content-Length: 0'], '', '200 Gr\xfc\xdfe')),
  },
  {
    name: 'an empty value in a response',
    ...returned(response(['X-Empty:', 'Content-Length: 0'])),
    httpProxy: ['response: without "x-empty:"', 'response: with "x-empty: "'],
    nodeHttp: ['response: without "x-empty:"', 'response: with "x-empty: "'],
  },
  {
    name: 'an empty reason',
    ...returned(response(['Content-Length: 0'], '', '299 ')),
    httpProxy: ['response: begins "HTTP/1.1 299 unknown"'],
  },
  {
    name: 'no Date',
    ...returned(message('HTTP/1.1 200 OK', ['Content-Length: 0'])),
    httpProxy: ['response: with "date: now"'],
    nodeHttp: ['response: with "date: now"'],
    why: 'Node.js adds one; a proxy may, and need not (RFC 9110 §6.6.1)',
  },
  {
    name: 'hop-by-hop lines of a response go',
    ...returned(response(['Content-Length: 0'])),
    answer: response([
      'Connection: X-Hop',
      'X-Hop: 1',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: x',
      'Content-Length: 0',
    ]),
    httpProxy: ['response: with "x-hop: 1"', 'response: with "proxy-connection: x"'],
    nodeHttp: ['response: with "x-hop: 1"', 'response: with "proxy-connection: x"'],
  },
  {
    name: 'chunk boundaries of a response',
    ...returned(response([CHUNKED], '1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n')),
  },
  {
    name: 'chunk extensions and leading zeros of a response',
    ...returned(response([CHUNKED], '001;n=v\r\na\r\n0\r\n\r\n')),
    httpProxy: ['response: body "1\\r\\na\\r\\n0\\r\\n\\r\\n"'],
    nodeHttp: ['response: body "1\\r\\na\\r\\n0\\r\\n\\r\\n"'],
  },
  {
    name: 'trailers of a response',
    ...returned(response([CHUNKED, 'Trailer: X-Sum'], '1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n')),
    httpProxy: ['response: body "1\\r\\na\\r\\n0\\r\\n\\r\\n"'],
    nodeHttp: ['response: body "1\\r\\na\\r\\n0\\r\\n\\r\\n"'],
  },
  {
    name: 'a body until the connection closes',
    ...returned(response([], 'all of it')),
    closes: true,
    httpProxy: ['response: with "transfer-encoding: chunked"', 'response: body "9\\r\\nall of it\\r\\n0\\r\\n\\r\\n"'],
    nodeHttp: ['response: with "transfer-encoding: chunked"', 'response: body "9\\r\\nall of it\\r\\n0\\r\\n\\r\\n"'],
    why: 'a body that was cut short would get a clean end by the last chunk',
  },
  {
    name: 'an encoded body',
    ...returned(response(['Content-Encoding: gzip', 'Content-Length: 4'], '\x1f\x8b\x08\x00')),
  },
  {
    name: '103, 102, and an unasked 100',
    ...returned(OK),
    answer: `HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${OK}`,
    returns: `HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${OK}`,
    httpProxy: ['response: interim responses: none'],
    nodeHttp: ['response: interim responses: none'],
    why: 'both proxies would have to listen for them, and do not',
  },
  { name: '204', ...returned(response(['X-A: 1'], '', '204 No Content')) },
  {
    name: '304 with a length',
    ...returned(response(['ETag: "a"', 'Content-Length: 500'], '', '304 Not Modified')),
  },
  { name: 'HEAD with a length', ...head(response(['Content-Length: 500'])) },
  { name: 'HEAD with chunks', ...head(response([CHUNKED])) },
  { name: 'HEAD without either', ...head(response(['X-A: 1'])) },
  {
    name: 'an answer in HTTP/1.0',
    ...returned(response(['Content-Length: 2'], 'ok')),
    answer: response(['Content-Length: 2'], 'ok').replace('HTTP/1.1', 'HTTP/1.0'),
    closes: true,
  },
  {
    name: 'chunks for a client of HTTP/1.0',
    ...unchanged('GET', []),
    sent: request('GET http://ORIGIN/', [HOST]).replace('HTTP/1.1', 'HTTP/1.0'),
    answer: response([CHUNKED], '2\r\nok\r\n0\r\n\r\n'),
    returns: response([], 'ok'),
    nodeHttp: ['response: with "transfer-encoding: chunked"', 'response: body "2\\r\\nok\\r\\n0\\r\\n\\r\\n"'],
    why: 'a client of HTTP/1.0 knows no chunks (RFC 9112 §6.1)',
  },
]

export const rows: readonly Row[] = [...requests, ...responses]
