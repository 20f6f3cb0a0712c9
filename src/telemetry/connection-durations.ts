/** How long connections lasted, by OpenTelemetry's conventions for HTTP clients. */
import type { Destination } from '../model/destination'
import { Histogram, type HistogramPoint } from './histogram'
import type { HistogramMetric, Labels } from './metrics'
import { MOST_SERIES, OVERFLOW } from './series'

/** Seconds, as the conventions have them. */
export const CONNECTION_BOUNDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]

/** What a destination's connections have in common: HTTP/1.1 in the clear. Peer addresses would be too many. */
const ours = { 'network.protocol.version': '1.1', 'url.scheme': 'http' }

/** The attributes by which metrics tell destinations apart. */
export function destinationLabels({ host, port }: Destination): Labels {
  return { 'server.address': host, 'server.port': port }
}

interface Series {
  readonly attributes: Labels
  readonly histogram: Histogram
}

export class ConnectionDurations {
  readonly #series = new Map<string, Series>()

  /** A connection ended that carried HTTP. @param duration milliseconds since it was made */
  add(destination: Destination, duration: number): void {
    const series = this.#series.get(destination.authority) ?? this.#begin(destination)
    series.histogram.record(duration / 1000)
  }

  #begin(destination: Destination): Series {
    const isFull = this.#series.size >= MOST_SERIES - 1
    const key = isFull ? '' : destination.authority
    const known = this.#series.get(key)
    if (known) return known
    const attributes = isFull ? OVERFLOW : { ...destinationLabels(destination), ...ours }
    const series = { attributes, histogram: new Histogram(CONNECTION_BOUNDS) }
    this.#series.set(key, series)
    return series
  }

  metric(): HistogramMetric {
    const points = [...this.#series.values()].flatMap(({ attributes, histogram }) => histogram.point(attributes) ?? [])
    return durations(
      'http.client.connection.duration',
      'How long connections to destinations were open, tunnels apart.',
      points,
    )
  }
}

/** Durations of all client connections as a metric. */
export function clientDurations(histogram: Histogram): HistogramMetric {
  const point = histogram.point({})
  return durations('outspan.client.connection.duration', 'How long client connections were open.', point ? [point] : [])
}

function durations(name: string, description: string, points: readonly HistogramPoint[]): HistogramMetric {
  return { kind: 'histogram', name, unit: 's', description, bounds: CONNECTION_BOUNDS, points }
}
