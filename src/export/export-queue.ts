/**
 * Entries of one signal on their way to an exporter: encoded as they come, gathered in batches, and sent. A batch that can't
 * be sent now is tried again with growing delays; when too much waits, the oldest batch goes, and is counted. With a spool, a
 * batch that can't be sent goes to disk, and what follows it too, until all that is there has been sent in order. Adding an
 * entry never waits.
 */
import { LONGEST_TIMER } from '../model/clock'
import { ProtobufWriter } from '../telemetry/protobuf'
import { Backoff, type BackoffSettings } from './backoff'
import type { Batch, Exporter, SendResult } from './exporter'
import type { DropReason, Ledger } from './ledger'
import type { Store } from './store'

export interface QueueSettings extends BackoffSettings {
  /** Entries in one batch at most. */
  readonly batchSize: number
  /** Milliseconds that the first entry of a batch waits for others. */
  readonly delay: number
  /** Entries, and bytes, that may wait in memory. */
  readonly capacity: number
  readonly maxBytes: number
  /** Milliseconds from its first try after which a batch is given up; 0 never gives it up. */
  readonly retryTime: number
  /** Batches that may be on their way at once. */
  readonly concurrency: number
}

/** Told why. `isFinal`: the collector has had its say; otherwise the batch is sent again. */
export type Tell = (reason: string, isFinal: boolean) => void

/** A batch is closed early when it is this large: collectors take messages of 4 MiB. */
const BATCH_BYTES = 3 * 1024 * 1024

/** How often the spool is looked at for what other processes left, in milliseconds. */
const LOOK_INTERVAL = 30_000
/** What a disk has at the end to take what is left, in milliseconds. */
const LAST_CHANCE = 1000
/** How many times its bounds a queue may hold while the spool takes what is too much. */
const WITH_SPOOL = 2

/** What former settings let in: the spool has to take it first, and it may wait beyond the bounds for that. */
interface Surplus {
  readonly entries: number
  readonly bytes: number
}

const noSurplus: Surplus = { entries: 0, bytes: 0 }

/** A batch in memory. */
interface Waiting extends Batch {
  /** Unix milliseconds of its first try; 0 before. */
  triedAt: number
  /** The number of what its last entry came together with; 0 where entries come alone. */
  readonly group: number
}

export class ExportQueue {
  #exporter: Exporter
  #settings: QueueSettings
  readonly #ledger: Ledger
  readonly #onTrouble: Tell
  readonly #spool: Store | undefined
  readonly #backoff: Backoff
  /** The batch that is being filled. */
  readonly #open = new ProtobufWriter()
  #openCount = 0
  /** The number of what came together last. */
  #newestGroup = 0
  /** Batches that wait, the oldest first. */
  readonly #closed: Waiting[] = []
  #closedBytes = 0
  #surplus = noSurplus
  readonly #onTheirWay = new Set<Waiting>()
  /** A batch is being moved to the spool; one is being sent from it. */
  #appending: Promise<void> | undefined
  #sending: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #retryTimer: NodeJS.Timeout | undefined
  #looker: NodeJS.Timeout | undefined
  /** Entries of the spool that have been observed. */
  #recovered = 0
  #isClosing = false
  #isClosed = false
  #onProgress: (() => void) | undefined

  /**
   * @param onTrouble told of every batch that could not be sent, or that its answer finds fault with
   * @param chance a number from 0 to 1, for delays that differ
   */
  constructor(
    exporter: Exporter,
    settings: QueueSettings,
    ledger: Ledger,
    onTrouble: Tell,
    spool?: Store,
    chance: () => number = Math.random,
  ) {
    this.#exporter = exporter
    this.#settings = settings
    this.#ledger = ledger
    this.#onTrouble = onTrouble
    this.#spool = spool
    this.#backoff = new Backoff(settings, chance)
    if (!spool) return
    const look = (): void => {
      this.settleSpool()
      this.#pump()
    }
    void spool.ready.then(look)
    this.#looker = setInterval(look, LOOK_INTERVAL).unref()
  }

  /** Takes an entry: `write` appends it. @param count data points, where an entry has several */
  add<T>(write: (to: ProtobufWriter, value: T) => void, value: T, count = 1): void {
    this.#ledger.observed += count
    if (this.#isClosing) {
      this.#ledger.dropped.shutdown += count
      return
    }
    this.#ledger.queued += count
    write(this.#open, value)
    this.#openCount += count
    if (this.#openCount >= this.#settings.batchSize || this.#open.size >= BATCH_BYTES) {
      this.#closeBatch()
      this.#pump()
    } else this.#awaitMore()
  }

  /**
   * What `addAll` adds comes together, as the metrics of one export do: older ones go for its sake, none of its own does, however
   * many they are. Otherwise the same ones would be lost each time, though nothing is wrong.
   */
  addTogether(addAll: () => void): void {
    this.#newestGroup++
    addAll()
  }

  /**
   * Other settings, and another exporter if one is given: it gets all that waits, at once. What is on its way ends with the
   * former one, which is closed behind it; what of that has to be sent again is sent by the new one.
   */
  renew(settings: QueueSettings, exporter: Exporter = this.#exporter): void {
    const former = this.#exporter
    this.#settings = settings
    this.#exporter = exporter
    this.#backoff.renew(settings)
    clearTimeout(this.#timer)
    clearTimeout(this.#retryTimer)
    this.#timer = undefined
    this.#retryTimer = undefined
    if (exporter !== former) void former.close()
    if (this.#closed.length > 0) {
      if (this.#spool && this.#isOver(1)) this.#surplus = { entries: this.#ledger.queued, bytes: this.#closedBytes }
      this.#keepBounds()
    }
    this.#pump()
  }

  #awaitMore(): void {
    this.#timer ??= setTimeout(() => this.#onDelay(), this.#settings.delay).unref()
  }

  /** What has been gathered is sent, unless it has to wait anyway: then it may as well grow. */
  #onDelay(): void {
    this.#timer = undefined
    if (this.#closed.length > 0 || this.#isFull) return
    this.#closeBatch()
    this.#pump()
  }

  /** Whether no more batches may be on their way. */
  get #isFull(): boolean {
    return this.#onTheirWay.size >= this.#settings.concurrency
  }

  /**
   * Sends what is left, each batch once, then closes the exporter. What is not sent when the time is up goes to the spool, or
   * is counted as dropped.
   * @param timeout milliseconds
   */
  async close(timeout: number): Promise<void> {
    this.#isClosing = true
    const timeUp = new Promise<'time up'>((resolve) => setTimeout(() => resolve('time up'), timeout).unref())
    if (this.#openCount > 0) this.#closeBatch()
    this.#pump()
    while (this.#isBusy) {
      const progress = new Promise<void>((resolve) => {
        this.#onProgress = resolve
      })
      if ((await Promise.race([progress, timeUp])) === 'time up') break
    }
    clearTimeout(this.#timer)
    clearTimeout(this.#retryTimer)
    clearInterval(this.#looker)
    this.#isClosed = true
    const left = [...this.#onTheirWay, ...this.#closed.splice(0)]
    this.#onTheirWay.clear()
    await this.#saveRest(left)
    await Promise.race([Promise.all([this.#exporter.close(), this.#spool?.close()]), timeUp])
    this.settleSpool()
  }

  /** What nobody has answered to may arrive twice, rather than never. */
  async #saveRest(left: readonly Waiting[]): Promise<void> {
    const timeUp = new Promise<false>((resolve) => setTimeout(() => resolve(false), LAST_CHANCE).unref())
    for (const batch of left) {
      if (this.#spool && (await Promise.race([this.#spool.append(batch), timeUp]))) this.#ledger.queued -= batch.count
      else this.#drop(batch, 'shutdown')
    }
  }

  get #isBusy(): boolean {
    if (this.#closed.length > 0 || this.#onTheirWay.size > 0) return true
    return this.#appending !== undefined || this.#sending !== undefined
  }

  #closeBatch(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const batch = { bytes: this.#open.take(), count: this.#openCount, triedAt: 0, group: this.#newestGroup }
    this.#openCount = 0
    this.#closed.push(batch)
    this.#closedBytes += batch.bytes.length
    this.#keepBounds()
  }

  /** The oldest go that are not on their way; the newest batch stays, and what came together last. */
  #keepBounds(): void {
    const isNewest = ({ group }: Waiting) => group > 0 && group === this.#newestGroup
    // A disk takes what is too much for memory. Where it is slow, there is a bound all the same.
    if (this.#spool && this.#isOver(1)) this.#toSpool(this.#spool)
    const times = this.#spool ? WITH_SPOOL : 1
    const isOver = () => this.#isOver(times, this.#surplus)
    for (let first = this.#closed[0]; first && !isNewest(first) && isOver(); first = this.#closed[0]) {
      if (this.#closed.length + this.#onTheirWay.size <= 1) return
      this.#takeFirst()
      this.#drop(first, 'queue_full')
    }
  }

  /** @param times how many times the bounds count @param more what may wait beyond them */
  #isOver(times: number, more = noSurplus): boolean {
    const { capacity, maxBytes } = this.#settings
    return this.#ledger.queued > capacity * times + more.entries || this.#closedBytes > maxBytes * times + more.bytes
  }

  #takeFirst(): Waiting | undefined {
    const batch = this.#closed.shift()
    this.#closedBytes -= batch?.bytes.length ?? 0
    return batch
  }

  /** Its memory goes round: in an outage fresh memory for each batch would bring about one full collection after another. */
  #drop({ bytes, count }: Batch, reason: DropReason): void {
    this.#ledger.queued -= count
    this.#ledger.dropped[reason] += count
    this.#open.reuse(bytes)
  }

  /** Sets going what can go. */
  #pump(): void {
    if (this.#isClosed) return
    const isSpooling = this.#appending || this.#sending || (this.#spool?.entries ?? 0) > 0
    if (isSpooling) this.#pumpSpool(this.#spool as Store)
    else
      while (this.#closed.length > 0 && !this.#isFull && this.#mayTry()) {
        void this.#send(this.#takeFirst() as Waiting)
      }
    if (this.#openCount > 0 && this.#closed.length === 0 && !this.#isFull) this.#awaitMore()
    this.#onProgress?.()
  }

  /** Whether it is time for a try; otherwise one is made when it is. While stopping there is no later. */
  #mayTry(): boolean {
    const { wait } = this.#backoff
    if (wait === 0 || this.#isClosing) return true
    this.#retryTimer ??= setTimeout(
      () => {
        this.#retryTimer = undefined
        this.#pump()
      },
      Math.min(wait, LONGEST_TIMER),
    ).unref()
    return false
  }

  async #send(batch: Waiting): Promise<void> {
    this.#onTheirWay.add(batch)
    batch.triedAt ||= Date.now()
    const result = await this.#exporter.send(batch).catch(mistake)
    // Closed meanwhile: the batch has been counted as dropped.
    if (!this.#onTheirWay.delete(batch)) return
    if (result.kind === 'retry') this.#keep(batch, result)
    else {
      this.#ledger.queued -= batch.count
      this.#settle(batch, result)
      this.#open.reuse(batch.bytes)
    }
    this.#pump()
  }

  /** What a batch comes to that the collector has an answer to. It is no longer counted as waiting. */
  #settle({ count }: Batch, result: Exclude<SendResult, { kind: 'retry' }>): void {
    this.#backoff.worked()
    const rejected = result.kind === 'ok' ? result.rejected : count
    this.#ledger.exported += count - rejected
    this.#ledger.dropped.refused += rejected
    if (result.reason !== '') this.#onTrouble(result.reason, true)
  }

  /** The collector is away: the batch waits in front of all others, or on disk. */
  #keep(batch: Waiting, { reason, after }: Extract<SendResult, { kind: 'retry' }>): void {
    this.#backoff.failed(after)
    this.#onTrouble(reason, false)
    const { retryTime } = this.#settings
    if (this.#spool) {
      this.#unshift(batch)
      this.#toSpool(this.#spool)
    } else if (this.#isClosing) this.#drop(batch, 'shutdown')
    else if (retryTime > 0 && Date.now() - batch.triedAt >= retryTime) this.#drop(batch, 'retry_time')
    else {
      this.#unshift(batch)
      this.#keepBounds()
    }
  }

  #unshift(batch: Waiting): void {
    this.#closed.unshift(batch)
    this.#closedBytes += batch.bytes.length
  }

  // The spool: one step at a time, first in, first out.

  #pumpSpool(spool: Store): void {
    if (this.#closed.length > 0) this.#toSpool(spool)
    // What is on disk is safe there: at the end none of it sets out. What has set out is waited for, or the next process would
    // send again what has been taken.
    if (this.#sending || this.#isClosing || spool.entries === 0 || !this.#mayTry()) return
    this.#sending = this.#sendSpooled(spool).finally(() => {
      this.#sending = undefined
      this.#afterSpool()
    })
  }

  #toSpool(spool: Store): void {
    this.#appending ??= this.#spoolFirst(spool).finally(() => {
      this.#appending = undefined
      this.#afterSpool()
    })
  }

  #afterSpool(): void {
    this.settleSpool()
    this.#pump()
  }

  async #spoolFirst(spool: Store): Promise<void> {
    const batch = this.#takeFirst()
    if (!batch) return
    if (await spool.append(batch)) {
      this.#ledger.queued -= batch.count
      if (this.#surplus !== noSurplus) this.#lessen(batch)
      this.#open.reuse(batch.bytes)
      return
    }
    if (this.#isClosing) return this.#drop(batch, 'shutdown')
    this.#unshift(batch)
    this.#surplus = noSurplus
    this.#keepBounds()
    // A disk that takes nothing now takes nothing at once either.
    await new Promise((resolve) => setTimeout(resolve, this.#settings.firstDelay).unref())
  }

  #lessen({ count, bytes }: Batch): void {
    const { entries, bytes: former } = this.#surplus
    if (this.#closed.length === 0) this.#surplus = noSurplus
    else this.#surplus = { entries: Math.max(0, entries - count), bytes: Math.max(0, former - bytes.length) }
  }

  async #sendSpooled(spool: Store): Promise<void> {
    const found = await spool.first()
    if (!found) return
    const result = await this.#exporter.send(found.batch).catch(mistake)
    if (this.#isClosed) return
    if (result.kind === 'retry') {
      this.#backoff.failed(result.after)
      return this.#onTrouble(result.reason, false)
    }
    await spool.remove(found.id, () => {
      this.#settle(found.batch, result)
      this.settleSpool()
    })
  }

  /** Brings the books up to what the spool holds now. What an earlier process left is observed by this one. */
  settleSpool(): void {
    if (!this.#spool) return
    const { entries, dropped, damagedEntries, recovered } = this.#spool
    this.#ledger.observed += recovered - this.#recovered
    this.#recovered = recovered
    this.#ledger.spooled = entries
    this.#ledger.dropped.spool_full = dropped
    this.#ledger.dropped.spool_damaged = damagedEntries
  }
}

/** An exporter never rejects. Should it do so all the same, its batch is lost and the queue goes on. */
function mistake(error: unknown): Exclude<SendResult, { kind: 'retry' }> {
  return { kind: 'permanent', reason: String(error) }
}
