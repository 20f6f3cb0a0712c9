/**
 * Spans over OTLP/gRPC, by OpenTelemetry's own transport. Only the encoding is ours (telemetry/otlp-span.ts), at the place
 * that the exporter's packages have for it: `OTLPTraceExporter` is this delegate with their serializer.
 *
 * Loaded only when there is a collector: the imports cost a third of the start.
 */
import {
  type ChannelCredentials,
  credentials as grpcCredentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js'
import { ExportResultCode } from '@opentelemetry/core'
import { CompressionAlgorithm, OTLPExporterBase } from '@opentelemetry/otlp-exporter-base'
import { createOtlpGrpcExportDelegate } from '@opentelemetry/otlp-grpc-exporter-base'
import { type IExportTraceServiceResponse, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { exportRequest, resourceBytes, scopeBytes } from '../telemetry/otlp-request'
import type { Batch, Exporter, SendResult, Signal } from './exporter'
import type { Identity, OtlpSettings } from './otlp-settings'
import { type OtlpTls, pemOf } from './otlp-tls'
import { retryInfoOf } from './retry-info'

/** What the OTLP specification calls retryable. `RESOURCE_EXHAUSTED` is so only when the collector says it with RetryInfo. */
const retryable: ReadonlySet<number> = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.UNAVAILABLE,
  status.DATA_LOSS,
])

const services = {
  traces: {
    service: 'TraceExportService',
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    metrics: 'otlp_grpc_span_exporter',
  },
  logs: {
    service: 'LogsExportService',
    path: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
    metrics: 'otlp_grpc_log_exporter',
  },
  metrics: {
    service: 'MetricsExportService',
    path: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
    metrics: 'otlp_grpc_metric_exporter',
  },
} as const

export class OtlpGrpcExporter implements Exporter {
  readonly #exporter: OTLPExporterBase<Batch>
  /** The answer to the batch that was last taken: batches are sent one at a time. */
  #answer: IExportTraceServiceResponse = {}

  /** @throws when a certificate file can't be read */
  constructor(signal: Signal, settings: OtlpSettings, { resource, scope }: Identity) {
    const metadata = metadataOf(settings.headers)
    const url = new URL(settings.endpoint)
    const isSecure = url.protocol === 'https:'
    const credentials = credentialsOf(isSecure, settings.tls)
    const options = {
      url: `${url.hostname}:${url.port || (isSecure ? 443 : 80)}`,
      metadata: () => metadata,
      credentials: () => credentials,
      compression: settings.compression === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
      timeoutMillis: settings.timeout,
      concurrencyLimit: 1,
      userAgent: `${scope.name}/${scope.version}`,
    }
    const resourceMessage = resourceBytes(resource)
    const scopeMessage = scopeBytes(scope.name, scope.version)
    const serializer = {
      serializeRequest: (batch: Batch) => exportRequest(resourceMessage, scopeMessage, batch.bytes),
      deserializeResponse: (bytes: Uint8Array) => {
        this.#answer = ProtobufTraceSerializer.deserializeResponse(bytes)
        return this.#answer
      },
    }
    const { service, path, metrics } = services[signal]
    const counts = { name: 'span', countItems: (batch: Batch) => batch.count } as const
    this.#exporter = new OTLPExporterBase(
      createOtlpGrpcExportDelegate(options, serializer, metrics, counts, undefined, service, path),
    )
  }

  async send(batch: Batch): Promise<SendResult> {
    this.#answer = {}
    return new Promise((resolve) => {
      this.#exporter.export(batch, ({ code, error }) => {
        resolve(code === ExportResultCode.SUCCESS ? taken(this.#answer, batch) : verdictOn(error))
      })
    })
  }

  async close(): Promise<void> {
    await this.#exporter.shutdown()
  }
}

/** @throws when a file can't be read */
function credentialsOf(isSecure: boolean, tls: OtlpTls): ChannelCredentials {
  if (!isSecure) return grpcCredentials.createInsecure()
  const { ca = null, key = null, cert = null } = pemOf(tls)
  return grpcCredentials.createSsl(ca, key, cert)
}

/** @throws without the value, which is a secret */
function metadataOf(headers: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(headers)) {
    try {
      metadata.set(name, value)
    } catch {
      throw new Error(`the header "${name}" can't be sent by gRPC`)
    }
  }
  return metadata
}

function taken({ partialSuccess }: IExportTraceServiceResponse, batch: Batch): SendResult {
  // A negative count, which makes no sense, is read as a huge one.
  const count = Number(partialSuccess?.rejectedSpans ?? 0)
  const rejected = count >= 2 ** 63 ? 0 : Math.min(batch.count, count)
  const reason = partialSuccess?.errorMessage || (rejected > 0 ? `the collector rejected ${rejected} entries` : '')
  return { kind: 'ok', rejected, reason }
}

function verdictOn(error: Error | undefined): SendResult {
  const { code, metadata } = (error ?? {}) as Partial<ServiceError>
  const reason = error?.message ?? 'unknown error'
  const info = retryInfoOf(metadata)
  const isExhausted = code === status.RESOURCE_EXHAUSTED && info !== undefined
  // Without a gRPC status the collector never answered.
  if (code !== undefined && !retryable.has(code) && !isExhausted) return { kind: 'permanent', reason }
  return { kind: 'retry', reason, ...(info?.after !== undefined && { after: info.after }) }
}
