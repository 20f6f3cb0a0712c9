/** Durations and sizes of exchanges as histograms, by OpenTelemetry's conventions for HTTP clients. */
import type { Exchange } from '../model/exchange'
import { type Exemplar, type ExemplarFilter, ExemplarInterval, Exemplars } from './exemplars'
import { Histogram } from './histogram'
import type { HistogramMetric } from './metrics'
import { SeriesTable } from './series'

const SWITCHED = 101

/** Seconds, as the conventions have them. */
const REQUEST_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
/** Seconds, from what fails at once to what stays open for a day. */
const TUNNEL_BOUNDS = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400]
/** Bytes: none, 1 KiB, 8, 64, 512, 4 MiB, 32, 256. The conventions name none. */
const SIZE_BOUNDS = [0, 1024, 8192, 65_536, 524_288, 4_194_304, 33_554_432, 268_435_456]

class RequestSeries {
  readonly duration = new Histogram(REQUEST_BOUNDS)
  readonly exemplars = new Exemplars()
  readonly requestBody = new Histogram(SIZE_BOUNDS)
  readonly responseBody = new Histogram(SIZE_BOUNDS)
}

export class HttpMetrics {
  readonly #requests = new SeriesTable(() => new RequestSeries())
  readonly #tunnels = new SeriesTable(() => new Histogram(TUNNEL_BOUNDS))
  readonly #interval: ExemplarInterval

  constructor(exemplars: ExemplarFilter = 'always_off') {
    this.#interval = new ExemplarInterval(exemplars)
  }

  /** What was read off has been exported: exemplars are told once. */
  exported(): void {
    this.#interval.number++
  }

  /** Counts a finished exchange, sampled or not. */
  add(exchange: Exchange): void {
    const duration = (exchange.endMark - exchange.startMark) / 1000
    // What CONNECT opens, and what a 101 turns into, lasts as long as its users like: it says nothing of requests.
    if (exchange.isTunnel || exchange.upstreamStatus === SWITCHED) {
      this.#tunnels.of(exchange).record(duration)
      return
    }
    const series = this.#requests.of(exchange)
    series.exemplars.offer(series.duration.record(duration), duration, exchange, this.#interval)
    series.requestBody.record(exchange.requestBodySize)
    if (exchange.upstreamStatus !== 0) series.responseBody.record(exchange.responseBodySize)
  }

  /** Exchanges counted in the series of what came when there were too many series. */
  get overflowed(): number {
    return this.#requests.overflowed + this.#tunnels.overflowed
  }

  metrics(): HistogramMetric[] {
    return [
      histogram(
        ['http.client.request.duration', 's', 'Duration of requests, tunnels and switched protocols apart.'],
        REQUEST_BOUNDS,
        this.#requests,
        ({ duration }) => duration,
        ({ exemplars }) => exemplars.of(this.#interval),
      ),
      histogram(
        ['http.client.request.body.size', 'By', 'Size of request bodies on the wire.'],
        SIZE_BOUNDS,
        this.#requests,
        ({ requestBody }) => requestBody,
      ),
      histogram(
        ['http.client.response.body.size', 'By', 'Size of response bodies on the wire, where there was a response.'],
        SIZE_BOUNDS,
        this.#requests,
        ({ responseBody }) => responseBody,
      ),
      histogram(
        ['outspan.tunnel.duration', 's', 'Duration of tunnels, and of connections that switched protocols.'],
        TUNNEL_BOUNDS,
        this.#tunnels,
        (duration) => duration,
      ),
    ]
  }
}

function histogram<Series>(
  [name, unit, description]: readonly [name: string, unit: string, description: string],
  bounds: readonly number[],
  table: SeriesTable<Series>,
  of: (series: Series) => Histogram,
  exemplarsOf: (series: Series) => readonly Exemplar[] = () => [],
): HistogramMetric {
  const points = [...table].flatMap(({ attributes, series }) => {
    const point = of(series).point(attributes)
    const exemplars = exemplarsOf(series)
    return point ? [exemplars.length === 0 ? point : { ...point, exemplars }] : []
  })
  return { kind: 'histogram', name, unit, description, bounds, points }
}
