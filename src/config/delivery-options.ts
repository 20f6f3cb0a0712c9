/**
 * The options of delivery: what is exported, to where, and how it waits. Those of OTLP exist for all signals and, with the
 * signal in their names, for each: `--otlp-endpoint` and `--otlp-logs-endpoint`.
 */
import { choiceOrHook } from './hook-names'
import { choice, duration, endpoint, integer, interval, list, Problem, secretHeaders, size, string } from './kinds'
import { type Option, option, optional } from './option'
import { pemFile } from './readable-file'

export const signalNames = ['traces', 'logs', 'metrics'] as const
type SignalName = (typeof signalNames)[number]

const OTLP = 'OTEL_EXPORTER_OTLP_'

/** For all signals. */
const otlp = {
  otlpEndpoint: optional({
    key: 'otlp.endpoint',
    otel: [`${OTLP}ENDPOINT`],
    kind: endpoint,
    isLive: true,
    doc: 'OpenTelemetry collector; over HTTP, /v1/traces and its kin are added. Without one, telemetry stays in memory.',
  }),
  otlpProtocol: option<'grpc' | 'http/protobuf' | 'http/json'>({
    key: 'otlp.protocol',
    otel: [`${OTLP}PROTOCOL`],
    kind: choice(['grpc', 'http/protobuf', 'http/json']),
    default: 'grpc',
    isLive: true,
    doc: 'Transport to the collector.',
  }),
  otlpHeaders: option({
    key: 'otlp.headers',
    flag: 'otlp-header',
    otel: [`${OTLP}HEADERS`],
    kind: secretHeaders,
    default: {},
    isLive: true,
    doc: 'Header for the collector, such as a token; repeatable.',
  }),
  otlpCompression: option<'none' | 'gzip'>({
    key: 'otlp.compression',
    otel: [`${OTLP}COMPRESSION`],
    kind: choice(['none', 'gzip']),
    default: 'none',
    isLive: true,
    doc: 'Compression of what is sent to the collector.',
  }),
  otlpTimeout: option({
    key: 'otlp.timeout',
    otel: [`${OTLP}TIMEOUT`],
    kind: duration,
    default: 10_000,
    isLive: true,
    doc: 'Time that the collector has for one batch; 0s is no limit.',
  }),
  otlpCertificate: optional({
    key: 'otlp.certificate',
    otel: [`${OTLP}CERTIFICATE`],
    kind: pemFile,
    isLive: true,
    doc: 'PEM file of the authorities that may vouch for an https:// collector.',
  }),
  otlpClientCertificate: optional({
    key: 'otlp.client_certificate',
    otel: [`${OTLP}CLIENT_CERTIFICATE`],
    kind: pemFile,
    isLive: true,
    doc: 'PEM file of our own certificate, for mutual TLS.',
  }),
  otlpClientKey: optional({
    key: 'otlp.client_key',
    otel: [`${OTLP}CLIENT_KEY`],
    kind: pemFile,
    isLive: true,
    doc: 'PEM file of the key to that certificate.',
  }),
}

const queue = {
  queueBatchSize: option({
    key: 'queue.batch_size',
    kind: integer(1, 65_536),
    default: 512,
    isLive: true,
    doc: 'Entries in one batch at most, and never more than may wait.',
  }),
  queueDelay: option({
    key: 'queue.delay',
    kind: duration,
    default: 1000,
    isLive: true,
    doc: 'Time that an entry waits for others before a batch is sent.',
  }),
  queueCapacity: option({
    key: 'queue.capacity',
    kind: integer(1, 1_000_000),
    default: 8192,
    isLive: true,
    doc: 'Entries of a signal that may wait in memory; when a batch is full and there are more, the oldest are dropped and counted. Batches on their way stay, and all metrics of the newest export.',
  }),
  queueExportTimeout: optional({
    key: 'queue.export_timeout',
    kind: duration,
    isLive: true,
    doc: 'Time that the export of one batch may take, where it is shorter than --otlp-timeout; 0s is no limit.',
  }),
}

type General = typeof otlp & typeof queue
type Variants<S extends SignalName, Rows> = {
  readonly [Name in keyof Rows & string as `${S}${Capitalize<Name>}`]: Rows[Name] extends Option<infer T>
    ? Option<T | undefined>
    : never
}

/** The rows for one signal alone; undefined where the general one counts. @param otelOf its `OTEL_` variable, if it has one */
function variantsOf<S extends SignalName, Rows extends Readonly<Record<string, Option<unknown>>>>(
  signal: S,
  rows: Rows,
  otelOf: (name: string, row: Option<unknown>) => string | undefined,
): Variants<S, Rows> {
  const variants = Object.entries(rows).map(([name, row]) => {
    const otel = otelOf(name, row)
    const own = (text: string, separator: string) => text.replace(separator, `${separator}${signal}${separator}`)
    const variant = {
      ...row,
      key: own(row.key, '.'),
      ...(row.flag !== undefined && { flag: own(row.flag, '-') }),
      otel: otel === undefined ? [] : [otel],
      default: undefined,
      variantOf: row,
      doc: `${row.doc.slice(0, -1)}, for ${signal} only.`,
    }
    return [variantName(signal, name), variant]
  })
  return Object.fromEntries(variants) as Variants<S, Rows>
}

const ofProcessor: Readonly<Record<string, string>> = {
  queueBatchSize: 'MAX_EXPORT_BATCH_SIZE',
  queueDelay: 'SCHEDULE_DELAY',
  queueCapacity: 'MAX_QUEUE_SIZE',
  queueExportTimeout: 'EXPORT_TIMEOUT',
}
const otlpVariable =
  (signal: SignalName) =>
  (_name: string, { otel = [] }: Option<unknown>): string | undefined =>
    otel[0]?.replace(OTLP, `${OTLP}${signal.toUpperCase()}_`)
const processorVariable = (prefix: string) => (name: string) => `${prefix}${ofProcessor[name]}`

export const exporterNames = ['otlp', 'console', 'memory'] as const

const exporter = option<readonly string[]>({
  key: 'exporter',
  kind: list(choiceOrHook(exporterNames)),
  default: ['otlp'],
  doc: 'Where it is exported to: otlp (once there is an endpoint), console (readable on stderr), memory (nowhere else than the admin address), or an exporter of --hooks.',
})

export const deliveryOptions = {
  signals: option<readonly SignalName[]>({
    key: 'signals',
    otel: ['OTEL_SDK_DISABLED'],
    kind: {
      ...list(choice(signalNames)),
      readOtel: (text) => {
        const isDisabled = text.toLowerCase()
        if (isDisabled === 'true') return []
        return isDisabled === 'false' ? signalNames : new Problem('is neither true nor false')
      },
    },
    default: signalNames,
    doc: 'What is exported: traces, logs (the access log and our own), metrics. Trace context goes on in any case.',
  }),
  exporter,
  tracesExporter: exporterOf('traces'),
  logsExporter: exporterOf('logs'),
  metricsExporter: exporterOf('metrics'),
  ...otlp,
  ...variantsOf('traces', otlp, otlpVariable('traces')),
  ...variantsOf('logs', otlp, otlpVariable('logs')),
  ...variantsOf('metrics', otlp, otlpVariable('metrics')),
  ...queue,
  ...variantsOf('traces', queue, processorVariable('OTEL_BSP_')),
  ...variantsOf('logs', queue, processorVariable('OTEL_BLRP_')),
  ...variantsOf('metrics', { queueExportTimeout: queue.queueExportTimeout }, () => 'OTEL_METRIC_EXPORT_TIMEOUT'),
  queueMaxBytes: option({
    key: 'queue.max_bytes',
    kind: size(1024, 1024 ** 3),
    default: 8 * 1024 ** 2,
    isLive: true,
    doc: 'Bytes of a signal that may wait in memory.',
  }),
  queueRetryDelay: option({
    key: 'queue.retry_delay',
    kind: duration,
    default: 1000,
    isLive: true,
    doc: 'Time before a batch is sent again; it doubles with each failure.',
  }),
  queueRetryDelayMax: option({
    key: 'queue.retry_delay_max',
    kind: duration,
    default: 30_000,
    isLive: true,
    doc: 'Longest time between two tries.',
  }),
  queueRetryTime: option({
    key: 'queue.retry_time',
    kind: duration,
    default: 0,
    isLive: true,
    doc: 'Time from its first try after which a batch is given up; 0s keeps it as long as there is room. With --spool-dir it is kept in any case.',
  }),
  queueConcurrency: option({
    key: 'queue.concurrency',
    kind: integer(1, 1024),
    default: 1,
    isLive: true,
    doc: 'Batches of a signal that may be on their way at once over HTTP; gRPC sends one at a time.',
  }),
  spoolDir: optional({
    key: 'spool.dir',
    flag: 'spool-dir',
    kind: string,
    doc: 'Directory in which telemetry waits that can not be sent now, also for a later start. Without one it waits in memory.',
  }),
  spoolMaxBytes: option({
    key: 'spool.max_bytes',
    flag: 'spool-max-bytes',
    kind: size(1024, 1024 ** 4),
    default: 256 * 1024 ** 2,
    doc: 'Bytes of a signal that may wait there; when there are more, the oldest are dropped and counted.',
  }),
  metricsInterval: option({
    key: 'metrics.interval',
    otel: ['OTEL_METRIC_EXPORT_INTERVAL'],
    kind: interval,
    default: 60_000,
    isLive: true,
    doc: 'Time between two exports of metrics; 0s exports none.',
  }),
  metricsTemporality: option<'cumulative' | 'delta' | 'lowmemory'>({
    key: 'metrics.temporality',
    otel: [`${OTLP}METRICS_TEMPORALITY_PREFERENCE`],
    kind: { ...choice(['cumulative', 'delta', 'lowmemory']), placeholder: 'TEMPORALITY' },
    default: 'cumulative',
    doc: 'Since when exported metrics count: cumulative (the start), delta (counters and histograms: the last export) or lowmemory (histograms: the last export).',
  }),
  metricsExemplars: option<'trace_based' | 'always_on' | 'always_off'>({
    key: 'metrics.exemplars',
    otel: ['OTEL_METRICS_EXEMPLAR_FILTER'],
    kind: { ...choice(['trace_based', 'always_on', 'always_off']), placeholder: 'FILTER' },
    default: 'trace_based',
    doc: 'Requests that buckets of http.client.request.duration may name as examples, over OTLP: trace_based (sampled ones), always_on or always_off.',
  }),
}

/** What Prometheus scrapes is always there, at the admin address. */
function inOurWords(signal: SignalName, text: string): string {
  return signal === 'metrics' ? text.replace('prometheus', 'memory') : text
}

/** OpenTelemetry's choice for one signal. */
function exporterOf(signal: SignalName) {
  const known = list(choice(exporterNames))
  const names = list(choiceOrHook(exporterNames))
  return {
    ...optional<readonly string[]>({
      key: `exporters.${signal}`,
      flag: `${signal}-exporter`,
      otel: [`OTEL_${signal.toUpperCase()}_EXPORTER`],
      kind: { ...names, readOtel: (text) => known.read(inOurWords(signal, text.toLowerCase())) },
      doc: `Where ${signal} are exported to, in the place of what is said for all.`,
    }),
    variantOf: exporter,
  }
}

/** `tracesOtlpEndpoint` for `otlpEndpoint`. */
function variantName(signal: SignalName, name: string): string {
  return `${signal}${name[0]?.toUpperCase()}${name.slice(1)}`
}

/** The value of a general row, or of its variant for the signal. */
export function ofSignal<Name extends keyof General>(
  settings: Readonly<Record<string, unknown>>,
  signal: SignalName,
  name: Name,
): General[Name] extends Option<infer T> ? T : never {
  const own = settings[variantName(signal, name)]
  return (own ?? settings[name]) as never
}
