/** The user's exporters: each behind a queue of its own, like those of OTLP. */
import type { Batch, Exporter, SendResult } from '../export/exporter'
import { RequestMaker, resourceBytes, scopeBytes } from '../telemetry/otlp-request'
import { ProtobufReader } from '../telemetry/protobuf-reader'
import { type Guard, reasonOf } from './guard'
import type { ExportResult, Nothing, SpanBatch, SpanData, SpanExporter } from './public'
import { readSpan } from './span-data'

/** Characters. */
const LONGEST_REASON = 500

type Resource = Readonly<Record<string, string>>

export interface ExporterSettings {
  readonly resource: Resource
  readonly scope: { readonly name: string; readonly version: string }
  /** Milliseconds that a batch may take. */
  readonly timeout: number
}

export class HookExporter implements Exporter {
  readonly #exporter: SpanExporter
  readonly #resource: Resource
  readonly #guard: Guard
  readonly #requests: RequestMaker
  /** For batches from now on. */
  timeout: number

  constructor(exporter: SpanExporter, settings: ExporterSettings, guard: Guard) {
    const { resource, scope, timeout } = settings
    this.timeout = timeout
    this.#exporter = exporter
    this.#resource = resource
    this.#guard = guard
    guard.add(this.#hook)
    this.#requests = new RequestMaker(resourceBytes(resource), scopeBytes(scope.name, scope.version))
  }

  get #hook(): string {
    return `exporters.${this.#exporter.name}`
  }

  async send(batch: Batch): Promise<SendResult> {
    const { timeout } = this
    const lent = new LentBatch(batch, this.#resource, this.#requests)
    let timer: NodeJS.Timeout | undefined
    const timeUp = new Promise<ExportResult>((resolve) => {
      timer = setTimeout(() => resolve({ kind: 'retry', reason: `no result in ${timeout} ms` }), timeout).unref()
    })
    try {
      return resultOf(await Promise.race([this.#export(lent), timeUp]))
    } catch (error) {
      this.#guard.failed(this.#hook, error)
      return { kind: 'retry', reason: reasonOf(error) }
    } finally {
      clearTimeout(timer)
      lent.isOver = true
    }
  }

  #export(batch: SpanBatch): ReturnType<SpanExporter['export']> {
    const start = performance.now()
    try {
      return this.#exporter.export(batch)
    } finally {
      this.#guard.took(this.#hook, start)
    }
  }

  async close(): Promise<void> {
    try {
      await this.#exporter.shutdown?.()
    } catch (error) {
      this.#guard.failed(this.#hook, error)
    }
  }
}

/** Nonsense is refused rather than sent again for ever. */
function resultOf(result: ExportResult | Nothing): SendResult {
  const { kind, reason = '', after } = { kind: 'ok', ...result } as { kind: unknown; reason?: unknown; after?: unknown }
  if (kind === 'ok') return { kind, rejected: 0, reason: '' }
  if (kind === 'permanent') return { kind, reason: reasonText(reason) || 'refused by the exporter' }
  if (kind !== 'retry') return { kind: 'permanent', reason: `an exporter returned the kind ${String(kind)}` }
  const hasAfter = typeof after === 'number' && after >= 0
  return { kind, reason: reasonText(reason) || 'the exporter asks for another try', ...(hasAfter && { after }) }
}

/** It goes to the log. */
function reasonText(reason: unknown): string {
  return String(reason).slice(0, LONGEST_REASON)
}

/** The memory of a batch is used again once there is a result. */
class LentBatch implements SpanBatch {
  readonly #batch: Batch
  readonly #requests: RequestMaker
  readonly resource: Resource
  isOver = false
  #spans: readonly SpanData[] | undefined

  constructor(batch: Batch, resource: Resource, requests: RequestMaker) {
    this.#batch = batch
    this.#requests = requests
    this.resource = resource
  }

  get count(): number {
    return this.#batch.count
  }

  get spans(): readonly SpanData[] {
    this.#spans ??= readSpans(this.#bytes)
    return this.#spans
  }

  get otlp(): Uint8Array {
    return this.#requests.make(this.#bytes)
  }

  get #bytes(): Buffer {
    if (this.isOver) throw new Error('the batch is over: it can be read until its export has a result')
    return this.#batch.bytes
  }
}

function readSpans(bytes: Buffer): SpanData[] {
  const spans: SpanData[] = []
  const entries = new ProtobufReader(bytes)
  while (entries.next()) spans.push(readSpan(entries.raw()).data)
  return spans
}
