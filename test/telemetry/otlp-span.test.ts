import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  ATTR_HTTP_REQUEST_RESEND_COUNT,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PEER_PORT,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_FULL,
  ATTR_USER_AGENT_ORIGINAL,
} from '@opentelemetry/semantic-conventions'
import {
  ATTR_HTTP_REQUEST_BODY_SIZE,
  ATTR_HTTP_RESPONSE_BODY_SIZE,
  ATTR_SERVICE_PEER_NAME,
  ATTR_URL_TEMPLATE,
} from '@opentelemetry/semantic-conventions/incubating'
import { destination } from '../../src/model/destination'
import { type FaultCode, faults } from '../../src/model/fault'
import { spanAttributes } from '../../src/telemetry/attributes'
import { spanNameOf, spanWriter } from '../../src/telemetry/otlp-span'
import { errorTypeOf } from '../../src/telemetry/outcome'
import { ProtobufWriter } from '../../src/telemetry/protobuf'
import { type CollectedSpan, decodedSpans } from '../support/collector'
import { seeded } from '../support/random'
import { answered, connected, context, exchangeOf, type Facts, get, startTime, tunnel } from './exchanges'

const writeSpan = spanWriter('stable')

/** The spans of these exchanges, as a collector reads them. */
function spans(...facts: Facts[]): CollectedSpan[] {
  const writer = new ProtobufWriter()
  for (const each of facts) writeSpan(writer, exchangeOf(each))
  return decodedSpans(writer.take())
}

const span = (facts: Facts) => spans(facts)[0] as CollectedSpan

test('the attributes have the names of the semantic conventions', () => {
  expect(spanAttributes.map(([key]) => key)).toEqual([
    ATTR_HTTP_REQUEST_METHOD,
    ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
    ATTR_URL_FULL,
    ATTR_URL_TEMPLATE,
    ATTR_SERVER_ADDRESS,
    ATTR_SERVER_PORT,
    ATTR_SERVICE_PEER_NAME,
    ATTR_NETWORK_PEER_ADDRESS,
    ATTR_NETWORK_PEER_PORT,
    ATTR_NETWORK_PROTOCOL_VERSION,
    ATTR_HTTP_RESPONSE_STATUS_CODE,
    ATTR_ERROR_TYPE,
    ATTR_HTTP_REQUEST_RESEND_COUNT,
    // Our own: the conventions know nothing of these.
    'request.id',
    'outspan.propagation.conflicts',
    'outspan.propagation.signed_fields',
    ATTR_HTTP_REQUEST_BODY_SIZE,
    ATTR_HTTP_RESPONSE_BODY_SIZE,
    ATTR_USER_AGENT_ORIGINAL,
  ])
})

const asked = {
  [ATTR_HTTP_REQUEST_METHOD]: 'GET',
  [ATTR_URL_FULL]: 'http://example.com/a?b=c',
  [ATTR_SERVER_ADDRESS]: 'example.com',
  [ATTR_SERVER_PORT]: 80,
  'request.id': 'request-1',
}
const peer = { [ATTR_NETWORK_PEER_ADDRESS]: '192.0.2.1', [ATTR_NETWORK_PEER_PORT]: 80 }
const ok = {
  ...asked,
  ...peer,
  [ATTR_NETWORK_PROTOCOL_VERSION]: '1.1',
  [ATTR_HTTP_RESPONSE_STATUS_CODE]: 200,
  [ATTR_HTTP_RESPONSE_BODY_SIZE]: 12,
}
const UNSET = 'UNSET'
const ERROR = 'ERROR'

describe('typical exchanges', () => {
  test.each<[string, Facts, string, 'UNSET' | 'ERROR', Record<string, unknown>]>([
    ['200', { ...get, ...answered }, 'GET', UNSET, ok],
    [
      '200 from HTTP/1.0',
      { ...get, ...answered, protocolMinor: 0 },
      'GET',
      UNSET,
      { ...ok, [ATTR_NETWORK_PROTOCOL_VERSION]: '1.0' },
    ],
    [
      '204 without body',
      { ...get, ...answered, upstreamStatus: 204, responseBodySize: 0 },
      'GET',
      UNSET,
      { ...asked, ...peer, [ATTR_NETWORK_PROTOCOL_VERSION]: '1.1', [ATTR_HTTP_RESPONSE_STATUS_CODE]: 204 },
    ],
    [
      '302',
      { ...get, ...answered, upstreamStatus: 302 },
      'GET',
      UNSET,
      { ...ok, [ATTR_HTTP_RESPONSE_STATUS_CODE]: 302 },
    ],
    [
      '399',
      { ...get, ...answered, upstreamStatus: 399 },
      'GET',
      UNSET,
      { ...ok, [ATTR_HTTP_RESPONSE_STATUS_CODE]: 399 },
    ],
    [
      '400',
      { ...get, ...answered, upstreamStatus: 400 },
      'GET',
      ERROR,
      { ...ok, [ATTR_HTTP_RESPONSE_STATUS_CODE]: 400, [ATTR_ERROR_TYPE]: '400' },
    ],
    [
      '404',
      { ...get, ...answered, upstreamStatus: 404 },
      'GET',
      ERROR,
      { ...ok, [ATTR_HTTP_RESPONSE_STATUS_CODE]: 404, [ATTR_ERROR_TYPE]: '404' },
    ],
    [
      '503',
      { ...get, ...answered, upstreamStatus: 503 },
      'GET',
      ERROR,
      { ...ok, [ATTR_HTTP_RESPONSE_STATUS_CODE]: 503, [ATTR_ERROR_TYPE]: '503' },
    ],
    [
      'a status that nobody knows',
      { ...get, ...answered, upstreamStatus: 799 },
      'GET',
      ERROR,
      { ...ok, [ATTR_HTTP_RESPONSE_STATUS_CODE]: 799, [ATTR_ERROR_TYPE]: '799' },
    ],
    [
      'a refused connection, answered with a 502 of our own',
      { ...get, attempts: 1, peerAddress: '192.0.2.1', peerPort: 80, fault: 'connection_refused', clientStatus: 502 },
      'GET',
      ERROR,
      { ...asked, ...peer, [ATTR_ERROR_TYPE]: 'connection_refused' },
    ],
    [
      'a name that does not resolve',
      { ...get, attempts: 1, fault: 'dns_failure', clientStatus: 502 },
      'GET',
      ERROR,
      { ...asked, [ATTR_ERROR_TYPE]: 'dns_failure' },
    ],
    [
      'a response cut short',
      { ...get, ...answered, fault: 'response_truncated' },
      'GET',
      ERROR,
      { ...ok, [ATTR_ERROR_TYPE]: 'response_truncated' },
    ],
    [
      'an error response cut short',
      { ...get, ...answered, upstreamStatus: 500, fault: 'response_truncated' },
      'GET',
      ERROR,
      { ...ok, [ATTR_HTTP_RESPONSE_STATUS_CODE]: 500, [ATTR_ERROR_TYPE]: 'response_truncated' },
    ],
    ['a client that went during the response', { ...get, ...answered, fault: 'client_closed' }, 'GET', UNSET, ok],
    [
      'a client that went during an error response',
      { ...get, ...answered, upstreamStatus: 500, fault: 'client_closed' },
      'GET',
      ERROR,
      { ...ok, [ATTR_HTTP_RESPONSE_STATUS_CODE]: 500, [ATTR_ERROR_TYPE]: '500' },
    ],
    [
      'a client that went before',
      { ...get, ...connected, fault: 'client_closed' },
      'GET',
      UNSET,
      { ...asked, ...peer },
    ],
    [
      'a method that nobody knows',
      { ...get, ...answered, method: 'PURGE' },
      'HTTP',
      UNSET,
      { ...ok, [ATTR_HTTP_REQUEST_METHOD]: '_OTHER', [ATTR_HTTP_REQUEST_METHOD_ORIGINAL]: 'PURGE' },
    ],
    [
      'a method in lower case',
      { ...get, ...answered, method: 'get' },
      'HTTP',
      UNSET,
      { ...ok, [ATTR_HTTP_REQUEST_METHOD]: '_OTHER', [ATTR_HTTP_REQUEST_METHOD_ORIGINAL]: 'get' },
    ],
    [
      'a request that was sent again',
      { ...get, ...answered, attempts: 3, requestBodySize: 7 },
      'GET',
      UNSET,
      { ...ok, [ATTR_HTTP_REQUEST_RESEND_COUNT]: 2, [ATTR_HTTP_REQUEST_BODY_SIZE]: 7 },
    ],
    [
      'an IPv6 address and a port',
      { ...get, ...answered, url: 'http://[::1]:81/', destination: destination('::1', 81, 80) },
      'GET',
      UNSET,
      { ...ok, [ATTR_URL_FULL]: 'http://[::1]:81/', [ATTR_SERVER_ADDRESS]: '::1', [ATTR_SERVER_PORT]: 81 },
    ],
    [
      'a tunnel',
      { ...tunnel, ...connected, peerPort: 443, clientStatus: 200, requestBodySize: 5, responseBodySize: 6 },
      'CONNECT',
      UNSET,
      {
        [ATTR_HTTP_REQUEST_METHOD]: 'CONNECT',
        [ATTR_URL_FULL]: '//example.com:443',
        'request.id': 'request-1',
        [ATTR_SERVER_ADDRESS]: 'example.com',
        [ATTR_SERVER_PORT]: 443,
        [ATTR_NETWORK_PEER_ADDRESS]: '192.0.2.1',
        [ATTR_NETWORK_PEER_PORT]: 443,
        [ATTR_HTTP_REQUEST_BODY_SIZE]: 5,
        [ATTR_HTTP_RESPONSE_BODY_SIZE]: 6,
      },
    ],
    [
      'a tunnel that could not be opened',
      { ...tunnel, attempts: 1, fault: 'connect_timeout', clientStatus: 504 },
      'CONNECT',
      ERROR,
      {
        [ATTR_HTTP_REQUEST_METHOD]: 'CONNECT',
        [ATTR_URL_FULL]: '//example.com:443',
        'request.id': 'request-1',
        [ATTR_SERVER_ADDRESS]: 'example.com',
        [ATTR_SERVER_PORT]: 443,
        [ATTR_ERROR_TYPE]: 'connect_timeout',
        [ATTR_HTTP_REQUEST_BODY_SIZE]: 0,
        [ATTR_HTTP_RESPONSE_BODY_SIZE]: 0,
      },
    ],
  ])('%s', (_name, facts, name, code, attributes) => {
    const made = span(facts)
    expect(made.name).toBe(name)
    expect(made.kind).toBe('CLIENT')
    // Neither Ok nor a description: the conventions forbid the one and make no use of the other.
    expect(made.status).toEqual({ code, message: '' })
    expect(made.attributes).toEqual(attributes)
    expect(made.events).toEqual([])
  })
})

describe('methods', () => {
  test.each(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE'])(
    '%s is known',
    (method) => {
      expect(exchangeOf({ method }).knownMethod).toBe(method)
      expect(spanNameOf(exchangeOf({ method }))).toBe(method)
    },
  )

  test.each(['', 'get', 'Get', 'PROPFIND', 'GETX', '_OTHER', 'constructor', 'HTTP'])('%j is another', (method) => {
    expect(exchangeOf({ method }).knownMethod).toBe('_OTHER')
    expect(spanNameOf(exchangeOf({ method }))).toBe('HTTP')
  })
})

describe.each(Object.keys(faults) as FaultCode[])('the fault %s', (fault) => {
  test('is the error type, unless the client left', () => {
    const expected = fault === 'client_closed' ? undefined : fault
    expect(errorTypeOf(exchangeOf({ fault }))).toBe(expected)
    expect(errorTypeOf(exchangeOf({ fault, upstreamStatus: 503 }))).toBe(expected ?? '503')
  })
})

describe('where it stands in its trace', () => {
  test('below the span that arrived', () => {
    const { traceId, spanId, parentSpanId } = context
    expect(span({ ...get, ...answered })).toMatchObject({ traceId, spanId, parentSpanId, traceState: '' })
  })

  test('at the top when the trace starts here', () => {
    const made = span({ ...get, context: { ...context, parentSpanId: undefined, format: undefined } })
    expect(made).toMatchObject({ traceId: context.traceId, spanId: context.spanId, parentSpanId: '' })
  })

  // trace.proto: bits 0 to 7 are the W3C flags, bit 8 says that bit 9 is known, bit 9 that the parent is remote.
  test.each([
    [true, false, context.parentSpanId, 0x301],
    [true, true, context.parentSpanId, 0x303],
    [false, false, context.parentSpanId, 0x300],
    [true, true, undefined, 0x103],
    [true, false, undefined, 0x101],
  ])('flags of sampled %p, random %p, parent %p: %i', (sampled, random, parentSpanId, flags) => {
    expect(span({ ...get, context: { ...context, sampled, random, parentSpanId } }).flags).toBe(flags)
  })

  test.each(
    [
      'a=1',
      'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
      'tenant@system=1,0a=2',
      'b=2 , a=1,',
      'ot=th:c',
      Array.from({ length: 32 }, (_, i) => `k${i}=${i}`).join(','),
      `a=${'x'.repeat(250)},b=${'y'.repeat(250)},c=${'z'.repeat(250)}`,
    ].map((list) => [list.slice(0, 60), list] as const),
  )('with the tracestate that goes on: %s', (_name, traceState) => {
    expect(span({ ...get, context: { ...context, traceState } }).traceState).toBe(traceState)
  })
})

describe('time', () => {
  test.each<[number, number, bigint, bigint]>([
    // start, milliseconds, start and end in nanoseconds
    [0, 0, 0n, 0n],
    [0, 0.001, 0n, 1_000n],
    [1_700_000_000_123.5, 250.5, 1_700_000_000_123_500_000n, 1_700_000_000_374_000_000n],
    [1_700_000_000_000, 0, 1_700_000_000_000_000_000n, 1_700_000_000_000_000_000n],
    [1_700_000_000_999, 1, 1_700_000_000_999_000_000n, 1_700_000_001_000_000_000n],
    [1_700_000_000_999.75, 0.5, 1_700_000_000_999_750_000n, 1_700_000_001_000_250_000n],
    [1_700_000_000_000, 3_600_000.125, 1_700_000_000_000_000_000n, 1_700_003_600_000_125_000n],
    [4_294_967.295, 0.001, 4_294_967_295_000n, 4_294_967_296_000n],
    [4_102_444_800_000, 0, 4_102_444_800_000_000_000n, 4_102_444_800_000_000_000n],
  ])('from %p for %p ms', (start, milliseconds, startNanos, endNanos) => {
    const made = span({ ...get, startTime: start, startMark: 0, endMark: milliseconds })
    expect([made.startTimeUnixNano, made.endTimeUnixNano]).toEqual([startNanos, endNanos])
  })

  test('law (seed 62): times are right to the microsecond', () => {
    const random = seeded(62)
    for (let i = 0; i < 2000; i++) {
      const start = startTime + random.integer(0, 1e12) / 1000
      const mark = random.integer(0, 1e12) / 1e6
      const endMark = mark + (random.chance(0.5) ? random.integer(0, 20) * 1000 : random.integer(0, 1e10) / 1e6)
      const made = span({ ...get, startTime: start, startMark: mark, endMark })
      expect(Math.abs(Number(made.startTimeUnixNano / 1000n) / 1000 - start)).toBeLessThan(0.0012)
      const length = Number(made.endTimeUnixNano - made.startTimeUnixNano) / 1e6
      expect(Math.abs(length - (endMark - mark))).toBeLessThan(0.0015)
    }
  })
})

describe('as bytes', () => {
  test('spans stand one after the other', () => {
    const made = spans({ ...get, ...answered }, { ...tunnel, ...connected }, get)
    expect(made.map(({ name }) => name)).toEqual(['GET', 'CONNECT', 'GET'])
  })

  test.each([
    0, 1, 10, 22, 23, 24, 25, 26, 27, 90, 100, 101, 102, 103, 104, 105, 127, 128, 300, 16_000, 16_383, 16_384, 70_000,
  ])('a URL with a path of %i characters arrives whole', (length) => {
    const url = `http://example.com/${'x'.repeat(length)}`
    const [first, second] = spans({ ...get, url }, get)
    expect(first?.attributes[ATTR_URL_FULL] === url).toBe(true)
    expect(second?.attributes[ATTR_URL_FULL]).toBe(get.url)
  })

  test.each(['\xe4', '\x80\xff', '\u20ac', '\ud83d\ude00', 'a\0b', `${'x'.repeat(200)}\xe4`, '\xe4'.repeat(200)])(
    'text beyond ASCII arrives as UTF-8: %j',
    (text) => {
      expect(span({ ...get, url: text }).attributes[ATTR_URL_FULL]).toBe(text)
    },
  )

  test.each([
    1,
    127,
    128,
    16_383,
    16_384,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 35,
    2 ** 49 + 1,
    Number.MAX_SAFE_INTEGER,
  ])('the number %i arrives', (size) => {
    const { attributes } = span({ ...get, responseBodySize: size })
    expect(Number(attributes[ATTR_HTTP_RESPONSE_BODY_SIZE])).toBe(size)
  })

  test('law (seed 65): many spans of any size in one writer, taken in turns', () => {
    const random = seeded(65)
    const writer = new ProtobufWriter()
    for (let round = 0; round < 20; round++) {
      const urls: string[] = []
      for (let n = random.integer(0, 60); n > 0; n--) {
        const url = random.text(random.integer(0, 40), 'ab/\xe4').repeat(random.pick([1, 1, 5, 60, 600]))
        urls.push(url)
        writeSpan(writer, exchangeOf({ ...get, url }))
      }
      const { size } = writer
      const bytes = writer.take()
      expect(bytes.length).toBe(size)
      expect(writer.size).toBe(0)
      expect(decodedSpans(bytes).map(({ attributes }) => attributes[ATTR_URL_FULL])).toEqual(urls)
    }
  })
})
