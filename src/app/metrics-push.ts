/** Metrics on their way out: all that there are, at an interval and at the end. */
import type { Settings } from '../config/options'
import { Deltas } from '../telemetry/deltas'
import type { Metric } from '../telemetry/metrics'
import { writeMetric } from '../telemetry/otlp-metric'
import type { SignalQueue } from './signals'

export interface MetricsOutputs {
  readonly queue: SignalQueue | undefined
  /** Shows them to people. @param now Unix milliseconds */
  readonly show?: ((metrics: readonly Metric[], now: number) => void) | undefined
  /** They are in the queue. */
  readonly onQueued?: () => void
}

export class MetricsPush {
  readonly #outputs: MetricsOutputs
  readonly #deltas: Deltas
  readonly #startTime = Date.now()
  #pushedAt = this.#startTime
  #interval: number
  #timer: NodeJS.Timeout | undefined
  #all: (() => readonly Metric[]) | undefined

  constructor({ metricsInterval, metricsTemporality }: Settings, outputs: MetricsOutputs) {
    this.#outputs = outputs
    this.#interval = metricsInterval
    this.#deltas = new Deltas(metricsTemporality)
  }

  /** @param all what there is of them */
  begin(all: () => readonly Metric[]): void {
    const { queue, show } = this.#outputs
    if (!(queue || show)) return
    this.#all = all
    this.#schedule()
  }

  renew({ metricsInterval }: Settings): void {
    if (metricsInterval === this.#interval) return
    this.#interval = metricsInterval
    this.#schedule()
  }

  /** Pushes for the last time. */
  end(): void {
    clearInterval(this.#timer)
    if (this.#interval > 0) this.#push()
  }

  #schedule(): void {
    clearInterval(this.#timer)
    if (this.#all && this.#interval > 0) this.#timer = setInterval(() => this.#push(), this.#interval).unref()
  }

  #push(): void {
    const { queue, show, onQueued } = this.#outputs
    const times = { start: this.#startTime, last: this.#pushedAt, now: Date.now() }
    const metrics = this.#all?.().filter(({ points }) => points.length > 0) ?? []
    show?.(metrics, times.now)
    if (!queue) return
    queue.addTogether(() => {
      for (const metric of this.#deltas.since(metrics))
        queue.add((to, each) => void writeMetric(to, each, times), metric, metric.points.length)
    })
    this.#pushedAt = times.now
    onQueued?.()
  }
}
