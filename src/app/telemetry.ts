/** Where finished exchanges go: every sink that the settings ask for, and the figures that they keep. */
import type { Settings } from '../config/options'
import type { Signal } from '../export/exporter'
import { Ledger } from '../export/ledger'
import { Ring } from '../export/ring'
import type { Hooks } from '../hooks/runner'
import { LineWriter, writeText } from '../log/line-writer'
import type { Logger } from '../log/logger'
import type { Exchange } from '../model/exchange'
import { accessLogRecord } from '../telemetry/access-log'
import { childSpans, extraSpans } from '../telemetry/child-spans'
import { eventLine, metricsBlock, recordLine } from '../telemetry/console-text'
import { debugBlock } from '../telemetry/debug-block'
import type { FailedRequest } from '../telemetry/failed-request'
import { type Metric, Tally } from '../telemetry/metrics'
import { ACCESS_LOG_TROUBLE, AccessOutput } from './access-output'
import { all, type Change } from './change'
import { FailedRequests } from './failed-requests'
import type { Hooked } from './hooked'
import { ledgerMetrics } from './ledger-metrics'
import { MetricsPush } from './metrics-push'
import { exportLog } from './own-telemetry'
import { exportersOf, SignalQueue, troubleOf } from './signals'
import { type Telling, tellingOf } from './telling'

/** The filter of the access log, as the books name it. */
const ACCESS_LOG = 'access_log'

/** By signal; those of the user's own exporters by `traces.` and their names. */
export type Ledgers = Readonly<Record<Signal, Ledger>> & { readonly [name: string]: Ledger }

export class Telemetry {
  readonly #ledgers: Ledgers = { traces: new Ledger(), logs: new Ledger(), metrics: new Ledger() }
  readonly #tally: Tally
  readonly #ring: Ring
  readonly #lines: AccessOutput
  #filtered = 0
  readonly #console: LineWriter | undefined
  /** What an exchange is on the console; undefined when it does not go there. */
  readonly #textOf: ((exchange: Exchange, failed?: FailedRequest) => string) | undefined
  #telling: Telling
  /** Undefined where nobody would see them. */
  readonly #failedRequests: FailedRequests | undefined
  readonly #push: MetricsPush
  readonly #queues: Readonly<Record<Signal, SignalQueue | undefined>>
  readonly #hooked: Hooked | undefined
  readonly #hooksReadLines: boolean
  /** Where log records of exchanges go. */
  readonly #records: Pick<SignalQueue, 'add'> | undefined

  /** @throws when a file can't be opened or read, or an exporter of the hooks can't be made */
  constructor(settings: Settings, log: Logger, hooks?: Hooks) {
    this.#telling = tellingOf(settings)
    this.#ring = new Ring(settings.exchangesKept)
    this.#lines = new AccessOutput(settings.accessLog, troubleOf(log, ACCESS_LOG_TROUBLE))
    const shows = (signal: Signal) =>
      settings.signals.includes(signal) && exportersOf(signal, settings).includes('console')
    // A block says all that the line does; of our own log all lines are there already.
    if (shows('traces')) this.#textOf = debugBlock
    else if (shows('logs')) this.#textOf = recordLine
    if (this.#textOf || shows('metrics')) this.#console = new LineWriter('stderr', () => {})
    const { traces, logs, metrics } = this.#ledgers
    this.#queues = {
      traces: settings.instrumentations.includes('off') ? undefined : SignalQueue.of('traces', settings, traces, log),
      logs: SignalQueue.of('logs', settings, logs, log),
      metrics: SignalQueue.of('metrics', settings, metrics, log),
    }
    this.#tally = new Tally(this.#queues.metrics ? settings.metricsExemplars : 'always_off')
    this.#push = new MetricsPush(settings, {
      queue: this.#queues.metrics,
      show: shows('metrics') ? (metrics, now) => this.#console?.add(writeText, metricsBlock(metrics, now)) : undefined,
      onQueued: () => this.#tally.exported(),
    })
    if (this.#queues.logs || this.#textOf) {
      this.#failedRequests = new FailedRequests(this.#telling.failures, this.#queues.logs && logs)
    }
    if (hooks) this.#hooked = hookedOf(hooks, { ...this.#queues, ledgers: this.#ledgers }, settings, log)
    this.#hooksReadLines = hooks?.readsLines === true
    this.#records = this.#hooked?.events ?? this.#queues.logs
    if (this.#queues.logs) exportLog(log, this.#queues.logs)
  }

  /**
   * Makes ready what other settings ask for. What waits for its export stays where it is.
   * @throws when a file can't be opened or read; nothing has changed then
   */
  prepare(settings: Settings, telling: Telling): Change {
    const { traces, logs, metrics } = this.#queues
    const parts = [this.#lines, traces, logs, metrics, this.#hooked].filter((part) => part !== undefined)
    const change = all(parts.map((part) => () => part.prepare(settings)))
    return {
      commit: () => {
        change.commit()
        this.#telling = telling
        this.#failedRequests?.renew(telling.failures)
        this.#ring.resize(settings.exchangesKept)
        this.#push.renew(settings)
      },
      abandon: () => change.abandon(),
    }
  }

  /** Takes an exchange that is over to its projections. */
  readonly take = (exchange: Exchange): void => {
    this.#hooked?.hooks.onEnd(exchange)
    this.#tally.add(exchange)
    this.#ring.add(exchange)
    const { isLogged: filter, writeLine, writeAccessRecord } = this.#telling
    const failed = this.#failedRequests?.take(exchange)
    const isLogged = filter === undefined || filter(exchange)
    // A block is a span, which no filter of logs is about.
    if (this.#textOf && (isLogged || this.#textOf === debugBlock)) {
      this.#console?.add(writeText, this.#textOf(exchange, failed))
    }
    if (isLogged) {
      this.#lines.add(writeLine, exchange)
      this.#records?.add(writeAccessRecord, exchange)
    } else {
      this.#filtered++
      if (this.#queues.logs) this.#ledgers.logs.leaveOut(ACCESS_LOG)
    }
    if (failed) this.#tell(failed)
    if (exchange.context) this.#trace(exchange, exchange.context.sampled)
  }

  /** No filter of the access log is about events. */
  #tell(failed: FailedRequest): void {
    if (this.#textOf === recordLine) this.#console?.add(writeText, eventLine(failed))
    this.#records?.add(this.#telling.writeFailedRequest, failed)
  }

  #trace(exchange: Exchange, isSampled: boolean): void {
    if (this.#hooked) return this.#traceHooked(exchange, isSampled, this.#hooked)
    const { traces: queue } = this.#queues
    if (!queue) return
    if (isSampled) return this.#addSpans(queue, exchange)
    this.#ledgers.traces.observed++
    this.#ledgers.traces.sampledOut++
  }

  #addSpans(queue: SignalQueue, exchange: Exchange): void {
    const { phases, writeSpan, writeSpans } = this.#telling
    if (!phases) return queue.add(writeSpan, exchange)
    const children = childSpans(exchange, phases)
    queue.add(writeSpans, { exchange, children }, 1 + children.length)
  }

  #traceHooked(exchange: Exchange, isSampled: boolean, { spans }: Hooked): void {
    if (!spans) return
    if (!isSampled) return spans.sampledOut()
    const droppedBy = exchange.extras?.droppedBy
    if (droppedBy !== undefined) return spans.leaveOut(droppedBy)
    const { phases, writeSpans } = this.#telling
    const children = [...(phases ? childSpans(exchange, phases) : []), ...extraSpans(exchange)]
    spans.add(writeSpans, { exchange, children }, 1 + children.length)
  }

  /** The books of each signal, as they stand now. */
  get ledgers(): Ledgers {
    for (const queue of Object.values(this.#queues)) queue?.settleSpool()
    return this.#hooked ? { ...this.#ledgers, ...this.#hooked.ledgers } : this.#ledgers
  }

  /** Access-log records of the newest exchanges, newest first. */
  newest(): string[] {
    return this.#ring.newest().map(accessLogRecord)
  }

  metrics(): Metric[] {
    return [
      ...this.#tally.metrics(),
      ...ledgerMetrics(this.ledgers),
      ...(this.#failedRequests?.metrics() ?? []),
      ...(this.#hooked?.hooks.metrics() ?? []),
      ...this.#lines.metrics(this.#filtered),
    ]
  }

  /** Whether exchanges that are told so have their field lines read. */
  readsLines({ readsLines, failures }: Telling): boolean {
    return (
      this.#hooksReadLines || readsLines || (this.#failedRequests !== undefined && failures?.personalData !== undefined)
    )
  }

  /** Opens the files of logs anew. */
  reopen(): void {
    this.#lines.reopen()
  }

  /** Begins to export metrics. @param all what there is of them */
  pushMetrics(all: () => readonly Metric[]): void {
    this.#push.begin(all)
  }

  /** Sends and writes what is left, for `timeout` milliseconds at most. */
  async flush(timeout: number): Promise<void> {
    this.#push.end()
    const { traces, logs, metrics } = this.#queues
    await Promise.all([
      traces?.close(timeout),
      logs?.close(timeout),
      metrics?.close(timeout),
      this.#hooked?.close(timeout),
      this.#lines.close(timeout),
      this.#console?.close(timeout),
    ])
  }
}

/** Loaded only when there are hooks. */
function hookedOf(...args: ConstructorParameters<typeof Hooked>): Hooked {
  const { Hooked } = require('./hooked') as typeof import('./hooked')
  return new Hooked(...args)
}
