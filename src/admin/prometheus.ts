/** Metrics as Prometheus text, by OpenTelemetry's own serializer. Loaded with the first scrape. */
import { setImmediate } from 'node:timers/promises'
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AggregationTemporality, DataPointType, type MetricData } from '@opentelemetry/sdk-metrics'
import type { HistogramPoint } from '../telemetry/histogram'
import type { Metric } from '../telemetry/metrics'

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Units that names end in, as OpenTelemetry's rules for Prometheus have it. Units in braces only say what is counted. */
const unitWords: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes' }

const serializer = new PrometheusSerializer(undefined, false, undefined, true, true)
const resource = resourceFromAttributes({})

/** Points that are written at a time: histograms among them take some milliseconds. */
const PIECE = 100

/**
 * The text, put together in pieces between which the event loop goes on: 2000 series of three histograms take 0.4 s.
 * @param startTime Unix milliseconds since when counters count
 */
export async function prometheusText(metrics: readonly Metric[], startTime: number): Promise<string> {
  let text = ''
  for (const metric of metrics) {
    const { dataPoints, ...data } = toMetricData(metric, startTime)
    for (let from = 0; from < dataPoints.length; from += PIECE) {
      if (from > 0) await setImmediate()
      const piece = textOf({ ...data, dataPoints: dataPoints.slice(from, from + PIECE) } as MetricData)
      text += from === 0 ? piece : withoutHead(piece)
    }
  }
  return text === '' ? '# no metrics\n' : text
}

function textOf(metric: MetricData): string {
  return serializer.serialize({ resource, scopeMetrics: [{ scope: { name: 'outspan' }, metrics: [metric] }] })
}

/** The samples alone: help and type stand before the first piece. */
function withoutHead(text: string): string {
  return text.slice(text.indexOf('\n', text.indexOf('\n# TYPE ') + 1) + 1)
}

function toMetricData(metric: Metric, startTime: number): MetricData {
  const { name, description, unit } = metric
  const times = { startTime: toHrTime(startTime), endTime: toHrTime(Date.now()) }
  const shared = {
    descriptor: { name: nameOf(name, unit), description, unit: unitWords[unit] ?? '', valueType: 1 },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  }
  if (metric.kind === 'histogram') {
    const value = (point: HistogramPoint) => ({
      ...point,
      buckets: { boundaries: [...metric.bounds], counts: [...point.counts] },
    })
    return {
      ...shared,
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: metric.points.map((point) => ({ attributes: point.attributes, value: value(point), ...times })),
    }
  }
  return {
    ...shared,
    dataPointType: DataPointType.SUM,
    isMonotonic: metric.kind === 'counter',
    dataPoints: metric.points.map((point) => ({ ...point, ...times })),
  }
}

/** To Prometheus, names in `_count` are parts of histograms. */
function nameOf(name: string, unit: string): string {
  const word = unitWords[unit]
  const plain = name.replace(/\.count$/, '')
  return word === undefined || plain.endsWith(word) ? plain : `${plain}.${word}`
}

function toHrTime(milliseconds: number): [number, number] {
  return [Math.floor(milliseconds / 1000), 0]
}
