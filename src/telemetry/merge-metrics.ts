/** The metrics of several processes as those of one. */
import { addedUp, type HistogramPoint } from './histogram'
import type { Metric, NumberMetric, Point } from './metrics'

/** Makes one of what has the same name and attributes: the sum, or what else the metric says. */
export function mergeMetrics(parts: readonly (readonly Metric[])[]): Metric[] {
  const byName = new Map<string, Metric[]>()
  for (const metric of parts.flat()) {
    const same = byName.get(metric.name)
    if (same) same.push(metric)
    else byName.set(metric.name, [metric])
  }
  return [...byName.values()].map(merged)
}

/** @param same metrics of one name, and so of one kind and, for histograms, with the same bounds */
function merged(same: readonly Metric[]): Metric {
  const first = same[0] as Metric
  return first.kind === 'histogram'
    ? {
        ...first,
        points: mergedPoints(
          same.flatMap(({ points }) => points as readonly HistogramPoint[]),
          addedUp,
        ),
      }
    : {
        ...first,
        points: mergedPoints(
          same.flatMap(({ points }) => points as readonly Point[]),
          ruleOf(first),
        ),
      }
}

function ruleOf({ merge }: NumberMetric): (one: Point, other: Point) => Point {
  const join = merge === 'max' ? Math.max : (one: number, other: number) => one + other
  return (one, other) => ({ attributes: one.attributes, value: join(one.value, other.value) })
}

function mergedPoints<P extends Point | HistogramPoint>(points: readonly P[], join: (one: P, other: P) => P): P[] {
  const byAttributes = new Map<string, P>()
  for (const point of points) {
    const key = JSON.stringify(point.attributes)
    const known = byAttributes.get(key)
    byAttributes.set(key, known ? join(known, point) : point)
  }
  return [...byAttributes.values()]
}
