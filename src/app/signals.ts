/** What leaves for collectors: for each signal that is exported its exporter, its queue, and the books that it keeps. */
import { createHash, randomUUID } from 'node:crypto'
import { ofSignal } from '../config/delivery-options'
import type { Settings } from '../config/options'
import { ExportQueue, type QueueSettings, type Tell } from '../export/export-queue'
import type { Exporter, Signal } from '../export/exporter'
import type { Ledger } from '../export/ledger'
import type { Identity, OtlpSettings } from '../export/otlp-settings'
import { pemOf } from '../export/otlp-tls'
import type { Store } from '../export/store'
import { type Logger, onceAWhile } from '../log/logger'
import { LONGEST_TIMER } from '../model/clock'
import type { Change } from './change'
import { version } from './version'

/** How often a trouble that goes on is told, in milliseconds. */
const TROUBLE_INTERVAL = 60_000

/** The queue of a signal, and the exporter behind it, which other settings replace. */
export class SignalQueue extends ExportQueue {
  readonly #signal: Signal
  /** What the exporter was made of. */
  #made: string

  /** @returns undefined when the signal goes nowhere @throws when a file or directory that the settings name can't be used */
  static of(signal: Signal, settings: Settings, ledger: Ledger, log: Logger): SignalQueue | undefined {
    const endpoint = collectorOf(signal, settings)
    return endpoint === undefined ? undefined : new SignalQueue(signal, endpoint, settings, ledger, log)
  }

  private constructor(signal: Signal, endpoint: string, settings: Settings, ledger: Ledger, log: Logger) {
    const trouble = exportTroubleOf(log, `${signal} could not be exported`)
    const exporter = exporterOf(signal, endpoint, settings)
    // Told apart: one trouble must not keep the other from being told.
    const spool = spoolOf(signal, settings, troubleOf(log, `${signal} could not be kept on disk`))
    super(exporter, queueSettingsOf(signal, settings), ledger, trouble, spool)
    this.#signal = signal
    this.#made = makingOf(signal, endpoint, settings)
  }

  /** @throws when a certificate can't be read, or a header can't be sent */
  prepare(settings: Settings): Change {
    const signal = this.#signal
    // Whether there is a collector at all does not change while the program runs.
    const endpoint = endpointOf(signal, settings) as string
    const making = makingOf(signal, endpoint, settings)
    const exporter = making === this.#made ? undefined : exporterOf(signal, endpoint, settings)
    return {
      commit: () => {
        this.#made = making
        this.renew(queueSettingsOf(signal, settings), exporter)
      },
      abandon: () => void exporter?.close(),
    }
  }
}

/** The settings of the queue of a signal. A batch never has more entries than may wait. */
export function queueSettingsOf(signal: Signal, settings: Settings): QueueSettings {
  const capacity = ofSignal(settings, signal, 'queueCapacity')
  return {
    batchSize: Math.min(ofSignal(settings, signal, 'queueBatchSize'), capacity),
    delay: ofSignal(settings, signal, 'queueDelay'),
    capacity,
    maxBytes: settings.queueMaxBytes,
    firstDelay: settings.queueRetryDelay,
    longestDelay: settings.queueRetryDelayMax,
    retryTime: settings.queueRetryTime,
    // Over one HTTP/2 connection several at once gain nothing, and answers have to be told apart.
    concurrency: ofSignal(settings, signal, 'otlpProtocol') === 'grpc' ? 1 : settings.queueConcurrency,
  }
}

/** Where the signal waits on disk, if it may. */
function spoolOf(signal: Signal, settings: Settings, trouble: (reason: string) => void): Store | undefined {
  const { spoolDir: directory, spoolMaxBytes, workers } = settings
  if (directory === undefined) return undefined
  const { Spool } = require('../export/spool') as typeof import('../export/spool')
  // The first of several processes has its own log to spool.
  const processes = workers > 1 ? workers + 1 : 1
  return Spool.open({ directory, maxBytes: Math.floor(spoolMaxBytes / processes) }, signal, trouble)
}

/** Tells a trouble that goes on once in a while. */
export function troubleOf(log: Logger, what: string): (reason: string) => void {
  return onceAWhile((reason, fields) => log.warn(what, { reason, ...fields }), TROUBLE_INTERVAL)
}

/** Tells of batches. A collector that is away for a while must not hide that it refuses others for good. */
export function exportTroubleOf(log: Logger, what: string): Tell {
  const away = troubleOf(log, what)
  const refused = troubleOf(log, what)
  return (reason, isFinal) => (isFinal ? refused : away)(reason)
}

/** The names of the exporters of a signal. */
export function exportersOf(signal: Signal, settings: Settings): readonly string[] {
  return settings[`${signal}Exporter`] ?? settings.exporter
}

/** The endpoint that a signal is exported to; undefined where it goes to no collector. */
export function collectorOf(signal: Signal, settings: Settings): string | undefined {
  const isExported = settings.signals.includes(signal) && exportersOf(signal, settings).includes('otlp')
  return isExported ? endpointOf(signal, settings) : undefined
}

/** Where a signal goes: its own endpoint as it is, or the general one, to which HTTP adds the signal's path. */
function endpointOf(signal: Signal, settings: Settings): string | undefined {
  const own = settings[`${signal}OtlpEndpoint`]
  if (own !== undefined || settings.otlpEndpoint === undefined) return own
  if (ofSignal(settings, signal, 'otlpProtocol') === 'grpc') return settings.otlpEndpoint
  const url = new URL(settings.otlpEndpoint)
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/${signal}`
  return url.href
}

/** Its libraries are loaded only when there is a collector. */
export function exporterOf(signal: Signal, endpoint: string, settings: Settings): Exporter {
  const protocol = ofSignal(settings, signal, 'otlpProtocol')
  const otlp = otlpOf(signal, endpoint, settings)
  const identity: Identity = { resource: resourceOf(settings), scope: { name: 'outspan', version } }
  if (protocol === 'grpc') {
    const { OtlpGrpcExporter } = require('../export/otlp-grpc') as typeof import('../export/otlp-grpc')
    return new OtlpGrpcExporter(signal, otlp, identity)
  }
  const { OtlpHttpExporter } = require('../export/otlp-http') as typeof import('../export/otlp-http')
  return new OtlpHttpExporter(signal, protocol === 'http/json' ? 'json' : 'protobuf', otlp, identity)
}

function otlpOf(signal: Signal, endpoint: string, settings: Settings): OtlpSettings {
  const headers = Object.entries(ofSignal(settings, signal, 'otlpHeaders'))
  return {
    endpoint,
    headers: Object.fromEntries(headers.map(([name, secret]) => [name, secret.reveal()])),
    compression: ofSignal(settings, signal, 'otlpCompression'),
    timeout: timeoutOf(signal, settings),
    tls: {
      certificate: ofSignal(settings, signal, 'otlpCertificate'),
      clientCertificate: ofSignal(settings, signal, 'otlpClientCertificate'),
      clientKey: ofSignal(settings, signal, 'otlpClientKey'),
    },
  }
}

/** All that an exporter is made of, certificates included: the same text, the same exporter. @throws when a file can't be read */
function makingOf(signal: Signal, endpoint: string, settings: Settings): string {
  const { tls, ...otlp } = otlpOf(signal, endpoint, settings)
  const making = JSON.stringify([ofSignal(settings, signal, 'otlpProtocol'), otlp, pemOf(tls)])
  // Tokens and keys are in it.
  return createHash('sha256').update(making).digest('base64')
}

/** The shorter of the two times that a batch has. 0 is no limit, as OpenTelemetry has it. */
export function timeoutOf(signal: Signal, settings: Settings): number {
  const times = [ofSignal(settings, signal, 'otlpTimeout'), ofSignal(settings, signal, 'queueExportTimeout')]
  return Math.min(...times.map((time) => time || LONGEST_TIMER))
}

const instanceId = randomUUID()

/** The resource: what the user says of the service, and who tells. What is set by the user wins. */
export function resourceOf(settings: Settings): Record<string, string> {
  const { serviceName, resourceAttributes } = settings
  const isUnnamed = serviceName.startsWith('unknown_service')
  return {
    'service.instance.id': instanceId,
    'telemetry.sdk.name': 'outspan',
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.version': version,
    ...resourceAttributes,
    'service.name': isUnnamed ? (resourceAttributes['service.name'] ?? serviceName) : serviceName,
  }
}
