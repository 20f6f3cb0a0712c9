/** Settings change while the program runs: the file is read again, judged as at the start, and put in force or refused. */
import { digestOf } from '../config/file'
import type { Resolved } from '../config/resolve'
import type { Logger } from '../log/logger'
import type { InForce, Loaded } from './in-force'
import type { Program, ProgramChange } from './life'

/** Why the file is read again: somebody says so, or it looks changed. */
export type Cause = 'signal' | 'watch'

/** What there is to read: the file, with the flags and the environment of the start. */
export type ReadSettings = () => Loaded & Pick<Resolved, 'problems' | 'warnings'>

export class Reload {
  readonly #inForce: InForce
  readonly #program: Program
  readonly #read: ReadSettings
  readonly #log: Logger
  /** What is told already. */
  #warned: readonly string[]
  /** The reload that is on, and whether another one is to follow it. */
  #current: Promise<void> | undefined
  #next: Cause | undefined
  #isStopped = false

  /** @param warned warnings of the start */
  constructor(inForce: InForce, program: Program, read: ReadSettings, log: Logger, warned: readonly string[] = []) {
    this.#inForce = inForce
    this.#program = program
    this.#read = read
    this.#log = log
    this.#warned = warned
  }

  /** Reads the file again. What is asked for while a reload is on is one more, behind it. Never rejects. */
  request(cause: Cause): Promise<void> {
    if (this.#current) this.#next = this.#next === 'signal' ? 'signal' : cause
    this.#current ??= this.#all(cause).finally(() => {
      this.#current = undefined
    })
    return this.#current
  }

  /** The settings stay as they are from now on. */
  stop(): void {
    this.#isStopped = true
  }

  async #all(first: Cause): Promise<void> {
    for (let cause: Cause | undefined = first; cause !== undefined; cause = this.#next) {
      this.#next = undefined
      if (!this.#isStopped) await this.#once(cause)
    }
  }

  async #once(cause: Cause): Promise<void> {
    const read = this.#read()
    const { file } = read
    if (cause === 'watch') {
      if (!file && this.#inForce.lastDigest === undefined) return
      if (file && digestOf(file) === this.#inForce.lastDigest) return
      // Editors empty a file before they write it, and what is empty passes every check.
      if (file?.text === '') return this.#refuse(read, ['the file is empty; if it is meant to be, send SIGHUP'])
    }
    if (read.problems.length > 0) return this.#refuse(read, read.problems)
    const merged = this.#inForce.merge(read)
    let change: ProgramChange
    try {
      change = await this.#program.prepare(merged, file)
    } catch (error) {
      return this.#refuse(read, [(error as Error).message])
    }
    if (this.#isStopped) return change.abandon()
    this.#inForce.accept(merged, file)
    await change.commit()
    for (const warning of read.warnings) if (!this.#warned.includes(warning)) this.#log.warn(warning)
    this.#warned = read.warnings
    const { changed, waiting } = merged
    this.#log.info('settings reloaded', { generation: this.#inForce.generation, changed })
    if (waiting.length > 0)
      this.#log.warn('settings that only a restart applies are left as they are', { settings: waiting })
  }

  #refuse({ file }: Loaded, problems: readonly string[]): void {
    this.#inForce.refuse(problems, file)
    this.#log.error('the settings are refused, and those in force stay', { problems })
  }
}
