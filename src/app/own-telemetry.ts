/** What the program tells of itself: each line of its own log is a record. */
import type { Settings } from '../config/options'
import type { ExportQueue } from '../export/export-queue'
import { Ledger } from '../export/ledger'
import type { Logger } from '../log/logger'
import type { Metric } from '../telemetry/metrics'
import { type LogLine, writeLogLine } from '../telemetry/otlp-log'
import { all, type Change } from './change'
import { MetricsPush } from './metrics-push'
import { SignalQueue } from './signals'
import type { Ledgers } from './telemetry'

/** From now on the lines go to the queue as well. */
export function exportLog(log: Logger, queue: ExportQueue): void {
  log.tee((line) => queue.add(writeLogLine, line as LogLine))
}

/** The way out of a process that carries no exchanges: it has its log and its metrics to tell. */
export class OwnTelemetry {
  readonly #ledgers: Ledgers = { traces: new Ledger(), logs: new Ledger(), metrics: new Ledger() }
  readonly #queues: readonly SignalQueue[]
  readonly #push: MetricsPush

  /** @throws when a file or directory that the settings name can't be used */
  constructor(settings: Settings, log: Logger) {
    const { logs, metrics } = this.#ledgers
    const ownLog = SignalQueue.of('logs', settings, logs, log)
    const queue = SignalQueue.of('metrics', settings, metrics, log)
    this.#queues = [ownLog, queue].filter((each) => each !== undefined)
    this.#push = new MetricsPush(settings, { queue })
    if (ownLog) exportLog(log, ownLog)
  }

  /** Begins to export metrics. @param all what there is of them */
  pushMetrics(all: () => readonly Metric[]): void {
    this.#push.begin(all)
  }

  /** Makes ready what other settings say of the way out. @throws when a file can't be read */
  prepare(settings: Settings): Change {
    const change = all(this.#queues.map((queue) => () => queue.prepare(settings)))
    return {
      commit: () => {
        change.commit()
        this.#push.renew(settings)
      },
      abandon: () => change.abandon(),
    }
  }

  get ledgers(): Ledgers {
    for (const queue of this.#queues) queue.settleSpool()
    return this.#ledgers
  }

  /** Sends what is left, for `timeout` milliseconds at most. */
  async close(timeout: number): Promise<void> {
    this.#push.end()
    await Promise.all(this.#queues.map((queue) => queue.close(timeout)))
  }
}
