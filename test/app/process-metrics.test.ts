import { processMetrics } from '../../src/app/process-metrics'
import { mergeMetrics } from '../../src/telemetry/merge-metrics'
import type { Metric } from '../../src/telemetry/metrics'
import { eventually } from '../support/proxy'

const named = (metrics: readonly Metric[], name: string) => metrics.find((metric) => metric.name === name)

/** The process's metrics once all of them are there. */
const whole = () =>
  eventually(() => {
    const metrics = processMetrics()
    return metrics.length >= 8 ? metrics : undefined
  }, 'all metrics of the process')

test('what this process takes', async () => {
  const value = (metrics: readonly Metric[], name: string) => {
    const points = named(metrics, name)?.points as readonly { value: number }[]
    return points.reduce((sum, point) => sum + point.value, 0)
  }
  const metrics = await whole()
  expect(value(metrics, 'process.uptime')).toBeCloseTo(process.uptime(), 0)
  expect(value(mergeMetrics([metrics, metrics]), 'process.uptime')).toBe(value(metrics, 'process.uptime'))
  expect(value(metrics, 'process.memory.usage')).toBeGreaterThan(20e6)
  const heap = value(metrics, 'v8js.memory.heap.used')
  expect(heap).toBeGreaterThan(process.memoryUsage().heapUsed / 2)
  expect(heap).toBeLessThan(process.memoryUsage().heapUsed * 2)
  const { user, system } = process.cpuUsage()
  expect(value(metrics, 'process.cpu.time')).toBeCloseTo((user + system) / 1e6, 0)
  const descriptors = value(metrics, 'process.unix.file_descriptor.count')
  expect(descriptors).toBeGreaterThan(2)
  expect(descriptors).toBeLessThan(500)
})

test('an event loop that stands still is seen, and the latest of several processes is told', async () => {
  await whole()
  const end = performance.now() + 400
  while (performance.now() < end);
  await new Promise((resolve) => setTimeout(resolve, 150))
  const metrics = processMetrics()
  const delay = (of: readonly Metric[], what: string) =>
    (named(of, `nodejs.eventloop.delay.${what}`)?.points[0] as { value: number } | undefined)?.value ?? Number.NaN
  expect(delay(metrics, 'max')).toBeGreaterThan(0.2)
  // Seconds, not milliseconds: a machine may be late by itself.
  expect(delay(metrics, 'max')).toBeLessThan(20)
  expect(delay(metrics, 'p50')).toBeLessThanOrEqual(delay(metrics, 'p99'))
  expect(delay(mergeMetrics([metrics, metrics]), 'max')).toBe(delay(metrics, 'max'))
})
