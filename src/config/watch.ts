/**
 * Notices that a file has changed: written in place, replaced by another of its name, or reached through symbolic links of
 * which one was pointed elsewhere, as Kubernetes does with the files of a ConfigMap.
 */
import { type FSWatcher, watch } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** How long a file has to stay as it is before it counts as written, in milliseconds. */
const SETTLE = 100
/**
 * How often the file is looked at in any case, in milliseconds: directories can't be watched everywhere (network file
 * systems, no watches left), and a link further up its path may have changed.
 */
const LOOK_INTERVAL = 2000

/** It never keeps the process from ending. */
export class FileWatch {
  readonly #path: string
  readonly #onChange: () => void
  readonly #interval: number
  #watchers: FSWatcher[] = []
  #timer: NodeJS.Timeout | undefined
  /** What the file was like when it was looked at the last time, and when a change was told. */
  #seen: string | undefined
  #told: string | undefined
  #isLooking = false
  /** Something happened since the last look: the next one is soon. */
  #isSoon = false
  #isClosed = false

  /**
   * The file counts as changed at first: it may have been between its reading and now.
   * @param onChange told when the file is another one than before, or is gone, and has stayed so for a moment
   */
  constructor(path: string, onChange: () => void, interval = LOOK_INTERVAL) {
    this.#path = path
    this.#onChange = onChange
    this.#interval = interval
    this.#lookIn(SETTLE)
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#unwatch()
  }

  #lookIn(milliseconds: number): void {
    clearTimeout(this.#timer)
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.#look(), milliseconds).unref()
  }

  async #look(): Promise<void> {
    this.#isLooking = true
    this.#isSoon = false
    const found = await this.#signature()
    this.#isLooking = false
    if (this.#isClosed) return
    const isSettled = found === this.#seen
    this.#seen = found
    if (found === this.#told) return this.#lookIn(this.#isSoon ? SETTLE : this.#interval)
    if (!isSettled) return this.#lookIn(SETTLE)
    this.#told = found
    this.#lookIn(this.#isSoon ? SETTLE : this.#interval)
    // The file may be in another directory than before.
    await this.#watch()
    if (!this.#isClosed) this.#onChange()
  }

  /** What the file is known by; its content is read only when this is another. */
  async #signature(): Promise<string> {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = await stat(this.#path, { bigint: true })
      return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'gone'
    }
  }

  /** The directory that the file is named in, and the one in which it really is. */
  async #watch(): Promise<void> {
    const path = await realpath(this.#path).catch(() => this.#path)
    this.#unwatch()
    if (this.#isClosed) return
    for (const directory of new Set([dirname(this.#path), dirname(path)])) this.#watchDirectory(directory)
  }

  #watchDirectory(directory: string): void {
    try {
      const watcher = watch(directory, { persistent: false }, () => this.#onEvent())
      this.#watchers.push(watcher)
      // From then on it is looked at in intervals only.
      watcher.on('error', () => watcher.close())
    } catch {
      // The same.
    }
  }

  /** Many come together. The first one counts: others in that directory, such as a log's, must not put the look off for ever. */
  #onEvent(): void {
    if (this.#isSoon) return
    this.#isSoon = true
    if (!this.#isLooking) this.#lookIn(SETTLE)
  }

  #unwatch(): void {
    for (const watcher of this.#watchers) watcher.close()
    this.#watchers = []
  }
}
