import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  METRIC_HTTP_CLIENT_REQUEST_DURATION,
} from '@opentelemetry/semantic-conventions'
import {
  METRIC_HTTP_CLIENT_REQUEST_BODY_SIZE,
  METRIC_HTTP_CLIENT_RESPONSE_BODY_SIZE,
} from '@opentelemetry/semantic-conventions/incubating'
import { destination } from '../../src/model/destination'
import { type FaultCode, faults } from '../../src/model/fault'
import type { HistogramPoint } from '../../src/telemetry/histogram'
import { HttpMetrics } from '../../src/telemetry/http-metrics'
import { errorTypeOf } from '../../src/telemetry/outcome'
import { MOST_SERIES } from '../../src/telemetry/series'
import { answered, exchangeOf, type Facts, get, tunnel } from './exchanges'

const DURATION = METRIC_HTTP_CLIENT_REQUEST_DURATION
const TUNNEL = 'outspan.tunnel.duration'

function metricsOf(...exchanges: Facts[]): HttpMetrics {
  const metrics = new HttpMetrics()
  for (const facts of exchanges) metrics.add(exchangeOf(facts))
  return metrics
}

function pointsOf(metrics: HttpMetrics, name: string = DURATION): readonly HistogramPoint[] {
  return metrics.metrics().find((metric) => metric.name === name)?.points ?? []
}

const ok = { ...get, ...answered }
const okLabels = {
  [ATTR_HTTP_REQUEST_METHOD]: 'GET',
  [ATTR_SERVER_ADDRESS]: 'example.com',
  [ATTR_SERVER_PORT]: 80,
  [ATTR_NETWORK_PROTOCOL_VERSION]: '1.1',
  [ATTR_HTTP_RESPONSE_STATUS_CODE]: 200,
}

test('names, units and the bounds of the conventions', () => {
  expect(new HttpMetrics().metrics().map(({ name, unit, points }) => [name, unit, points])).toEqual([
    [METRIC_HTTP_CLIENT_REQUEST_DURATION, 's', []],
    [METRIC_HTTP_CLIENT_REQUEST_BODY_SIZE, 'By', []],
    [METRIC_HTTP_CLIENT_RESPONSE_BODY_SIZE, 'By', []],
    [TUNNEL, 's', []],
  ])
  expect(new HttpMetrics().metrics()[0]?.bounds).toEqual([
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
  ])
})

test('durations in seconds, sizes in bytes', () => {
  const metrics = metricsOf({ ...ok, requestBodySize: 5 }, { ...ok, endMark: 1002, responseBodySize: 2048 })
  expect(pointsOf(metrics)).toEqual([
    {
      attributes: okLabels,
      count: 2,
      sum: 0.252,
      counts: [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
      min: 0.002,
      max: 0.25,
    },
  ])
  expect(pointsOf(metrics, METRIC_HTTP_CLIENT_REQUEST_BODY_SIZE)).toMatchObject([
    { attributes: okLabels, count: 2, sum: 5, counts: [1, 1, 0, 0, 0, 0, 0, 0, 0] },
  ])
  expect(pointsOf(metrics, METRIC_HTTP_CLIENT_RESPONSE_BODY_SIZE)).toMatchObject([
    { attributes: okLabels, count: 2, sum: 2060, counts: [0, 1, 1, 0, 0, 0, 0, 0, 0] },
  ])
})

test.each<[string, Facts, Record<string, unknown>]>([
  [
    '404',
    { ...ok, upstreamStatus: 404 },
    { ...okLabels, [ATTR_HTTP_RESPONSE_STATUS_CODE]: 404, [ATTR_ERROR_TYPE]: '404' },
  ],
  ['HTTP/1.0', { ...ok, protocolMinor: 0 }, { ...okLabels, [ATTR_NETWORK_PROTOCOL_VERSION]: '1.0' }],
  ['an unknown method', { ...ok, method: 'BREW' }, { ...okLabels, [ATTR_HTTP_REQUEST_METHOD]: '_OTHER' }],
  [
    'a fault behind a status',
    { ...ok, fault: 'response_truncated' },
    { ...okLabels, [ATTR_ERROR_TYPE]: 'response_truncated' },
  ],
  ['a client that left', { ...ok, fault: 'client_closed' }, okLabels],
  [
    'a client that left an error response',
    { ...ok, upstreamStatus: 503, fault: 'client_closed' },
    { ...okLabels, [ATTR_HTTP_RESPONSE_STATUS_CODE]: 503, [ATTR_ERROR_TYPE]: '503' },
  ],
  ['unsampled', { ...ok, context: undefined }, okLabels],
  [
    'no way there',
    { ...get, fault: 'dns_failure' },
    {
      [ATTR_HTTP_REQUEST_METHOD]: 'GET',
      [ATTR_SERVER_ADDRESS]: 'example.com',
      [ATTR_SERVER_PORT]: 80,
      [ATTR_ERROR_TYPE]: 'dns_failure',
    },
  ],
  [
    'refused before anything was known',
    { fault: 'bad_request_line' },
    { [ATTR_HTTP_REQUEST_METHOD]: '_OTHER', [ATTR_ERROR_TYPE]: 'bad_request_line' },
  ],
])('%s', (_, facts, attributes) => {
  const metrics = metricsOf(facts)
  expect(pointsOf(metrics)).toMatchObject([{ count: 1 }])
  expect(pointsOf(metrics)[0]?.attributes).toEqual(attributes)
  expect(pointsOf(metrics, METRIC_HTTP_CLIENT_REQUEST_BODY_SIZE)).toHaveLength(1)
  expect(pointsOf(metrics, METRIC_HTTP_CLIENT_RESPONSE_BODY_SIZE)).toHaveLength(facts.upstreamStatus ? 1 : 0)
  expect(pointsOf(metrics, TUNNEL)).toEqual([])
})

test.each<[string, Facts]>([
  ['a tunnel', tunnel],
  ['a tunnel that was refused', { ...tunnel, fault: 'connection_refused' }],
  ['a switched protocol', { ...ok, upstreamStatus: 101 }],
])('%s counts apart', (_, facts) => {
  const metrics = metricsOf({ ...facts, endMark: 1000 + 7_200_000 })
  const [point, ...others] = pointsOf(metrics, TUNNEL)
  expect(others).toEqual([])
  expect(point).toMatchObject({ sum: 7200, counts: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0] })
  expect(metrics.metrics().filter(({ points }) => points.length > 0)).toHaveLength(1)
})

test('the same attributes are one series, whatever object the destination is', () => {
  const other = destination('example.com', 80, 0)
  const metrics = metricsOf(ok, { ...ok, destination: other }, { ...ok, fault: 'client_closed' })
  expect(pointsOf(metrics)).toMatchObject([{ attributes: okLabels, count: 3 }])
})

test('every fault, status and method has the series of its own attributes', () => {
  const metrics = new HttpMetrics()
  const seen = new Set<string>()
  for (const method of ['GET', 'POST', 'PUT', 'QUERY', 'odd']) {
    for (const fault of [undefined, ...(Object.keys(faults) as FaultCode[])]) {
      for (const upstreamStatus of [0, 200, 599, 999]) {
        const exchange = exchangeOf({ ...get, method, fault, upstreamStatus, protocolMinor: upstreamStatus ? 1 : -1 })
        metrics.add(exchange)
        seen.add(`${method} ${errorTypeOf(exchange)} ${upstreamStatus}`)
      }
    }
  }
  const points = pointsOf(metrics)
  expect(points).toHaveLength(seen.size)
  expect(new Set(points.map(({ attributes }) => JSON.stringify(attributes))).size).toBe(seen.size)
  expect(metrics.overflowed).toBe(0)
})

test('as many methods as the settings name have a series each, in every version of the protocol', () => {
  const metrics = new HttpMetrics()
  for (let number = 0; number < 300; number++) {
    for (const protocolMinor of [0, 1, -1]) {
      metrics.add(exchangeOf({ ...ok, method: `M${number}`, knownMethod: `M${number}`, protocolMinor }))
    }
  }
  expect(pointsOf(metrics)).toHaveLength(900)
  expect(pointsOf(metrics).filter(({ count }) => count > 1)).toEqual([])
})

describe('more series than there may be', () => {
  const metrics = new HttpMetrics()
  const each = (host: number, facts: Facts = {}) =>
    metrics.add(exchangeOf({ ...ok, destination: destination(`host${host}`, 80, 80), ...facts }))
  const OVERFLOW = { 'otel.metric.overflow': true }

  beforeAll(() => {
    for (let host = 0; host < 5000; host++) each(host)
    // Of a known destination, but with another status; and of one that has its series.
    each(0, { upstreamStatus: 500 })
    each(0)
  })

  test('share one, and none is lost', () => {
    const points = pointsOf(metrics)
    expect(points).toHaveLength(MOST_SERIES)
    expect(points.reduce((sum, { count }) => sum + count, 0)).toBe(5002)
    expect(points.at(-1)).toMatchObject({ attributes: OVERFLOW, count: 5001 - (MOST_SERIES - 1) })
    expect(points[0]).toMatchObject({ attributes: { [ATTR_SERVER_ADDRESS]: 'host0' }, count: 2 })
  })

  test('are counted', () => {
    expect(metrics.overflowed).toBe(5001 - (MOST_SERIES - 1))
  })

  test('leave tunnels their own', () => {
    metrics.add(exchangeOf(tunnel))
    expect(pointsOf(metrics, TUNNEL)).toHaveLength(1)
    expect(pointsOf(metrics, TUNNEL)[0]?.attributes).not.toEqual(OVERFLOW)
  })
})
