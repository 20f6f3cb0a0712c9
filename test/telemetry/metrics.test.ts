import { destination } from '../../src/model/destination'
import { type Point, single, Tally } from '../../src/telemetry/metrics'
import { MOST_SERIES } from '../../src/telemetry/series'
import { answered, exchangeOf, type Facts, get, tunnel } from './exchanges'

function tallyOf(...exchanges: Facts[]) {
  const tally = new Tally()
  for (const facts of exchanges) tally.add(exchangeOf(facts))
  return tally
}

const pointsOf = (tally: Tally, name: string) =>
  tally.metrics().find((metric) => metric.name === name)?.points as readonly Point[] | undefined
const ok = { ...get, ...answered }

test('single', () => {
  expect(single('gauge', 'a.b', 'By', 'Words.', 3)).toEqual({
    kind: 'gauge',
    name: 'a.b',
    unit: 'By',
    description: 'Words.',
    points: [{ attributes: {}, value: 3 }],
  })
})

describe('a tally', () => {
  test('starts at nothing', () => {
    expect(new Tally().metrics().map(({ name, kind, unit, points }) => [name, kind, unit, points])).toEqual([
      ['outspan.exchanges', 'counter', '{exchange}', []],
      ['outspan.request.body.size', 'counter', 'By', [{ attributes: {}, value: 0 }]],
      ['outspan.response.body.size', 'counter', 'By', [{ attributes: {}, value: 0 }]],
      ['outspan.resends', 'counter', '{request}', [{ attributes: {}, value: 0 }]],
      ['outspan.propagation.refusals', 'counter', '{request}', []],
      ['outspan.propagation.conflicts', 'counter', '{request}', []],
      ['outspan.propagation.signed_fields', 'counter', '{field}', [{ attributes: {}, value: 0 }]],
      ['http.client.request.duration', 'histogram', 's', []],
      ['http.client.request.body.size', 'histogram', 'By', []],
      ['http.client.response.body.size', 'histogram', 'By', []],
      ['outspan.tunnel.duration', 'histogram', 's', []],
      ['outspan.metrics.overflowed', 'counter', '{exchange}', [{ attributes: {}, value: 0 }]],
    ])
  })

  test('counts exchanges by method and error', () => {
    const tally = tallyOf(
      ok,
      ok,
      { ...ok, upstreamStatus: 404 },
      { ...ok, upstreamStatus: 503 },
      { ...ok, upstreamStatus: 503, fault: 'response_truncated' },
      { ...ok, upstreamStatus: 503 },
      { ...get, fault: 'client_closed' },
      { ...ok, method: 'POST' },
      tunnel,
    )
    expect(pointsOf(tally, 'outspan.exchanges')).toEqual([
      { attributes: { 'http.request.method': 'GET' }, value: 2 },
      { attributes: { 'http.request.method': 'GET', 'error.type': '404' }, value: 1 },
      { attributes: { 'http.request.method': 'GET', 'error.type': '503' }, value: 2 },
      { attributes: { 'http.request.method': 'GET', 'error.type': 'response_truncated' }, value: 1 },
      { attributes: { 'http.request.method': 'GET', 'error.type': 'client_closed' }, value: 1 },
      { attributes: { 'http.request.method': 'POST' }, value: 1 },
      { attributes: { 'http.request.method': 'CONNECT' }, value: 1 },
    ])
  })

  test('has no more series than a metric may have, whatever destinations answer', () => {
    const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH']
    const statuses = Array.from({ length: 600 }, (_, i) => 400 + i)
    const all = methods.flatMap((method) => statuses.map((upstreamStatus) => ({ ...ok, method, upstreamStatus })))
    const points = pointsOf(tallyOf(...all, ...all), 'outspan.exchanges') ?? []
    expect(points).toHaveLength(MOST_SERIES)
    expect(points.at(-1)).toEqual({
      attributes: { 'otel.metric.overflow': true },
      value: 2 * (all.length - (MOST_SERIES - 1)),
    })
    expect(points.reduce((sum, { value }) => sum + value, 0)).toBe(2 * all.length)
  })

  test('has one label for all methods that nobody knows, and for none', () => {
    const tally = tallyOf(...Array.from({ length: 500 }, (_, i) => ({ ...ok, method: `M${i}` })), {
      fault: 'bad_request_line',
    })
    expect(pointsOf(tally, 'outspan.exchanges')).toEqual([
      { attributes: { 'http.request.method': '_OTHER' }, value: 500 },
      { attributes: { 'http.request.method': '_OTHER', 'error.type': 'bad_request_line' }, value: 1 },
    ])
  })

  test('loses no exchange', () => {
    const facts = Array.from({ length: 300 }, (_, i) => ({ ...ok, upstreamStatus: 100 + i * 3 }))
    const points = pointsOf(tallyOf(...facts), 'outspan.exchanges') ?? []
    expect(points.reduce((sum, { value }) => sum + value, 0)).toBe(300)
  })

  test('adds up bytes and resends', () => {
    const tally = tallyOf(
      { ...ok, requestBodySize: 5, responseBodySize: 7, attempts: 1 },
      { ...ok, requestBodySize: 10, responseBodySize: 0, attempts: 3 },
      { ...tunnel, requestBodySize: 100, responseBodySize: 1000, attempts: 2 },
      { ...get, attempts: 0, responseBodySize: 0 },
    )
    expect(pointsOf(tally, 'outspan.request.body.size')).toEqual([{ attributes: {}, value: 115 }])
    expect(pointsOf(tally, 'outspan.response.body.size')).toEqual([{ attributes: {}, value: 1007 }])
    expect(pointsOf(tally, 'outspan.resends')).toEqual([{ attributes: {}, value: 3 }])
  })

  test('counts trace headers that carry no context', () => {
    const tally = tallyOf(
      { ...ok, contextRefusals: [{ format: 'w3c', reason: 'malformed' }] },
      {
        ...ok,
        contextRefusals: [
          { format: 'w3c', reason: 'malformed' },
          { format: 'b3', reason: 'all_zero' },
        ],
      },
      { ...ok, contextRefusals: [{ format: 'w3c', reason: 'repeated' }] },
      ok,
    )
    expect(pointsOf(tally, 'outspan.propagation.refusals')).toEqual([
      { attributes: { 'outspan.propagation.format': 'w3c', reason: 'malformed' }, value: 2 },
      { attributes: { 'outspan.propagation.format': 'b3', reason: 'all_zero' }, value: 1 },
      { attributes: { 'outspan.propagation.format': 'w3c', reason: 'repeated' }, value: 1 },
    ])
  })

  test('measures exchanges, and counts those without a series of their own', () => {
    const facts = Array.from({ length: 2001 }, (_, i) => ({ ...ok, destination: destination(`host${i}`, 80, 80) }))
    const tally = tallyOf(...facts)
    expect(pointsOf(tally, 'http.client.request.duration')).toHaveLength(2000)
    expect(pointsOf(tally, 'outspan.metrics.overflowed')).toEqual([{ attributes: {}, value: 2 }])
  })
})
