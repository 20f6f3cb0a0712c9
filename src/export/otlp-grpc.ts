/**
 * Telemetry over OTLP/gRPC, by grpc-js itself: unary calls with requests that are encoded already. OpenTelemetry's delegate
 * around the same client copies each of them once more, into fresh memory.
 *
 * Loaded only when there is a collector: grpc-js takes 25 ms.
 */
import {
  type ChannelCredentials,
  Client,
  compressionAlgorithms,
  credentials as grpcCredentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js'
import { type JsonObject, objectOf } from '../telemetry/otlp-json'
import { RequestMaker, resourceBytes, scopeBytes } from '../telemetry/otlp-request'
import type { Batch, Exporter, SendResult, Signal } from './exporter'
import type { Identity, OtlpSettings } from './otlp-settings'
import { type OtlpTls, pemOf } from './otlp-tls'
import { answers, taken } from './partial-success'
import { ReasonWriter } from './reason'
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

const paths: Readonly<Record<Signal, string>> = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
}

/** So many calls in a row may end without an answer in time before the connection is taken for dead, and made anew. */
const MOST_TIMEOUTS = 5

/** Milliseconds before a lost connection is made anew. */
const RECONNECT = 1000

/** grpc-js announces what it knows of resolving the name, even when that is nothing. */
const NO_NOTE = / Resolution note: $/

const asItIs = (bytes: Buffer): Buffer => bytes

export class OtlpGrpcExporter implements Exporter {
  readonly #signal: Signal
  readonly #metadata: Metadata
  readonly #timeout: number
  readonly #requests: RequestMaker
  readonly #reasons: ReasonWriter
  readonly #connect: () => Client
  #client: Client
  /** Calls in a row without an answer in time. */
  #timeouts = 0
  readonly #onTheirWay = new Set<Promise<SendResult>>()
  #isClosed = false

  /** @throws when a certificate file can't be read */
  constructor(signal: Signal, settings: OtlpSettings, { resource, scope }: Identity) {
    const url = new URL(settings.endpoint)
    const isSecure = url.protocol === 'https:'
    const address = `${url.hostname}:${url.port || (isSecure ? 443 : 80)}`
    const credentials = credentialsOf(isSecure, settings.tls)
    const options = {
      'grpc.default_compression_algorithm':
        compressionAlgorithms[settings.compression === 'gzip' ? 'gzip' : 'identity'],
      // How long to wait before another try is the queue's to say.
      'grpc.initial_reconnect_backoff_ms': RECONNECT,
      'grpc.max_reconnect_backoff_ms': RECONNECT,
      'grpc.primary_user_agent': `${scope.name}/${scope.version}`,
      // A connection that the exporters of other signals hold as well could not be made anew.
      'grpc.use_local_subchannel_pool': 1,
    }
    this.#signal = signal
    this.#metadata = metadataOf(settings.headers)
    this.#reasons = new ReasonWriter(settings.headers)
    this.#timeout = settings.timeout
    this.#requests = new RequestMaker(resourceBytes(resource), scopeBytes(scope.name, scope.version))
    this.#connect = () => new Client(address, credentials, options)
    this.#client = this.#connect()
  }

  async send(batch: Batch): Promise<SendResult> {
    if (this.#isClosed) return { kind: 'retry', reason: 'the exporter is closed' }
    const call = this.#call(batch)
    this.#onTheirWay.add(call)
    const result = await call
    this.#onTheirWay.delete(call)
    return result
  }

  #call(batch: Batch): Promise<SendResult> {
    const request = this.#requests.make(batch.bytes)
    const deadline = Date.now() + this.#timeout
    return new Promise((resolve) => {
      const onAnswer = (error: ServiceError | null, answer?: Buffer): void => {
        this.#requests.reuse(request)
        this.#watchTimeouts(error)
        resolve(error ? verdictOn(error, this.#reasons) : this.#taken(answer, batch))
      }
      this.#client.makeUnaryRequest(
        paths[this.#signal],
        asItIs,
        asItIs,
        request,
        this.#metadata,
        { deadline },
        onAnswer,
      )
    })
  }

  #taken(answer: Buffer | undefined, batch: Batch): SendResult {
    return taken(contentOf(answer, this.#signal), this.#signal, batch, this.#reasons)
  }

  /** A connection whose other end vanished without a word looks like one that is slow. */
  #watchTimeouts(error: ServiceError | null): void {
    this.#timeouts = error?.code === status.DEADLINE_EXCEEDED ? this.#timeouts + 1 : 0
    if (this.#timeouts <= MOST_TIMEOUTS || this.#isClosed) return
    this.#timeouts = 0
    this.#client.close()
    this.#client = this.#connect()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#onTheirWay)
    this.#client.close()
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

/** The status says that the batch was taken: an answer that can't be read does not change that. */
function contentOf(answer: Buffer | undefined, signal: Signal): JsonObject {
  try {
    return answer ? objectOf(answers[signal], answer) : {}
  } catch {
    return {}
  }
}

function verdictOn({ code, message, metadata }: ServiceError, reasons: ReasonWriter): SendResult {
  // Whether a connection failed or the collector spoke can't be told from the code.
  const reason = reasons.writeFailure(message.replace(NO_NOTE, ''))
  const info = retryInfoOf(metadata)
  const isExhausted = code === status.RESOURCE_EXHAUSTED && info !== undefined
  if (!retryable.has(code) && !isExhausted) return { kind: 'permanent', reason }
  return { kind: 'retry', reason, ...(info?.after !== undefined && { after: info.after }) }
}
