/** Spans over OTLP/gRPC, by OpenTelemetry's own exporter. Loaded when it is first needed: its imports cost the most. */
import { Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { ExportResultCode, type InstrumentationScope } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { Exchange } from '../model/exchange'
import { spanOf } from '../telemetry/span'
import type { Exporter, SendResult } from './exporter'
import { credentialsOf, type OtlpTls } from './otlp-tls'

export interface OtlpSettings {
  /** `http://host:port` in the clear, `https://host:port` with TLS. */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly compression: 'none' | 'gzip'
  /** Milliseconds for one batch. */
  readonly timeout: number
  readonly tls: OtlpTls
}

/** Who is told about: the resource, and the scope that its spans carry. */
export interface Identity {
  readonly resource: Readonly<Record<string, string>>
  readonly scope: InstrumentationScope
}

/** What the OTLP specification calls retryable. `RESOURCE_EXHAUSTED` is not, without a hint from the server. */
const retryable: ReadonlySet<number> = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.UNAVAILABLE,
  status.DATA_LOSS,
])

export class OtlpGrpcExporter implements Exporter {
  readonly #exporter: OTLPTraceExporter
  readonly #identity: Identity
  readonly #resource

  /** @throws when a certificate file can't be read */
  constructor(settings: OtlpSettings, identity: Identity) {
    const metadata = new Metadata()
    for (const [name, value] of Object.entries(settings.headers)) metadata.set(name, value)
    const isSecure = settings.endpoint.startsWith('https:')
    this.#exporter = new OTLPTraceExporter({
      url: settings.endpoint,
      metadata,
      compression: settings.compression === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
      timeoutMillis: settings.timeout,
      credentials: credentialsOf(isSecure, settings.tls),
      userAgent: `${identity.scope.name}/${identity.scope.version}`,
    })
    this.#identity = identity
    this.#resource = resourceFromAttributes(identity.resource)
  }

  send(batch: readonly Exchange[]): Promise<SendResult> {
    const spans = batch.map((exchange) => spanOf(exchange, this.#resource, this.#identity.scope))
    return new Promise((resolve) => {
      this.#exporter.export(spans, ({ code, error }) => {
        resolve(code === ExportResultCode.SUCCESS ? { kind: 'ok' } : verdictOn(error))
      })
    })
  }

  async close(): Promise<void> {
    await this.#exporter.shutdown()
  }
}

function verdictOn(error: Error | undefined): SendResult {
  const { code } = (error ?? {}) as Partial<ServiceError>
  const reason = error?.message ?? 'unknown error'
  // Without a gRPC status the collector never answered.
  return { kind: code === undefined || retryable.has(code) ? 'retry' : 'permanent', reason }
}
