/** Metrics as Prometheus text, by OpenTelemetry's own serializer. Loaded with the first scrape. */
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AggregationTemporality, DataPointType, type MetricData } from '@opentelemetry/sdk-metrics'
import type { Metric } from '../telemetry/metrics'

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

const serializer = new PrometheusSerializer(undefined, false, undefined, true, true)

/** @param startTime Unix milliseconds since when counters count */
export function prometheusText(metrics: readonly Metric[], startTime: number): string {
  const { resource, scope } = { resource: resourceFromAttributes({}), scope: { name: 'outspan' } }
  const used = metrics.filter(({ points }) => points.length > 0)
  return serializer.serialize({
    resource,
    scopeMetrics: [{ scope, metrics: used.map((metric) => toMetricData(metric, startTime)) }],
  })
}

function toMetricData({ name, description, unit, kind, points }: Metric, startTime: number): MetricData {
  const time = (milliseconds: number): [number, number] => [Math.floor(milliseconds / 1000), 0]
  const now = time(Date.now())
  return {
    descriptor: { name, description, unit, valueType: 1 },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.SUM,
    isMonotonic: kind === 'counter',
    dataPoints: points.map((point) => ({ ...point, startTime: time(startTime), endTime: now })),
  }
}
