/** A metric as OTLP's protobuf (metrics.proto, 1.x): what was counted since the start or, if it says so, since the last export. */
import type { Exemplar } from './exemplars'
import type { HistogramPoint } from './histogram'
import type { HistogramMetric, Labels, Metric, Point } from './metrics'
import { seenKeyField } from './otlp-request'
import { BYTES, FIXED64, type ProtobufWriter, VARINT } from './protobuf'

/** Unix milliseconds: since when it is counted, and as of when. */
export interface MetricTimes {
  readonly start: number
  /** Of the last export; that of the start before. */
  readonly last?: number
  readonly now: number
}

const DELTA = 1
const CUMULATIVE = 2

// ScopeMetrics, Metric, and what a Metric holds: field numbers.
const SCOPE_METRICS_METRICS = 2
const METRIC = { name: 1, description: 2, unit: 3, gauge: 5, sum: 7, histogram: 9 }
const DATA_POINTS = 1
const AGGREGATION_TEMPORALITY = 2
const IS_MONOTONIC = 3
/** Of NumberDataPoint and HistogramDataPoint alike. */
const TIMES = { start: 2, now: 3 }
const NUMBER = { asDouble: 4, asInt: 6, attributes: 7 }
const HISTOGRAM = { count: 4, sum: 5, bucketCounts: 6, bounds: 7, exemplars: 8, attributes: 9, min: 11, max: 12 }
const EXEMPLAR = { time: 2, asDouble: 3, spanId: 4, traceId: 5 }

/** Appends a metric as one entry of `ScopeMetrics.metrics`. @returns how many data points it has */
export function writeMetric(writer: ProtobufWriter, metric: Metric, { start: since, last, now }: MetricTimes): number {
  const times = { start: metric.isDelta ? (last ?? since) : since, now }
  writer.tag(SCOPE_METRICS_METRICS, BYTES)
  const start = writer.open()
  writeText(writer, METRIC.name, metric.name)
  writeText(writer, METRIC.description, metric.description)
  writeText(writer, METRIC.unit, metric.unit)
  if (metric.kind === 'histogram') writeHistogram(writer, metric, times)
  else if (metric.kind === 'gauge') writeGauge(writer, metric, times)
  else writeSum(writer, metric, times)
  writer.close(start)
  return metric.points.length
}

function writeGauge(writer: ProtobufWriter, { points, unit }: Metric, times: MetricTimes): void {
  writer.tag(METRIC.gauge, BYTES)
  const start = writer.open()
  for (const point of points as readonly Point[]) writeNumber(writer, point, unit, times)
  writer.close(start)
}

function writeSum(writer: ProtobufWriter, { kind, points, unit, isDelta }: Metric, times: MetricTimes): void {
  writer.tag(METRIC.sum, BYTES)
  const start = writer.open()
  for (const point of points as readonly Point[]) writeNumber(writer, point, unit, times)
  writeTemporality(writer, isDelta)
  if (kind === 'counter') {
    writer.tag(IS_MONOTONIC, VARINT)
    writer.varint(1)
  }
  writer.close(start)
}

function writeHistogram(
  writer: ProtobufWriter,
  { bounds, points, isDelta }: HistogramMetric,
  times: MetricTimes,
): void {
  writer.tag(METRIC.histogram, BYTES)
  const start = writer.open()
  for (const point of points) writeBuckets(writer, point, bounds, times)
  writeTemporality(writer, isDelta)
  writer.close(start)
}

function writeNumber(writer: ProtobufWriter, { attributes, value }: Point, unit: string, times: MetricTimes): void {
  writer.tag(DATA_POINTS, BYTES)
  const start = writer.open()
  writeTimes(writer, times)
  // A metric keeps its type: seconds are doubles even when they are whole, and what is counted is whole.
  if (unit !== 's' && Number.isSafeInteger(value)) {
    writer.tag(NUMBER.asInt, FIXED64)
    writer.fixed64(value)
  } else {
    writeDouble(writer, NUMBER.asDouble, value)
  }
  writeAttributes(writer, NUMBER.attributes, attributes)
  writer.close(start)
}

function writeBuckets(
  writer: ProtobufWriter,
  { attributes, count, sum, counts, min, max, exemplars = [] }: HistogramPoint,
  bounds: readonly number[],
  times: MetricTimes,
): void {
  writer.tag(DATA_POINTS, BYTES)
  const start = writer.open()
  writeTimes(writer, times)
  writer.tag(HISTOGRAM.count, FIXED64)
  writer.fixed64(count)
  writeDouble(writer, HISTOGRAM.sum, sum)
  writer.tag(HISTOGRAM.bucketCounts, BYTES)
  writer.varint(counts.length * 8)
  for (const each of counts) writer.fixed64(each)
  writer.tag(HISTOGRAM.bounds, BYTES)
  writer.varint(bounds.length * 8)
  for (const bound of bounds) writer.double(bound)
  for (const exemplar of exemplars) writeExemplar(writer, exemplar)
  writeAttributes(writer, HISTOGRAM.attributes, attributes)
  if (min !== undefined) writeDouble(writer, HISTOGRAM.min, min)
  if (max !== undefined) writeDouble(writer, HISTOGRAM.max, max)
  writer.close(start)
}

function writeExemplar(writer: ProtobufWriter, { time, value, spanId, traceId }: Exemplar): void {
  writer.tag(HISTOGRAM.exemplars, BYTES)
  const start = writer.open()
  writer.tag(EXEMPLAR.time, FIXED64)
  writer.nanoseconds(time)
  writeDouble(writer, EXEMPLAR.asDouble, value)
  writer.tag(EXEMPLAR.spanId, BYTES)
  writer.hex(spanId)
  writer.tag(EXEMPLAR.traceId, BYTES)
  writer.hex(traceId)
  writer.close(start)
}

function writeTimes(writer: ProtobufWriter, { start, now }: MetricTimes): void {
  writer.tag(TIMES.start, FIXED64)
  writer.nanoseconds(start)
  writer.tag(TIMES.now, FIXED64)
  writer.nanoseconds(now)
}

function writeTemporality(writer: ProtobufWriter, isDelta = false): void {
  writer.tag(AGGREGATION_TEMPORALITY, VARINT)
  writer.varint(isDelta ? DELTA : CUMULATIVE)
}

function writeText(writer: ProtobufWriter, field: number, text: string): void {
  writer.tag(field, BYTES)
  writer.text(text)
}

function writeDouble(writer: ProtobufWriter, field: number, value: number): void {
  writer.tag(field, FIXED64)
  writer.double(value)
}

function writeAttributes(writer: ProtobufWriter, field: number, attributes: Labels): void {
  for (const [key, value] of Object.entries(attributes)) {
    writer.attribute((field << 3) | BYTES, seenKeyField(key), value)
  }
}
