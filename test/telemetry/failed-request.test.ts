import { eventLine } from '../../src/telemetry/console-text'
import { debugBlock } from '../../src/telemetry/debug-block'
import { type FailedRequest, failedRequestWriter } from '../../src/telemetry/failed-request'
import { attributesOf, decodedRecord } from '../support/log-record'
import { answered, connected, context, exchangeOf, type Facts, get, startTime } from './exchanges'

function failedOf(facts: Facts, more: Partial<FailedRequest> = {}): FailedRequest {
  const exchange = exchangeOf({ ...get, ...answered, ...facts })
  return { exchange, kind: 'response', breadcrumbs: [], personalData: [], ...more }
}

const recordOf = (failed: FailedRequest, semconv: 'stable' | 'old' = 'stable') =>
  decodedRecord((to) => failedRequestWriter(semconv)(to, failed))

const unavailable: Facts = { upstreamStatus: 503, clientStatus: 503 }
const unanswered: Facts = { ...connected, upstreamStatus: 0, clientStatus: 502, protocolMinor: -1, responseBodySize: 0 }

test('a failed response is an error, joined to its span', () => {
  const record = recordOf(failedOf(unavailable))
  expect(record).toMatchObject({
    eventName: 'outspan.http.client.request.failed',
    severityNumber: 17,
    severityText: 'ERROR',
    body: { stringValue: 'GET http://example.com/a?b=c 503 in 250 ms' },
    traceId: context.traceId,
    spanId: context.spanId,
    flags: 1,
    timeUnixNano: String(BigInt(startTime * 1000 + 250_000) * 1000n),
  })
  expect(attributesOf(record)).toEqual({
    'http.request.method': 'GET',
    'url.full': 'http://example.com/a?b=c',
    'server.address': 'example.com',
    'server.port': '80',
    'network.peer.address': '192.0.2.1',
    'network.peer.port': '80',
    'network.protocol.version': '1.1',
    'http.response.status_code': '503',
    'error.type': '503',
    'http.response.body.size': '12',
    'proxy.response.status_code': '503',
    duration: 0.25,
    attempts: '1',
    'request.id': 'request-1',
  })
})

test('no response at all is the exception of the conventions', () => {
  const record = recordOf(failedOf({ ...unanswered, fault: 'connection_refused' }, { kind: 'exception' }))
  expect(record).toMatchObject({
    eventName: 'http.client.request.exception',
    severityNumber: 13,
    severityText: 'WARN',
    body: { stringValue: 'GET http://example.com/a?b=c connection_refused in 250 ms' },
  })
  const attributes = attributesOf(record)
  expect(attributes).toMatchObject({
    'exception.type': 'connection_refused',
    'exception.message': 'The destination refused the connection.',
    'error.type': 'connection_refused',
    'proxy.response.status_code': '502',
  })
  expect(attributes).not.toHaveProperty('http.response.status_code')
})

test.each<[string, Facts, string, string]>([
  ['cut short', { ...unavailable, fault: 'response_truncated' }, 'response_truncated', ' 503 in '],
  ['whose client left', { ...unavailable, fault: 'client_closed' }, '503', ' 503 in '],
  ['with a status that is no error elsewhere', { upstreamStatus: 302, clientStatus: 302 }, '302', ' 302 in '],
])('a failed response %s', (_name, facts, errorType, words) => {
  const record = recordOf(failedOf(facts))
  expect(record).toMatchObject({ eventName: 'outspan.http.client.request.failed' })
  expect(attributesOf(record)['error.type']).toBe(errorType)
  expect((record.body as { stringValue: string }).stringValue).toContain(words)
})

test('an unsampled one says so', () => {
  expect(recordOf(failedOf({ ...unavailable, context: { ...context, sampled: false } })).flags ?? 0).toBe(0)
})

test('a whole second is still a number with fractions', () => {
  const record = recordOf(failedOf({ ...unavailable, endMark: 2000 }))
  const duration = (record.attributes as { key: string; value: unknown }[]).find(({ key }) => key === 'duration')
  expect(duration?.value).toEqual({ doubleValue: 1 })
})

const crumb = {
  time: Date.UTC(2024, 1, 29, 12, 34, 55, 250),
  spanId: '00f067aa0ba902b7',
  method: 'GET',
  url: 'http://a.example/',
  status: 200,
  fault: undefined,
  duration: 12.3456,
}

test('breadcrumbs are maps', () => {
  const cut = { ...crumb, status: 200, fault: 'response_truncated' } as const
  const left = { ...crumb, status: 0, fault: 'client_closed' } as const
  const statuses = [200, 302, 404, 503].map((status) => ({ ...crumb, status }))
  const { 'outspan.breadcrumbs': shown } = attributesOf(
    recordOf(failedOf(unavailable, { breadcrumbs: [...statuses, cut, left] })),
  )
  const common = {
    timestamp: '2024-02-29T12:34:55.250Z',
    'http.request.method': 'GET',
    'url.full': 'http://a.example/',
    duration: 0.012346,
    span_id: '00f067aa0ba902b7',
  }
  expect(shown).toEqual([
    { ...common, level: 'info', 'http.response.status_code': '200' },
    { ...common, level: 'info', 'http.response.status_code': '302' },
    { ...common, level: 'warning', 'http.response.status_code': '404' },
    { ...common, level: 'error', 'http.response.status_code': '503' },
    { ...common, level: 'error', 'http.response.status_code': '200', 'error.type': 'response_truncated' },
    { ...common, level: 'info', 'error.type': 'client_closed' },
  ])
})

test('headers that were named, and attributes that were set, are there; the user agent that nobody named is not', () => {
  const attributes = [
    { key: 'team', value: 'checkout' },
    { key: 'http.request.header.x-tenant', value: ['blue'] },
  ]
  const shown = attributesOf(recordOf(failedOf({ ...unavailable, attributes, userAgent: 'curl/8' })))
  expect(shown).toMatchObject({ team: 'checkout', 'http.request.header.x-tenant': ['blue'] })
  expect(shown).not.toHaveProperty(['user_agent.original'])
})

test('personal data stands behind the facts, and does not repeat what was named', () => {
  const attributes = [{ key: 'http.request.header.authorization', value: ['named'] }]
  const personalData = [
    { key: 'client.address', value: '10.0.0.1' },
    { key: 'http.request.header.authorization', value: ['other'] },
    { key: 'http.request.header.accept', value: ['a', 'b'] },
  ]
  const record = recordOf(failedOf({ ...unavailable, attributes }, { personalData }))
  expect(attributesOf(record)).toMatchObject({
    'client.address': '10.0.0.1',
    'http.request.header.authorization': ['named'],
    'http.request.header.accept': ['a', 'b'],
  })
  expect(new Set((record.attributes as { key: string }[]).map(({ key }) => key)).size).toBe(
    (record.attributes as unknown[]).length,
  )
})

test('with older names it has those', () => {
  const attributes = [{ key: 'http.response.header.x-region', value: ['eu'] }]
  const personalData = [{ key: 'http.request.header.accept-language', value: ['de'] }]
  const shown = attributesOf(recordOf(failedOf({ ...unavailable, attributes }, { personalData }), 'old'))
  expect(shown).toMatchObject({
    'http.method': 'GET',
    'http.status_code': '503',
    'error.type': '503',
    'http.response.header.x_region': ['eu'],
    'http.request.header.accept_language': ['de'],
  })
  expect(Object.keys(shown).filter((key) => key === 'http.request.method' || key.includes('-'))).toEqual([])
})

test('a block for people shows the event behind the span', () => {
  const failed = failedOf(
    { ...unanswered, fault: 'dns_failure' },
    { kind: 'exception', breadcrumbs: [crumb, { ...crumb, fault: 'unreachable', status: 0 }] },
  )
  const lines = debugBlock(failed.exchange, failed).split('\n')
  expect(lines.slice(lines.indexOf('  event http.client.request.exception'))).toEqual([
    '  event http.client.request.exception',
    '    exception.type                 dns_failure',
    '    exception.message              The host name does not resolve.',
    '    proxy.response.status_code     502',
    '    duration                       0.25',
    '    attempts                       1',
    '    before: GET http://a.example/ 200 in 12 ms',
    '    before: GET http://a.example/ unreachable in 12 ms',
    '',
    '',
  ])
})

test('a line for people says which event it is, how bad, and of which span', () => {
  expect(eventLine(failedOf(unavailable))).toBe(
    `2024-02-29T12:34:57.039Z ERROR outspan.http.client.request.failed GET http://example.com/a?b=c 503 in 250 ms  trace ${context.traceId}  span ${context.spanId}\n`,
  )
})
