/**
 * Spans on their way to an exporter: encoded as they come, gathered in batches, and sent one batch at a time. A batch that
 * can't be sent now stays at the head and is tried again with growing delays; when too many spans wait, the oldest batch
 * goes, and is counted. Adding to it never waits.
 */
import type { Exchange } from '../model/exchange'
import { writeSpan } from '../telemetry/otlp-span'
import { ProtobufWriter } from '../telemetry/protobuf'
import type { Batch, Exporter, SendResult } from './exporter'

export interface QueueSettings {
  /** Spans in one batch at most. */
  readonly batchSize: number
  /** Milliseconds that the first span of a batch waits for others. */
  readonly delay: number
  /** Spans that may wait. */
  readonly capacity: number
}

/** Why a span was never exported. */
export type DropReason = 'queue_full' | 'refused' | 'shutdown'

/** A batch is closed early when it is this large: collectors take messages of 4 MiB. */
const BATCH_BYTES = 3 * 1024 * 1024
const FIRST_RETRY_DELAY = 1000
const LONGEST_RETRY_DELAY = 30_000

export class SpanQueue {
  readonly #exporter: Exporter
  readonly #settings: QueueSettings
  readonly #onTrouble: (message: string) => void
  /** The batch that is being filled. */
  readonly #open = new ProtobufWriter()
  #openCount = 0
  /** Batches that wait, the oldest first. The first one may be on its way. */
  readonly #closed: Batch[] = []
  #timer: NodeJS.Timeout | undefined
  #retryDelay = 0
  #isClosing = false
  #inFlight: Promise<void> | undefined

  observed = 0
  exported = 0
  /** Spans that wait, those on their way included. */
  queued = 0
  readonly dropped: Record<DropReason, number> = { queue_full: 0, refused: 0, shutdown: 0 }

  /** @param onTrouble told of every batch that could not be sent */
  constructor(exporter: Exporter, settings: QueueSettings, onTrouble: (message: string) => void) {
    this.#exporter = exporter
    this.#settings = settings
    this.#onTrouble = onTrouble
  }

  add(exchange: Exchange): void {
    this.observed++
    if (this.#isClosing) {
      this.dropped.shutdown++
      return
    }
    this.queued++
    writeSpan(this.#open, exchange)
    if (++this.#openCount >= this.#settings.batchSize || this.#open.size >= BATCH_BYTES) this.#closeBatch()
    if (this.#inFlight) return
    if (this.#closed.length > 0 && this.#retryDelay === 0) this.#sendNow()
    else this.#timer ??= setTimeout(() => this.#sendNow(), this.#settings.delay).unref()
  }

  /**
   * Sends what is left, then closes the exporter. What is not sent when the time is up is counted as dropped.
   * @param timeout milliseconds
   */
  async close(timeout: number): Promise<void> {
    this.#isClosing = true
    const timeUp = new Promise<'time up'>((resolve) => setTimeout(() => resolve('time up'), timeout).unref())
    for (;;) {
      if (!this.#inFlight) this.#sendNow()
      if (!this.#inFlight) break
      if ((await Promise.race([this.#inFlight, timeUp])) === 'time up') break
    }
    clearTimeout(this.#timer)
    if (this.#openCount > 0) this.#closeBatch()
    while (this.#closed.length > 0) this.#drop('shutdown')
    await Promise.race([this.#exporter.close(), timeUp])
  }

  #closeBatch(): void {
    this.#closed.push({ bytes: this.#open.take(), count: this.#openCount })
    this.#openCount = 0
    while (this.queued > this.#settings.capacity && this.#closed.length > 1) this.#dropOldest()
  }

  #sendNow(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#closed.length === 0 && this.#openCount > 0) this.#closeBatch()
    const batch = this.#closed[0]
    if (batch) this.#inFlight = this.#send(batch)
  }

  async #send(batch: Batch): Promise<void> {
    const result = await this.#exporter.send(batch).catch(mistake)
    this.#inFlight = undefined
    // Closed meanwhile: the batch has been counted as dropped.
    if (this.#closed[0] !== batch) return
    this.#settle(batch, result)
    if (this.#isClosing || this.queued === 0) return
    if (this.#closed.length > 0 && this.#retryDelay === 0) this.#sendNow()
    else this.#timer ??= setTimeout(() => this.#sendNow(), this.#retryDelay || this.#settings.delay).unref()
  }

  #settle(batch: Batch, result: SendResult): void {
    if (result.kind === 'retry') {
      this.#retryDelay = Math.min(LONGEST_RETRY_DELAY, this.#retryDelay * 2 || FIRST_RETRY_DELAY)
      // While stopping there is no later.
      if (this.#isClosing) this.#drop('shutdown')
      return this.#onTrouble(result.reason)
    }
    this.#retryDelay = 0
    if (result.kind === 'permanent') {
      this.#drop('refused')
      return this.#onTrouble(result.reason)
    }
    this.#closed.shift()
    this.#open.reuse(batch.bytes)
    this.queued -= batch.count
    this.exported += batch.count - result.rejected
    this.dropped.refused += result.rejected
    if (result.reason !== '') this.#onTrouble(result.reason)
  }

  /** Gives up the batch at the head. */
  #drop(reason: DropReason): void {
    const count = this.#closed.shift()?.count ?? 0
    this.dropped[reason] += count
    this.queued -= count
  }

  /** Gives up the oldest batch that is not on its way. */
  #dropOldest(): void {
    const [dropped] = this.#closed.splice(this.#inFlight ? 1 : 0, 1)
    this.dropped.queue_full += dropped?.count ?? 0
    this.queued -= dropped?.count ?? 0
  }
}

/** An exporter never rejects. Should it do so all the same, its batch is lost and the queue goes on. */
function mistake(error: unknown): SendResult {
  return { kind: 'permanent', reason: String(error) }
}
