import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AggregationTemporality, DataPointType, InstrumentType, type MetricData } from '@opentelemetry/sdk-metrics'
import { type Labels, type Metric, single } from '../../src/telemetry/metrics'
import { writeMetric } from '../../src/telemetry/otlp-metric'
import { RequestMaker, resourceBytes, scopeBytes } from '../../src/telemetry/otlp-request'
import { ProtobufWriter } from '../../src/telemetry/protobuf'
import { type DecodedMetric, decodedRequest, metricsOf } from '../support/otlp-metrics'

const times = { start: 1_700_000_000_000.25, now: 1_700_000_060_000.5 }
const nanos = { startTimeUnixNano: '1700000000000250000', timeUnixNano: '1700000060000500000' }

/** The metrics as a collector reads them. */
function decoded(...metrics: Metric[]): DecodedMetric[] {
  const writer = new ProtobufWriter()
  for (const metric of metrics) expect(writeMetric(writer, metric, times)).toBe(metric.points.length)
  const request = new RequestMaker(resourceBytes({ 'service.name': 'a' }), scopeBytes('outspan', '1')).make(
    writer.take(),
  )
  return metricsOf(decodedRequest(request))
}

const first = (metric: Metric) => decoded(metric)[0] as DecodedMetric

const histogram: Metric = {
  kind: 'histogram',
  name: 'http.client.request.duration',
  unit: 's',
  description: 'Duration.',
  bounds: [0.005, 1, 10],
  points: [
    {
      attributes: { 'http.request.method': 'GET', 'server.port': 80 },
      count: 6,
      sum: 4.5,
      counts: [1, 2, 3, 0],
      min: 0.001,
      max: 3.25,
    },
    { attributes: { 'otel.metric.overflow': true }, count: 1, sum: 0, counts: [1, 0, 0, 0] },
  ],
}

test('a counter is a monotonic cumulative sum', () => {
  expect(first(single('counter', 'a.b', '{thing}', 'Things.', 7))).toEqual({
    name: 'a.b',
    unit: '{thing}',
    description: 'Things.',
    sum: {
      dataPoints: [{ ...nanos, asInt: '7' }],
      aggregationTemporality: 'AGGREGATION_TEMPORALITY_CUMULATIVE',
      isMonotonic: true,
    },
  })
})

test('a count that also falls is a sum that is not monotonic', () => {
  expect(first(single('updown', 'a', 'By', 'A.', 7)).sum).toEqual({
    dataPoints: [{ ...nanos, asInt: '7' }],
    aggregationTemporality: 'AGGREGATION_TEMPORALITY_CUMULATIVE',
  })
})

test('a gauge is a gauge', () => {
  expect(first(single('gauge', 'a', 's', 'A.', 0.25)).gauge).toEqual({ dataPoints: [{ ...nanos, asDouble: 0.25 }] })
})

test('a histogram', () => {
  expect(first(histogram)).toEqual({
    name: 'http.client.request.duration',
    unit: 's',
    description: 'Duration.',
    histogram: {
      aggregationTemporality: 'AGGREGATION_TEMPORALITY_CUMULATIVE',
      dataPoints: [
        {
          ...nanos,
          attributes: [
            { key: 'http.request.method', value: { stringValue: 'GET' } },
            { key: 'server.port', value: { intValue: '80' } },
          ],
          count: '6',
          sum: 4.5,
          bucketCounts: ['1', '2', '3', '0'],
          explicitBounds: [0.005, 1, 10],
          min: 0.001,
          max: 3.25,
        },
        {
          ...nanos,
          attributes: [{ key: 'otel.metric.overflow', value: { boolValue: true } }],
          count: '1',
          sum: 0,
          bucketCounts: ['1', '0', '0', '0'],
          explicitBounds: [0.005, 1, 10],
        },
      ],
    },
  })
})

test.each([0, 1, 255, 2 ** 31, 2 ** 32 + 1, 2 ** 53 - 1, -1, -(2 ** 40)])('the count %d survives', (value) => {
  const { sum } = first(single('updown', 'a', '{thing}', 'A.', value))
  expect(sum).toMatchObject({ dataPoints: [{ asInt: String(value) }] })
})

test.each([0, 1, 1e-9, 12_345.678, -2.5, 1e300])('%d seconds survive as a double', (value) => {
  expect(first(single('counter', 'a', 's', 'A.', value)).sum).toMatchObject({ dataPoints: [{ asDouble: value }] })
})

test.each<[string | number | boolean, Record<string, unknown>]>([
  ['', { stringValue: '' }],
  ['ä∑🙂', { stringValue: 'ä∑🙂' }],
  ['x'.repeat(20_000), { stringValue: 'x'.repeat(20_000) }],
  [0, { intValue: '0' }],
  [65_535, { intValue: '65535' }],
  [2 ** 53 - 1, { intValue: String(2 ** 53 - 1) }],
  [0.5, { doubleValue: 0.5 }],
  [-3, { doubleValue: -3 }],
  [true, { boolValue: true }],
  [false, { boolValue: false }],
])('the attribute %j', (value, expected) => {
  const points = [{ attributes: { a: value, b: 'after' }, value: 1 }]
  expect(first({ ...single('counter', 'a', '1', 'A.', 0), points }).sum).toMatchObject({
    dataPoints: [
      {
        attributes: [
          { key: 'a', value: expected },
          { key: 'b', value: { stringValue: 'after' } },
        ],
      },
    ],
  })
})

test('long metrics, and several', () => {
  const points = Array.from({ length: 2000 }, (_, value) => ({
    attributes: { 'server.address': `host${value}` },
    value,
  }))
  const metrics = decoded({ ...single('counter', 'a', '{x}', 'A.', 0), points }, histogram, {
    ...single('gauge', 'none', '{x}', 'None.', 0),
    points: [],
  })
  expect(metrics.map(({ name }) => name)).toEqual(['a', 'http.client.request.duration', 'none'])
  expect(metrics[0]).toHaveProperty('sum.dataPoints.length', 2000)
})

/** OpenTelemetry's own encoder gets the same metrics. */
test('is what OpenTelemetry writes', () => {
  const points = [{ attributes: { method: 'GET', port: 80 } as Labels, value: 5 }]
  const metrics: Metric[] = [
    { ...single('counter', 'a', '{x}', 'A.', 0), points },
    single('updown', 'b', 'By', 'B.', 3),
    single('gauge', 'c', 's', 'C.', 0.5),
    histogram,
  ]
  const whole = { start: 1_700_000_000_000, now: 1_700_000_060_000 }
  const writer = new ProtobufWriter()
  for (const metric of metrics) writeMetric(writer, metric, whole)
  const ours = new RequestMaker(Buffer.alloc(0), scopeBytes('outspan', '1')).make(writer.take())
  const theirs = ProtobufMetricsSerializer.serializeRequest({
    resource: resourceFromAttributes({}),
    scopeMetrics: [{ scope: { name: 'outspan', version: '1' }, metrics: metrics.map(sdkMetric) }],
  }) as Uint8Array
  expect(metricsOf(decodedRequest(ours))).toEqual(metricsOf(decodedRequest(theirs)))
})

function sdkMetric(metric: Metric): MetricData {
  const { name, description, unit, kind } = metric
  const type = kind === 'gauge' ? InstrumentType.GAUGE : InstrumentType.COUNTER
  const shared = {
    descriptor: { name, description, unit, valueType: unit === 's' ? 1 : 0, type },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  }
  const clock = { startTime: [1_700_000_000, 0] as [number, number], endTime: [1_700_000_060, 0] as [number, number] }
  if (metric.kind === 'histogram') {
    const dataPoints = metric.points.map((point) => ({
      ...clock,
      attributes: point.attributes,
      value: { ...point, buckets: { boundaries: [...metric.bounds], counts: [...point.counts] } },
    }))
    return { ...shared, dataPointType: DataPointType.HISTOGRAM, dataPoints } as MetricData
  }
  const dataPoints = metric.points.map((point) => ({ ...clock, ...point }))
  return kind === 'gauge'
    ? ({ ...shared, dataPointType: DataPointType.GAUGE, dataPoints } as MetricData)
    : ({ ...shared, dataPointType: DataPointType.SUM, isMonotonic: kind === 'counter', dataPoints } as MetricData)
}
