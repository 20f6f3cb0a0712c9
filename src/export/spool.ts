/**
 * Telemetry of one signal that can't be sent now waits on disk: one file a batch (spool-file.ts), the oldest first, in a
 * directory that several processes may share (spool-owner.ts, spool-directory.ts). What was appended survives the end of the
 * process, however it comes; what a process could not send any more is sent by one that lives.
 *
 * Once it is open nothing blocks the event loop and nothing is thrown: calls are carried out one after the other, in the order
 * in which they came, and what fails is told and shows in the answer.
 *
 * At every moment: entries appended + `recovered` = entries removed + `dropped` + `damagedEntries` + `entries`.
 */
import { join } from 'node:path'
import type { Batch, Signal } from './exporter'
import { batchPath, isGone, keyOf, removeIfThere, setAside, takeOver, temporaryPath } from './spool-directory'
import { readBatch, sizeOnDisk, writeBatch } from './spool-file'
import { SpoolOwner } from './spool-owner'
import type { Store, StoredBatch } from './store'

/** Time between two looks for what processes left that ended meanwhile, in milliseconds. */
const LOOK_INTERVAL = 30_000

export interface SpoolSettings {
  /** The signals have folders of their own in it. At most 72 bytes long: its path and a name become the address of a socket. */
  readonly directory: string
  /** Bytes of this process' files of the signal together. */
  readonly maxBytes: number
}

interface Waiting {
  readonly key: string
  /** Bytes on disk. */
  readonly size: number
  readonly count: number
}

/** What keeps this process from reading, not what is wrong with the file. */
const passing: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN'])

export class Spool implements Store {
  readonly #directory: string
  readonly #maxBytes: number
  readonly #onTrouble: (message: string) => void
  readonly #owner: SpoolOwner
  /** The oldest first. */
  #waiting: Waiting[] = []
  #sequence = 0
  /** The batch that `first` gave last: it may be on its way, so it is not dropped. */
  #inHand: string | undefined
  /** The call that came last. */
  #tail: Promise<unknown> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  /** Resolves when what earlier processes left has been taken over and counted. `append` and `first` wait for it by themselves. */
  readonly ready: Promise<void>
  /** Bytes on disk, and entries, of batches that wait. */
  bytes = 0
  entries = 0
  /** Entries that are lost because the oldest had to go, or because somebody removed their files. */
  dropped = 0
  /** Files that were set aside, and the entries in them as far as that is known. */
  damagedFiles = 0
  damagedEntries = 0
  /** Entries that other processes left, those in damaged files included. */
  recovered = 0

  private constructor(settings: SpoolSettings, signal: Signal, onTrouble: (message: string) => void) {
    this.#directory = join(settings.directory, signal)
    this.#maxBytes = settings.maxBytes
    this.#onTrouble = onTrouble
    this.#owner = new SpoolOwner(this.#directory)
    this.ready = this.#look()
  }

  /**
   * Opens the directory, and makes it when it is missing. Taking over what earlier processes left begins: see `ready`.
   * @param onTrouble told of everything that fails
   * @throws when the directory can't be used
   */
  static open(settings: SpoolSettings, signal: Signal, onTrouble: (message: string) => void): Spool {
    return new Spool(settings, signal, onTrouble)
  }

  /** Batches that wait. */
  get files(): number {
    return this.#waiting.length
  }

  /**
   * Puts a batch at the end; the oldest go when there would be too many bytes, but for the one that `first` gave last.
   * @returns true when it will survive a crash; false when it could not be kept
   */
  append(batch: Batch): Promise<boolean> {
    return this.#inTurn(() => this.#append(batch), false)
  }

  /** The oldest batch, until it is removed; undefined when there is none, or none that can be read now. */
  first(): Promise<StoredBatch | undefined> {
    return this.#inTurn(() => this.#first(), undefined)
  }

  /**
   * The batch was delivered, or refused for good. When its file can't be removed, it may be sent again after a restart.
   * @param onForgotten called in the moment in which it is no longer counted
   */
  remove(id: string, onForgotten: () => void = () => {}): Promise<void> {
    return this.#inTurn(async () => {
      const waiting = this.#waiting.find(({ key }) => key === id)
      if (!waiting) return
      // Whatever becomes of the file, the batch is not given again.
      this.#forget(waiting)
      onForgotten()
      await removeIfThere(this.#pathOf(id))
    }, undefined)
  }

  /** Takes over what processes left that ended meanwhile. Happens by itself at the start and every half a minute. */
  takeOver(): Promise<void> {
    return this.#inTurn(() => this.#takeOver(), undefined)
  }

  /** Ends after the calls that were made before it. What waits is left to the next process: neither `append` nor `first` does anything. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#isClosed = true
      clearTimeout(this.#timer)
      await this.#owner.release()
    }, undefined)
  }

  #inTurn<T>(work: () => Promise<T>, failed: T): Promise<T> {
    const turn = this.#tail.then(work).catch((error: Error) => {
      this.#onTrouble(error.message)
      return failed
    })
    this.#tail = turn
    return turn
  }

  async #look(): Promise<void> {
    await this.takeOver()
    if (!this.#isClosed) this.#timer = setTimeout(() => this.#look(), LOOK_INTERVAL).unref()
  }

  async #append(batch: Batch): Promise<boolean> {
    if (this.#isClosed) return false
    const size = sizeOnDisk(batch)
    await this.#owner.renew()
    if (!(await this.#makeRoom(size))) throw new Error(`a batch of ${size} bytes is too large`)
    const key = keyOf(++this.#sequence, this.#owner.id)
    const temporary = temporaryPath(this.#directory, key, this.#owner.id)
    await writeBatch(this.#pathOf(key), temporary, batch)
    this.#add({ key, size, count: batch.count })
    return true
  }

  async #first(): Promise<StoredBatch | undefined> {
    this.#inHand = undefined
    const before = this.dropped
    let given: StoredBatch | undefined
    for (let oldest = this.#waiting[0]; oldest && !given && !this.#isClosed; oldest = this.#waiting[0]) {
      try {
        const batch = await readBatch(this.#pathOf(oldest.key))
        if (batch) given = { id: oldest.key, batch }
        else await this.#setAside(oldest)
      } catch (error) {
        if (passing.has((error as NodeJS.ErrnoException).code)) throw error
        if (isGone(error)) this.dropped += this.#forget(oldest)
        else await this.#setAside(oldest)
      }
    }
    const gone = this.dropped - before
    if (gone > 0) this.#onTrouble(`files with ${gone} entries have been removed by somebody else`)
    this.#inHand = given?.id
    return given
  }

  async #takeOver(): Promise<void> {
    if (this.#isClosed) return
    await this.#owner.renew()
    const { found, highest, troubles } = await takeOver(this.#directory, this.#owner.id)
    for (const trouble of troubles) this.#onTrouble(trouble)
    this.#sequence = Math.max(this.#sequence, highest)
    for (const { key, glance } of found) {
      const waiting = { key, size: glance.size, count: glance.entries ?? 0 }
      this.recovered += waiting.count
      this.#add(waiting)
      if (!glance.isWhole) await this.#setAside(waiting)
    }
    this.#waiting.sort((one, other) => (one.key < other.key ? -1 : 1))
    await this.#makeRoom(0)
  }

  /** @returns false when there can't be that much; then nothing is dropped */
  async #makeRoom(size: number): Promise<boolean> {
    const inHand = this.#waiting.find(({ key }) => key === this.#inHand)?.size ?? 0
    if (inHand + size > this.#maxBytes) return false
    while (this.bytes + size > this.#maxBytes) {
      const oldest = this.#waiting.find(({ key }) => key !== this.#inHand) as Waiting
      await removeIfThere(this.#pathOf(oldest.key))
      this.dropped += this.#forget(oldest)
    }
    return true
  }

  /** Its name stays as it is when it can't be changed: the next process meets it again. */
  async #setAside(waiting: Waiting): Promise<void> {
    this.#forget(waiting)
    this.damagedFiles++
    this.damagedEntries += waiting.count
    this.#onTrouble(`the file ${waiting.key} is damaged: ${waiting.count || 'unknown'} entries are lost`)
    await setAside(this.#directory, waiting.key, this.#owner.id).catch((error: Error) => this.#onTrouble(error.message))
  }

  #add(waiting: Waiting): void {
    this.#waiting.push(waiting)
    this.bytes += waiting.size
    this.entries += waiting.count
  }

  /** @returns how many entries it has */
  #forget(waiting: Waiting): number {
    this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
    this.bytes -= waiting.size
    this.entries -= waiting.count
    return waiting.count
  }

  #pathOf(key: string): string {
    return batchPath(this.#directory, key, this.#owner.id)
  }
}
