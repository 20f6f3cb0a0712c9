/** Where finished exchanges go: every sink that the settings ask for, and the figures that they keep. */
import { randomUUID } from 'node:crypto'
import type { Settings } from '../config/options'
import type { Exporter } from '../export/exporter'
import { Ring } from '../export/ring'
import { SpanQueue } from '../export/span-queue'
import { LineWriter } from '../log/line-writer'
import { type Logger, onceAWhile } from '../log/logger'
import type { Exchange } from '../model/exchange'
import { accessLogRecord, writeAccessLog } from '../telemetry/access-log'
import { type Metric, single, Tally } from '../telemetry/metrics'
import { version } from './version'

/** How often a trouble that goes on is told, in milliseconds. */
const TROUBLE_INTERVAL = 60_000

export class Telemetry {
  readonly #tally = new Tally()
  readonly #ring: Ring
  readonly #lines: LineWriter | undefined
  readonly #spans: SpanQueue | undefined

  /** @throws when a file can't be opened or read */
  constructor(settings: Settings, log: Logger) {
    const trouble = (what: string) =>
      onceAWhile((message, fields) => log.warn(what, { reason: message, ...fields }), TROUBLE_INTERVAL)
    this.#ring = new Ring(settings.exchangesKept)
    if (settings.accessLog !== 'off') {
      this.#lines = new LineWriter(settings.accessLog, trouble('the access log could not be written'))
    }
    const exporter = exporterOf(settings)
    if (exporter) {
      const { queueDelay: delay, queueCapacity: capacity } = settings
      const batchSize = Math.min(settings.queueBatchSize, capacity)
      this.#spans = new SpanQueue(exporter, { batchSize, delay, capacity }, trouble('spans could not be exported'))
    }
  }

  /** Takes an exchange that is over to its projections. */
  readonly take = (exchange: Exchange): void => {
    this.#tally.add(exchange)
    this.#ring.add(exchange)
    this.#lines?.add(writeAccessLog, exchange)
    if (exchange.context?.sampled) this.#spans?.add(exchange)
  }

  /** Access-log records of the newest exchanges, newest first. */
  newest(): string[] {
    return this.#ring.newest().map(accessLogRecord)
  }

  metrics(): Metric[] {
    const lines = this.#lines
    return [
      ...this.#tally.metrics(),
      ...(this.#spans ? spanMetrics(this.#spans) : []),
      ...(lines ? lineMetrics(lines) : []),
    ]
  }

  /** Sends and writes what is left, for `timeout` milliseconds at most. */
  async flush(timeout: number): Promise<void> {
    await Promise.all([this.#spans?.close(timeout), this.#lines?.close(timeout)])
  }
}

/** The exporter, if there is a collector. Its libraries are loaded only then. */
function exporterOf(settings: Settings): Exporter | undefined {
  if (settings.otlpEndpoint === undefined) return undefined
  const { OtlpGrpcExporter } = require('../export/otlp-grpc') as typeof import('../export/otlp-grpc')
  const headers = Object.entries(settings.otlpHeaders).map(([name, secret]) => [name, secret.reveal()])
  return new OtlpGrpcExporter(
    'traces',
    {
      endpoint: settings.otlpEndpoint,
      headers: Object.fromEntries(headers),
      compression: settings.otlpCompression,
      timeout: settings.otlpTimeout,
      tls: {
        certificate: settings.otlpCertificate,
        clientCertificate: settings.otlpClientCertificate,
        clientKey: settings.otlpClientKey,
      },
    },
    { resource: resourceOf(settings), scope: { name: 'outspan', version } },
  )
}

/** The resource: what the user says of the service, and who tells. What is set by the user wins. */
function resourceOf(settings: Settings): Record<string, string> {
  const { serviceName, resourceAttributes } = settings
  const isUnnamed = serviceName.startsWith('unknown_service')
  return {
    'service.instance.id': randomUUID(),
    'telemetry.sdk.name': 'outspan',
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.version': version,
    ...resourceAttributes,
    'service.name': isUnnamed ? (resourceAttributes['service.name'] ?? serviceName) : serviceName,
  }
}

function spanMetrics(spans: SpanQueue): Metric[] {
  return [
    single('counter', 'outspan.spans.observed', '{span}', 'Sampled spans of exchanges that ended.', spans.observed),
    single('counter', 'outspan.spans.exported', '{span}', 'Spans that the collector took.', spans.exported),
    {
      kind: 'counter',
      name: 'outspan.spans.dropped',
      unit: '{span}',
      description: 'Spans that were never exported, by reason.',
      points: Object.entries(spans.dropped).map(([reason, value]) => ({ attributes: { reason }, value })),
    },
    single('gauge', 'outspan.spans.queued', '{span}', 'Spans that wait for the collector.', spans.queued),
  ]
}

function lineMetrics(lines: LineWriter): Metric[] {
  return [
    single(
      'counter',
      'outspan.access_log.dropped',
      '{line}',
      'Access-log lines given up for a slow reader.',
      lines.dropped,
    ),
  ]
}
