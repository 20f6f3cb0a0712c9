import { check } from '../../src/config/check'
import { Problem } from '../../src/config/kinds'
import { options } from '../../src/config/options'
import { resolve } from '../../src/config/resolve'

const { kind } = options.requestIdHeader

test.each([
  ['x-request-id', 'x-request-id'],
  ['X-Correlation-ID', 'x-correlation-id'],
  ['off', 'off'],
])('%s is read as %s', (text, read) => expect(kind.read(text)).toBe(read))

test.each([
  ['', 'is no header name'],
  ['x request id', 'is no header name'],
  ['x-request-id:', 'is no header name'],
  ['x\r\ny', 'is no header name'],
  ['x-*', 'is not the whole name of a header'],
  ...[
    ...['Host', 'Content-Length', 'Transfer-Encoding', 'Connection', 'Set-Cookie', 'Proxy-Status', 'Trailer'],
    ...['traceparent', 'tracestate', 'baggage', 'B3', 'X-B3-TraceId', 'uberctx-a', 'X-Amzn-Trace-Id', 'sentry-trace'],
    ...['Authorization', 'Signature-Input', 'Cookie', 'User-Agent', 'Via', 'Accept', 'Vary', 'Location'],
  ].map((name) => [name, 'is a header with a meaning of its own']),
])('%j is refused: it %s', (text, words) => expect(kind.read(text as string)).toEqual(new Problem(words as string)))

test('one header can not tell two ids', () => {
  const environment = { OUTSPAN_RESPONSE_TRACE_HEADER: 'X-Request-Id' }
  expect(check(resolve({ flags: new Map(), environment, file: undefined }))).toEqual([
    '--request-id-header and --response-trace-header: both name the same header',
  ])
})
