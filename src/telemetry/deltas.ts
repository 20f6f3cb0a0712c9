/** Metrics as some collectors want them: what was counted since the last export, not since the start. */
import type { HistogramPoint } from './histogram'
import type { HistogramMetric, Metric, NumberMetric, Point } from './metrics'

/** OpenTelemetry's names for who is told deltas: nobody; counters and histograms; histograms, for counters are read off. */
export type Temporality = 'cumulative' | 'delta' | 'lowmemory'

export class Deltas {
  readonly #temporality: Temporality
  /** What was told last, by metric and attributes. */
  readonly #last = new Map<string, Map<string, Point | HistogramPoint>>()

  constructor(temporality: Temporality) {
    this.#temporality = temporality
  }

  /** What has come since the last call. Points to which nothing came are left out, and so are metrics without any. */
  since(metrics: readonly Metric[]): Metric[] {
    return metrics.map((metric) => this.#sinceLast(metric)).filter(({ points }) => points.length > 0)
  }

  #sinceLast(metric: Metric): Metric {
    if (metric.kind === 'histogram') return this.#temporality === 'cumulative' ? metric : this.#ofHistogram(metric)
    return metric.kind === 'counter' && this.#temporality === 'delta' ? this.#ofCounter(metric) : metric
  }

  #ofCounter(metric: NumberMetric): Metric {
    const points = metric.points.map((point) => {
      const last = this.#replace(metric, point) as Point | undefined
      return { attributes: point.attributes, value: point.value - (last?.value ?? 0) }
    })
    return { ...metric, isDelta: true, points: points.filter(({ value }) => value !== 0) }
  }

  /** The extremes of what has come since then are not known, and may be left out. */
  #ofHistogram(metric: HistogramMetric): Metric {
    const points = metric.points.map((point) => {
      const last = this.#replace(metric, point) as HistogramPoint | undefined
      return {
        attributes: point.attributes,
        count: point.count - (last?.count ?? 0),
        sum: point.sum - (last?.sum ?? 0),
        counts: point.counts.map((count, bucket) => count - (last?.counts[bucket] ?? 0)),
        ...(point.exemplars && { exemplars: point.exemplars }),
      }
    })
    return { ...metric, isDelta: true, points: points.filter(({ count }) => count > 0) }
  }

  /** @returns the point that it takes the place of */
  #replace({ name }: Metric, point: Point | HistogramPoint): Point | HistogramPoint | undefined {
    let ofMetric = this.#last.get(name)
    if (!ofMetric) {
      ofMetric = new Map()
      this.#last.set(name, ofMetric)
    }
    const key = JSON.stringify(point.attributes)
    const last = ofMetric.get(key)
    ofMetric.set(key, point)
    return last
  }
}
