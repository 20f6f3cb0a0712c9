/** The metrics of several processes as those of one. */
import type { Metric, Point } from './metrics'

/** Adds up what has the same name and attributes: counters and gauges alike count things here. */
export function mergeMetrics(parts: readonly (readonly Metric[])[]): Metric[] {
  const merged = new Map<string, { metric: Metric; points: Map<string, Point> }>()
  for (const metric of parts.flat()) {
    const known = merged.get(metric.name) ?? { metric, points: new Map<string, Point>() }
    merged.set(metric.name, known)
    for (const { attributes, value } of metric.points) {
      const key = JSON.stringify(attributes)
      known.points.set(key, { attributes, value: (known.points.get(key)?.value ?? 0) + value })
    }
  }
  return [...merged.values()].map(({ metric, points }) => ({ ...metric, points: [...points.values()] }))
}
