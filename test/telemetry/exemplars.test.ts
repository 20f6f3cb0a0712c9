import type { ExemplarFilter } from '../../src/telemetry/exemplars'
import type { HistogramPoint } from '../../src/telemetry/histogram'
import { HttpMetrics } from '../../src/telemetry/http-metrics'
import type { HistogramMetric } from '../../src/telemetry/metrics'
import { answered, context, exchangeOf, get } from './exchanges'

const took = (milliseconds: number, sampled = true, spanId = context.spanId) =>
  exchangeOf({ ...get, ...answered, endMark: 1000 + milliseconds, context: { ...context, sampled, spanId } })

const exemplarsOf = (metrics: HttpMetrics) => {
  const [duration] = metrics.metrics()
  return ((duration as HistogramMetric).points[0] as HistogramPoint).exemplars
}

test('each bucket names the first exchange of an interval that fell into it', () => {
  const metrics = new HttpMetrics('trace_based')
  for (const exchange of [took(250), took(240, true, 'b7ad6b7169203331'), took(3000)]) metrics.add(exchange)
  const { traceId, spanId } = context
  expect(exemplarsOf(metrics)).toEqual([
    { value: 0.25, time: Date.UTC(2024, 1, 29, 12, 34, 57, 39) + 0.25, traceId, spanId },
    expect.objectContaining({ value: 3 }),
  ])
  metrics.exported()
  expect(exemplarsOf(metrics)).toBeUndefined()
  metrics.add(took(240, true, 'b7ad6b7169203331'))
  expect(exemplarsOf(metrics)).toEqual([expect.objectContaining({ value: 0.24, spanId: 'b7ad6b7169203331' })])
})

test.each<[ExemplarFilter, number]>([
  ['trace_based', 1],
  ['always_on', 2],
  ['always_off', 0],
])('%s', (filter, count) => {
  const metrics = new HttpMetrics(filter)
  metrics.add(took(250))
  metrics.add(took(3000, false))
  metrics.add(exchangeOf({ ...get, ...answered, context: undefined, endMark: 9000 }))
  expect(exemplarsOf(metrics)?.length ?? 0).toBe(count)
})
