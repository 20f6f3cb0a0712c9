/**
 * Exchanges on their way to an exporter: a bounded queue, sent in batches, one batch at a time. A batch that can't be sent
 * now stays at the head and is tried again with growing delays; when the queue is full the oldest goes, and is counted.
 * Adding to it never waits.
 */
import type { Exchange } from '../model/exchange'
import type { Exporter, SendResult } from './exporter'

export interface QueueSettings {
  /** Exchanges in one batch at most. */
  readonly batchSize: number
  /** Milliseconds that the first exchange of a batch waits for others. */
  readonly delay: number
  /** Exchanges that may wait. */
  readonly capacity: number
}

/** Why an exchange was never exported. */
export type DropReason = 'queue_full' | 'refused' | 'shutdown'

const FIRST_RETRY_DELAY = 1000
const LONGEST_RETRY_DELAY = 30_000

export class SpanQueue {
  readonly #exporter: Exporter
  readonly #settings: QueueSettings
  readonly #onTrouble: (message: string) => void
  #waiting: Exchange[] = []
  #sending: readonly Exchange[] = []
  #timer: NodeJS.Timeout | undefined
  #retryDelay = 0
  #isClosing = false
  #inFlight: Promise<void> | undefined

  observed = 0
  exported = 0
  readonly dropped: Record<DropReason, number> = { queue_full: 0, refused: 0, shutdown: 0 }

  /** @param onTrouble told of every batch that could not be sent */
  constructor(exporter: Exporter, settings: QueueSettings, onTrouble: (message: string) => void) {
    this.#exporter = exporter
    this.#settings = settings
    this.#onTrouble = onTrouble
  }

  get queued(): number {
    return this.#waiting.length + this.#sending.length
  }

  add(exchange: Exchange): void {
    this.observed++
    this.#waiting.push(exchange)
    // Dropping in blocks keeps the price of a full queue low: one array copy for many exchanges.
    if (this.#waiting.length > this.#settings.capacity) this.#dropOldest()
    if (this.#inFlight) return
    if (this.#waiting.length >= this.#settings.batchSize && this.#retryDelay === 0) this.#sendNow()
    else this.#timer ??= setTimeout(() => this.#sendNow(), this.#settings.delay).unref()
  }

  /**
   * Sends what is left, then closes the exporter. What is not sent when the time is up is counted as dropped.
   * @param timeout milliseconds
   */
  async close(timeout: number): Promise<void> {
    this.#isClosing = true
    const timeUp = new Promise<'time up'>((resolve) => setTimeout(() => resolve('time up'), timeout).unref())
    clearTimeout(this.#timer)
    for (;;) {
      if (!this.#inFlight && this.queued > 0) this.#sendNow()
      if (!this.#inFlight) break
      if ((await Promise.race([this.#inFlight, timeUp])) === 'time up') break
    }
    this.dropped.shutdown += this.queued
    this.#waiting = []
    this.#sending = []
    await this.#exporter.close()
  }

  #sendNow(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#sending.length === 0) this.#sending = this.#waiting.splice(0, this.#settings.batchSize)
    if (this.#sending.length > 0) this.#inFlight = this.#send(this.#sending)
  }

  async #send(batch: readonly Exchange[]): Promise<void> {
    const result = await this.#exporter.send(batch)
    this.#inFlight = undefined
    // Closed meanwhile: the batch has been counted as dropped.
    if (this.#sending !== batch) return
    this.#settle(batch, result)
    if (this.#isClosing || this.queued === 0) return
    const isFull = this.#waiting.length >= this.#settings.batchSize
    if (this.#retryDelay === 0 && isFull) this.#sendNow()
    else this.#timer ??= setTimeout(() => this.#sendNow(), this.#retryDelay || this.#settings.delay).unref()
  }

  #settle(batch: readonly Exchange[], result: SendResult): void {
    if (result.kind === 'retry') {
      this.#retryDelay = Math.min(LONGEST_RETRY_DELAY, this.#retryDelay * 2 || FIRST_RETRY_DELAY)
      // While stopping there is no later: the batch goes the way of the rest.
      if (this.#isClosing) this.#drop('shutdown')
      this.#onTrouble(result.reason)
      return
    }
    this.#retryDelay = 0
    if (result.kind === 'ok') {
      this.exported += batch.length
      this.#sending = []
    } else {
      this.#drop('refused')
      this.#onTrouble(result.reason)
    }
  }

  #drop(reason: DropReason): void {
    this.dropped[reason] += this.#sending.length
    this.#sending = []
  }

  #dropOldest(): void {
    const block = Math.max(1, Math.floor(this.#settings.capacity / 8))
    this.dropped.queue_full += this.#waiting.splice(0, block).length
  }
}
