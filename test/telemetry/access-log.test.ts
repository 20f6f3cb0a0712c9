import { destination } from '../../src/model/destination'
import { type FaultCode, faults } from '../../src/model/fault'
import { aws } from '../../src/propagation/aws'
import { datadog } from '../../src/propagation/datadog'
import { w3c } from '../../src/propagation/w3c'
import { accessLogFields, accessLogRecord } from '../../src/telemetry/access-log'
import { seeded } from '../support/random'
import { answered, connected, context, exchangeOf, type Facts, get, tunnel } from './exchanges'

const record = (facts: Facts): Record<string, unknown> => JSON.parse(accessLogRecord(exchangeOf(facts)))

/** The record as it is documented, name by name. */
const documented = [
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
]

describe('the fields', () => {
  test('have their names in their order', () => {
    expect([...accessLogFields.keys()]).toEqual(documented)
  })

  test('are all there in a full record, in the same order', () => {
    const named = { userAgent: 'curl/8', urlTemplate: '/{path}', peerName: 'example' }
    const line = accessLogRecord(exchangeOf({ ...get, ...answered, upstreamStatus: 503, ...named }))
    expect(Object.keys(JSON.parse(line))).toEqual(documented)
  })
})

describe('records', () => {
  test('200', () => {
    expect(record({ ...get, ...answered, requestBodySize: 3, userAgent: 'curl/8' })).toStrictEqual({
      timestamp: '2024-02-29T12:34:56.789Z',
      'request.id': 'request-1',
      'http.request.method': 'GET',
      'url.full': 'http://example.com/a?b=c',
      'server.address': 'example.com',
      'server.port': 80,
      'network.protocol.version': '1.1',
      'network.peer.address': '192.0.2.1',
      'network.peer.port': 80,
      'client.address': '127.0.0.1',
      'http.response.status_code': 200,
      'proxy.response.status_code': 200,
      'http.request.body.size': 3,
      'http.response.body.size': 12,
      duration: 0.25,
      timings: { dns: 0.0015, connect: 0.02, wait: 0.1, receive: 0.1 },
      attempts: 1,
      trace_id: { w3c: context.traceId },
      span_id: context.spanId,
      parent_span_id: context.parentSpanId,
      sampled: true,
      'user_agent.original': 'curl/8',
    })
  })

  test('a head that could not be read', () => {
    expect(record({ fault: 'bad_request_line', clientStatus: 400 })).toStrictEqual({
      timestamp: '2024-02-29T12:34:56.789Z',
      'request.id': 'request-1',
      'client.address': '127.0.0.1',
      'proxy.response.status_code': 400,
      'error.type': 'bad_request_line',
      'http.request.body.size': 0,
      'http.response.body.size': 0,
      duration: 0.25,
      timings: {},
      attempts: 0,
    })
  })

  test('a tunnel', () => {
    const facts = { ...tunnel, ...connected, peerPort: 443, clientStatus: 200, requestBodySize: 5, responseBodySize: 6 }
    expect(record(facts)).toStrictEqual({
      timestamp: '2024-02-29T12:34:56.789Z',
      'request.id': 'request-1',
      'http.request.method': 'CONNECT',
      'url.full': '//example.com:443',
      'server.address': 'example.com',
      'server.port': 443,
      'network.peer.address': '192.0.2.1',
      'network.peer.port': 443,
      'client.address': '127.0.0.1',
      'proxy.response.status_code': 200,
      'http.request.body.size': 5,
      'http.response.body.size': 6,
      duration: 0.25,
      timings: { dns: 0.0015, connect: 0.02 },
      attempts: 1,
      trace_id: { w3c: context.traceId },
      span_id: context.spanId,
      parent_span_id: context.parentSpanId,
      sampled: true,
    })
  })

  test('a connection that was refused: the 502 is ours, no status is the destination’s', () => {
    const made = record({ ...get, attempts: 1, fault: 'connection_refused', clientStatus: 502 })
    expect(made).toMatchObject({ 'proxy.response.status_code': 502, 'error.type': 'connection_refused' })
    expect(made).not.toHaveProperty(['http.response.status_code'])
    expect(made).not.toHaveProperty(['network.peer.address'])
    expect(made).not.toHaveProperty(['network.protocol.version'])
  })

  test.each<[string, Facts, string | undefined]>([
    ['200', { upstreamStatus: 200 }, undefined],
    ['404', { upstreamStatus: 404 }, '404'],
    ['503', { upstreamStatus: 503 }, '503'],
    ['503 and a fault', { upstreamStatus: 503, fault: 'response_truncated' }, 'response_truncated'],
    ...(Object.keys(faults) as FaultCode[]).map((fault): [string, Facts, string] => [fault, { fault }, fault]),
  ])('error.type of %s', (_name, facts, expected) => {
    expect(record(facts)['error.type']).toBe(expected)
  })

  test('a trace that starts here has no parent, and is told by the default format', () => {
    const made = record({ ...get, context: { ...context, parentSpanId: undefined, format: undefined, sampled: false } })
    expect(made).toMatchObject({ trace_id: { w3c: context.traceId }, span_id: context.spanId, sampled: false })
    expect(made).not.toHaveProperty('parent_span_id')
  })

  test('an IPv6 destination has no brackets', () => {
    const made = record({ ...get, url: 'http://[::1]:81/', destination: destination('::1', 81, 80) })
    expect(made).toMatchObject({ 'server.address': '::1', 'server.port': 81, 'url.full': 'http://[::1]:81/' })
  })
})

describe('text is JSON, whatever is in it', () => {
  const texts = [
    'curl/8.5.0',
    '',
    'a "quoted" agent',
    'back\\slash',
    '\\',
    '"',
    '\\"',
    '\t',
    '\x00\x01\x1f',
    '\n\r',
    '\x7f',
    '\x80\x9f\xa0',
    'Pr\xfcfer/1.0',
    '\xc3\xa9',
    '\xff',
    '\u2028\u2029',
    '\ud800',
    '</script>',
    'x'.repeat(300),
  ]

  test.each(texts)('%j', (text) => {
    const line = accessLogRecord(exchangeOf({ ...get, userAgent: text, url: `http://example.com/${text}` }))
    expect([...line].filter((character) => character < ' ')).toEqual([])
    const made = JSON.parse(line)
    expect(made['user_agent.original']).toBe(text)
    expect(made['url.full']).toBe(`http://example.com/${text}`)
  })

  // A method is a token: nothing in it needs an escape.
  test.each(['PURGE', 'get', "!#$%&'*+-.^_`|~", 'M-SEARCH'])('the method %s', (method) => {
    expect(record({ method })['http.request.method']).toBe(method)
  })

  test('law (seed 63): any record is one line and parses', () => {
    const random = seeded(63)
    const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('')
    for (let i = 0; i < 3000; i++) {
      const userAgent = random.text(random.integer(0, 10), bytes)
      const url = random.text(random.integer(1, 10), bytes.slice(33))
      const line = accessLogRecord(exchangeOf({ ...get, url, userAgent }))
      expect(line).not.toMatch(/[\n\r]/)
      expect(JSON.parse(line)).toMatchObject({ 'user_agent.original': userAgent, 'url.full': url })
    }
  })
})

describe('time', () => {
  test.each([
    [0, '1970-01-01T00:00:00.000Z'],
    [0.9, '1970-01-01T00:00:00.000Z'],
    [999.99, '1970-01-01T00:00:00.999Z'],
    [1000, '1970-01-01T00:00:01.000Z'],
    [1_700_000_000_001, '2023-11-14T22:13:20.001Z'],
    [1_700_000_000_012.75, '2023-11-14T22:13:20.012Z'],
    [1_700_000_000_999.9998, '2023-11-14T22:13:20.999Z'],
    [1_700_000_001_000, '2023-11-14T22:13:21.000Z'],
    // Back again: the date must not stick.
    [1_700_000_000_500, '2023-11-14T22:13:20.500Z'],
    [Date.UTC(2024, 11, 31, 23, 59, 59, 999), '2024-12-31T23:59:59.999Z'],
    [Date.UTC(2025, 0, 1), '2025-01-01T00:00:00.000Z'],
  ])('%p is %s', (startTime, expected) => {
    expect(record({ startTime }).timestamp).toBe(expected)
  })

  test('law (seed 64): timestamps are those of Date', () => {
    const random = seeded(64)
    let time = 1_700_000_000_000
    for (let i = 0; i < 5000; i++) {
      time += random.integer(-500, 1500) + random.fraction()
      expect(record({ startTime: time }).timestamp).toBe(new Date(Math.floor(time)).toISOString())
    }
  })

  test.each([
    [0, 0],
    [0.0001, 0],
    [0.001, 0.000001],
    [0.0015, 0.000002],
    [1, 0.001],
    [1.23456, 0.001235],
    [999.9996, 1],
    [1000, 1],
    [86_400_000.001, 86400.000001],
  ])('%p ms last %p s', (milliseconds, expected) => {
    expect(record({ startMark: 0, endMark: milliseconds }).duration).toBe(expected)
  })

  test.each<[string, Facts, Record<string, number>]>([
    ['nothing came', {}, {}],
    ['only the name was looked up', { dnsTime: 2 }, { dns: 0.002 }],
    ['in no time', { dnsTime: 0, connectTime: 0 }, { dns: 0, connect: 0 }],
    ['an idle connection', { requestSentMark: 1010, responseHeadMark: 1110 }, { wait: 0.1, receive: 0.14 }],
    [
      'the response began before the request had ended',
      { requestSentMark: 1200, responseHeadMark: 1110 },
      { wait: 0, receive: 0.14 },
    ],
    ['the request never ended', { requestSentMark: 0, responseHeadMark: 1110 }, { wait: 0, receive: 0.14 }],
    ['no response', { dnsTime: 1, connectTime: 2, requestSentMark: 1010 }, { dns: 0.001, connect: 0.002 }],
    ['all at once', { requestSentMark: 1250, responseHeadMark: 1250 }, { wait: 0, receive: 0 }],
  ])('timings when %s', (_name, facts, expected) => {
    expect(record(facts).timings).toStrictEqual(expected)
  })
})

test('trace_id is an object with the id as each format writes it', () => {
  const made = accessLogRecord(exchangeOf({ context: { ...context, notations: [w3c, datadog, aws] } }))
  expect(JSON.parse(made).trace_id).toEqual({
    w3c: context.traceId,
    datadog: String(BigInt(`0x${context.traceId.slice(16)}`)),
    aws: `1-${context.traceId.slice(0, 8)}-${context.traceId.slice(8)}`,
  })
})
