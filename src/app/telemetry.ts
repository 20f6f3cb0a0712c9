/** Where finished exchanges go: every sink that the settings ask for, and the figures that they keep. */
import type { Settings } from '../config/options'
import type { ExportQueue } from '../export/export-queue'
import type { Signal } from '../export/exporter'
import { Ledger } from '../export/ledger'
import { Ring } from '../export/ring'
import { LineWriter } from '../log/line-writer'
import type { Logger } from '../log/logger'
import type { ByteWriter } from '../model/byte-writer'
import type { Exchange } from '../model/exchange'
import { type Phase, phases } from '../model/phase'
import { accessFilter } from '../telemetry/access-filter'
import { accessLogRecord, writeAccessLog } from '../telemetry/access-log'
import { readsLines, templateWriter } from '../telemetry/access-template'
import { childSpans } from '../telemetry/child-spans'
import { metricsBlock, recordLine } from '../telemetry/console-text'
import { debugBlock } from '../telemetry/debug-block'
import { Deltas } from '../telemetry/deltas'
import { type FailedRequest, failedRequestWriter, type WriteFailedRequest } from '../telemetry/failed-request'
import { type Metric, single, Tally } from '../telemetry/metrics'
import { accessRecordWriter, type WriteAccessRecord } from '../telemetry/otlp-log'
import { writeMetric } from '../telemetry/otlp-metric'
import { spansWriter, spanWriter, type WriteSpan } from '../telemetry/otlp-span'
import { FailedRequests } from './failed-requests'
import { ledgerMetrics } from './ledger-metrics'
import { exportLog } from './own-log'
import { exportersOf, queueOf, troubleOf } from './signals'

/** The filter of the access log, as the books name it. */
const ACCESS_LOG = 'access_log'

export type Ledgers = Readonly<Record<Signal, Ledger>>

export class Telemetry {
  readonly #ledgers: Ledgers = { traces: new Ledger(), logs: new Ledger(), metrics: new Ledger() }
  readonly #tally: Tally
  readonly #deltas: Deltas
  readonly #ring: Ring
  readonly #lines: LineWriter | undefined
  readonly #writeLine: (to: ByteWriter, exchange: Exchange) => void
  /** Whether an exchange gets a line; undefined where all do. */
  readonly #isLogged: ((exchange: Exchange) => boolean) | undefined
  #filtered = 0
  readonly #console: LineWriter | undefined
  /** What an exchange is on the console; undefined when it does not go there. */
  readonly #textOf: ((exchange: Exchange, failed?: FailedRequest) => string) | undefined
  readonly #showsMetrics: boolean
  readonly #metricsInterval: number
  readonly #writeSpan: WriteSpan
  readonly #writeSpans: ReturnType<typeof spansWriter>
  /** The phases that are child spans; undefined when none is. */
  readonly #phases: ReadonlySet<Phase> | undefined
  readonly #writeAccessRecord: WriteAccessRecord
  readonly #writeFailedRequest: WriteFailedRequest
  /** Undefined where nobody would see them. */
  readonly #failedRequests: FailedRequests | undefined
  #pusher: NodeJS.Timeout | undefined
  #push: (() => void) | undefined
  readonly #startTime = Date.now()
  #pushedAt = this.#startTime
  readonly #queues: Readonly<Record<Signal, ExportQueue | undefined>>
  /** Whether a projection reads the field lines of an exchange. */
  readonly readsLines: boolean

  /** @throws when a file can't be opened or read */
  constructor(settings: Settings, log: Logger) {
    this.#writeSpan = spanWriter(settings.semconv)
    this.#writeSpans = spansWriter(settings.semconv)
    this.#phases = phasesOf(settings)
    this.#writeAccessRecord = accessRecordWriter(settings.semconv)
    this.#writeFailedRequest = failedRequestWriter(settings.semconv)
    this.#metricsInterval = settings.metricsInterval
    this.#ring = new Ring(settings.exchangesKept)
    if (settings.accessLog !== 'off') {
      this.#lines = new LineWriter(settings.accessLog, troubleOf(log, 'the access log could not be written'))
    }
    const shows = (signal: Signal) =>
      settings.signals.includes(signal) && exportersOf(signal, settings).includes('console')
    // A block says all that the line does; of our own log all lines are there already.
    if (shows('traces')) this.#textOf = debugBlock
    else if (shows('logs')) this.#textOf = recordLine
    this.#showsMetrics = shows('metrics')
    if (this.#textOf || this.#showsMetrics) this.#console = new LineWriter('stderr', () => {})
    const { template } = settings.accessLogFormat
    this.#writeLine = template ? templateWriter(template) : writeAccessLog
    this.#isLogged = accessFilter({
      statuses: settings.accessLogStatuses,
      slowerThan: settings.accessLogSlowerThan,
      failures: settings.accessLogFailures,
      sample: settings.accessLogSample,
    })
    const { traces, logs, metrics } = this.#ledgers
    this.#queues = {
      traces: settings.instrumentations.includes('off') ? undefined : queueOf('traces', settings, traces, log),
      logs: queueOf('logs', settings, logs, log),
      metrics: queueOf('metrics', settings, metrics, log),
    }
    this.#tally = new Tally(this.#queues.metrics ? settings.metricsExemplars : 'always_off')
    this.#deltas = new Deltas(settings.metricsTemporality)
    if (this.#queues.logs || this.#textOf) {
      this.#failedRequests = FailedRequests.of(settings, this.#queues.logs && logs)
    }
    const templateReads = this.#lines !== undefined && template !== undefined && readsLines(template)
    this.readsLines = templateReads || this.#failedRequests?.readsLines === true
    if (this.#queues.logs) exportLog(log, this.#queues.logs)
  }

  /** Takes an exchange that is over to its projections. */
  readonly take = (exchange: Exchange): void => {
    this.#tally.add(exchange)
    this.#ring.add(exchange)
    const failed = this.#failedRequests?.take(exchange)
    const isLogged = this.#isLogged === undefined || this.#isLogged(exchange)
    // A block is a span, which no filter of logs is about.
    if (this.#textOf && (isLogged || this.#textOf === debugBlock)) {
      this.#console?.add(writeText, this.#textOf(exchange, failed))
    }
    if (isLogged) {
      this.#lines?.add(this.#writeLine, exchange)
      this.#queues.logs?.add(this.#writeAccessRecord, exchange)
    } else {
      this.#filtered++
      if (this.#queues.logs) this.#ledgers.logs.leaveOut(ACCESS_LOG)
    }
    if (failed) this.#queues.logs?.add(this.#writeFailedRequest, failed)
    if (exchange.context) this.#trace(exchange, exchange.context.sampled)
  }

  #trace(exchange: Exchange, isSampled: boolean): void {
    const { traces: queue } = this.#queues
    if (!queue) return
    if (isSampled)
      return this.#phases ? this.#addWithChildren(queue, exchange, this.#phases) : queue.add(this.#writeSpan, exchange)
    this.#ledgers.traces.observed++
    this.#ledgers.traces.sampledOut++
  }

  #addWithChildren(queue: ExportQueue, exchange: Exchange, wanted: ReadonlySet<Phase>): void {
    const children = childSpans(exchange, wanted)
    queue.add(this.#writeSpans, { exchange, children }, 1 + children.length)
  }

  /** The books of each signal, as they stand now. */
  get ledgers(): Ledgers {
    for (const queue of Object.values(this.#queues)) queue?.settleSpool()
    return this.#ledgers
  }

  /** Access-log records of the newest exchanges, newest first. */
  newest(): string[] {
    return this.#ring.newest().map(accessLogRecord)
  }

  metrics(): Metric[] {
    const lines = this.#lines
    return [
      ...this.#tally.metrics(),
      ...ledgerMetrics(this.ledgers),
      ...(this.#failedRequests?.metrics() ?? []),
      ...(lines ? lineMetrics(lines, this.#filtered) : []),
    ]
  }

  /** Opens the files of logs anew. */
  reopen(): void {
    this.#lines?.reopen()
  }

  /** Begins to export metrics. @param all what there is of them */
  pushMetrics(all: () => readonly Metric[]): void {
    const { metrics: queue } = this.#queues
    if (!(queue || this.#showsMetrics) || this.#metricsInterval === 0) return
    this.#push = () => {
      const times = { start: this.#startTime, last: this.#pushedAt, now: Date.now() }
      const metrics = all().filter(({ points }) => points.length > 0)
      if (this.#showsMetrics) this.#console?.add(writeText, metricsBlock(metrics, times.now))
      if (!queue) return
      for (const metric of this.#deltas.since(metrics))
        queue.add((to, each) => void writeMetric(to, each, times), metric, metric.points.length)
      this.#pushedAt = times.now
      this.#tally.exported()
    }
    this.#pusher = setInterval(this.#push, this.#metricsInterval).unref()
  }

  /** Sends and writes what is left, for `timeout` milliseconds at most. */
  async flush(timeout: number): Promise<void> {
    clearInterval(this.#pusher)
    this.#push?.()
    const { traces, logs, metrics } = this.#queues
    await Promise.all([
      traces?.close(timeout),
      logs?.close(timeout),
      metrics?.close(timeout),
      this.#lines?.close(timeout),
      this.#console?.close(timeout),
    ])
  }
}

function writeText(to: ByteWriter, text: string): void {
  to.utf8(text, Buffer.byteLength(text))
}

function lineMetrics(lines: LineWriter, filtered: number): Metric[] {
  return [
    single(
      'counter',
      'outspan.access_log.dropped',
      '{line}',
      'Access-log lines given up for a reader or a disk that is slow, full or gone.',
      lines.dropped,
    ),
    single(
      'counter',
      'outspan.access_log.filtered',
      '{line}',
      'Exchanges that the filters of the access log left out.',
      filtered,
    ),
  ]
}

function phasesOf({ instrumentations }: Settings): ReadonlySet<Phase> | undefined {
  const wanted = new Set(
    instrumentations.includes('all') ? phases : phases.filter((phase) => instrumentations.includes(phase)),
  )
  return wanted.size === 0 ? undefined : wanted
}
