import { explain } from '../../src/app/explain'
import type { Settings } from '../../src/config/options'
import { resolve } from '../../src/config/resolve'
import { destination } from '../../src/model/destination'
import { exampleOf, readme } from '../support/readme'

const { settings } = resolve({ flags: new Map(), environment: {}, file: undefined })
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const traceparent = `traceparent: 00-${TRACE}-00f067aa0ba902b7-01`

function told(chosen: Partial<Settings>, url: string, lines: readonly string[], method = 'GET'): string[] {
  return explain({ ...settings, ...chosen }, method, url, lines)
    .trimEnd()
    .split('\n')
}

test('a request without anything', () => {
  const lines = told({}, 'http://a.example/', [])
  expect(lines).toEqual([
    'destination   a.example:80',
    'way           straight',
    'rule          none: the general settings apply',
    'extracted     nothing: a trace starts here',
    'sampled       yes',
    expect.stringMatching(/^sent {10}x-request-id: [0-9a-f]{32}$/),
    expect.stringMatching(/^sent {10}traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-03$/),
    expect.stringMatching(/^in the log {4}w3c: [0-9a-f]{32}$/),
    'span          GET, client',
    'url.full      http://a.example/',
  ])
})

test('the rule that applies, and what goes out by it', () => {
  const rules = [{ name: 'partner', match: { hosts: ['b.example'] }, clear: ['tracestate'], inject: ['w3c'] }]
  const lines = told({ rules }, 'http://b.example:8080/', [traceparent, 'tracestate: a=1', 'x: y'])
  expect(lines).toEqual([
    'destination   b.example:8080',
    'way           straight',
    'rule          partner',
    `extracted     w3c, trace ${TRACE}, parent 00f067aa0ba902b7`,
    'sampled       yes; the decision that arrived is yes',
    `removed       ${traceparent}`,
    'removed       tracestate: a=1',
    expect.stringMatching(new RegExp(`^sent {10}traceparent: 00-${TRACE}-[0-9a-f]{16}-01$`)),
    expect.stringMatching(/^sent {10}x-request-id: /),
    `in the log    w3c: ${TRACE}`,
    'span          GET, client',
    'url.full      http://b.example:8080/',
  ])
})

test.each<[string, Partial<Settings>, string[], string | RegExp | undefined]>([
  ["a client's id is kept", {}, ['X-Request-ID: abc'], 'sent          X-Request-ID: abc'],
  ['or replaced', { requestIdPolicy: 'replace' }, ['X-Request-ID: abc'], /^sent {10}x-request-id: [0-9a-f]{32}$/],
  ['or removed', { clear: ['x-request-id'] }, ['X-Request-ID: abc'], 'removed       X-Request-ID: abc'],
  ['off', { requestIdHeader: 'off' }, ['X-Request-ID: abc'], undefined],
])('the request id: %s', (_name, chosen, lines, expected) => {
  const mentioned = told(chosen, 'http://a.example/', lines).filter((line) => /request-id/i.test(line))
  if (expected === undefined) expect(mentioned).toEqual([])
  else expect(mentioned.at(-1)).toMatch(expected)
})

test('refusals, conflicts and signed headers', () => {
  const lines = told({ inject: ['w3c'] }, 'http://a.example/', [
    'traceparent: bad',
    `b3: ${TRACE}-00f067aa0ba902b7-0`,
    'uber-trace-id: 1:2:0:1',
    'Authorization: AWS4-HMAC-SHA256 Credential=a, SignedHeaders=traceparent, Signature=b',
  ])
  expect(lines).toContain('refused       w3c: malformed')
  expect(lines).toContain(`conflict      jaeger has trace ${'1'.padStart(32, '0')}`)
  expect(lines).toContain('sampled       no; the decision that arrived is no')
  expect(lines).toContain('left alone    traceparent: it is signed')
})

test('a tunnel, in which nothing is sent', () => {
  expect(told({}, 'a.example:443', [traceparent], 'CONNECT').slice(3, 6)).toEqual([
    `extracted     w3c, trace ${TRACE}, parent 00f067aa0ba902b7`,
    'sampled       yes; the decision that arrived is yes',
    'sent          nothing: the bytes of a tunnel pass untouched',
  ])
})

test('a URL that would be refused, without its password', () => {
  expect(told({}, 'https://user:secret@a.example/', [])).toEqual([
    'GET https://REDACTED:REDACTED@a.example/ is refused: https_target. For an https URL, open a tunnel with CONNECT.',
  ])
})

test.each<[string, string, readonly string[], Partial<Settings>]>([
  ['bad_length', 'GET', ['Content-Length: 1', 'content-length: 2'], {}],
  ['bad_framing', 'CONNECT', ['Content-Length: 1'], {}],
  ['bad_host', 'GET', ['Host: a', 'Host: b'], {}],
  ['loop', 'GET', ['Via: 1.1 me'], { via: 'me' }],
])('what is refused for its head: %s of %s', (fault, method, headers, chosen) => {
  const url = method === 'CONNECT' ? 'a.example:443' : 'http://u:p@a.example/'
  const shown = method === 'CONNECT' ? url : 'http://REDACTED:REDACTED@a.example/'
  const lines = told(chosen, url, headers, method)
  expect(lines).toEqual([expect.stringMatching(`^${method} ${shown} is refused: ${fault}. [A-Z]`)])
  expect(told({}, 'http://a.example/', ['Host: a.example', 'Via: 1.1 me']).length).toBeGreaterThan(5)
})

test('no spans, and spans by the older names', () => {
  const off = told({ instrumentations: ['off'], semconv: 'old' }, 'http://a.example/', [])
  expect(off.slice(-2)).toEqual(['span          none: instrumentations are off', 'http.url      http://a.example/'])
  const chosen = { semconv: 'old' as const, captureRequestHeaders: ['x-tenant'] }
  const older = told(chosen, 'http://a.example/', ['X-Tenant: one'])
  expect(older.at(-1)).toBe('attribute     http.request.header.x_tenant: one')
})

test('what telemetry says of it: name, kind, peer, attributes, what is captured, redacted and not shown', () => {
  const chosen = exampleOf('spans')
  const headers = ['X-Tenant: one', 'x-tenant: two', 'Authorization: Bearer s', 'X-Feature-Secret: s']
  const lines = told(chosen, 'http://u:p@queue.internal/users/7?token=t&a=1', headers, 'POST')
  expect(lines.slice(-7)).toEqual([
    'span          POST /users/{id}, producer, by the rule queue',
    'url.full      http://REDACTED:REDACTED@queue.internal/users/7?token=REDACTED&a=1',
    'peer          order-queue',
    'attribute     team: checkout',
    'attribute     http.request.header.x-tenant: one | two',
    'not shown     Authorization',
    'not shown     X-Feature-Secret',
  ])
})

test('the way out', () => {
  const proxy = { destination: destination('proxy.example', 3128, 80), authorization: undefined }
  expect(told({ upstreamProxy: proxy }, 'http://a.example/', [])).toContain('way           through proxy.example:3128')
})

test('the example in the README', () => {
  const [, url = '', output = ''] = /--explain GET (\S+) [\s\S]*?-01'\n([\s\S]*?)```/.exec(readme) ?? []
  const headers = ['tracestate: a=1', traceparent]
  const masked = (lines: readonly string[]) =>
    lines.map((line) => line.replace(/^(sent .*?)(?:-[0-9a-f]{16}-01|[0-9a-f]{32})$/, '$1-'))
  expect(masked(told(exampleOf('propagation'), url, headers))).toEqual(masked(output.trimEnd().split('\n')))
})
