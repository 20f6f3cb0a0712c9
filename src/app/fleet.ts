/**
 * Several processes that share the proxy's address. This is the first one: it keeps the admin address, adds up what the
 * workers know, passes on what they log, and replaces those that end by themselves.
 */
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import type { AdminServer } from '../admin/server'
import type { Resolved } from '../config/resolve'
import { LineWriter } from '../log/line-writer'
import type { Logger } from '../log/logger'
import type { ByteWriter } from '../model/byte-writer'
import type { ListenAddress } from '../proxy/listener'
import { mergeMetrics } from '../telemetry/merge-metrics'
import { type Metric, single } from '../telemetry/metrics'
import { Books, sumOf } from './books'
import { ledgerMetrics } from './ledger-metrics'
import { adminOf, FLUSH_TIMEOUT, type Program } from './life'
import { OwnLog } from './own-log'
import { processMetrics } from './process-metrics'
import type { Ledgers } from './telemetry'
import type { Answers, Ask, Message, Question } from './worker'

/** Time before a worker that ended is replaced, and for one to answer a question, in milliseconds. */
const REPLACE_DELAY = 1000
const ANSWER_TIMEOUT = 1000
/** What a worker may take to stop beyond what its settings say, in milliseconds. */
const STOP_MARGIN = 2000
/** What the last lines of our own log have to leave, in milliseconds: the workers have had their time before. */
const LOG_TIMEOUT = 1000
const LINE_FEED = 0x0a
/** What a record begins with: its time stamp, to the millisecond. */
const STAMP_LENGTH = '{"timestamp":"1970-01-01T00:00:00.000Z'.length

export class Fleet implements Program {
  readonly #resolved: Resolved
  readonly #log: Logger
  readonly #environment: NodeJS.ProcessEnv
  readonly #admin: AdminServer | undefined
  readonly #pending = new Map<number, (answer: unknown) => void>()
  /** What workers write, line by line. */
  readonly #relays = { stdout: relayTo('stdout'), stderr: relayTo('stderr') }
  readonly #workers = new Set<Worker>()
  readonly #books = new Books<Worker>()
  readonly #ownLog: OwnLog
  #asked = 0
  #replaced = 0
  #isReady = false
  #stopping: Promise<void> | undefined
  proxyAddress: ListenAddress | undefined
  adminAddress: ListenAddress | undefined

  /**
   * @param environment that workers get: what this process has deleted from its own included
   * @throws when a file that the settings name can't be opened
   */
  constructor(resolved: Resolved, log: Logger, environment: NodeJS.ProcessEnv) {
    this.#resolved = resolved
    this.#log = log
    cluster.setupPrimary({ silent: true })
    // A second signal ends this process at once, and the workers with it.
    process.once('exit', () => this.#killAll())
    this.#environment = environment
    this.#ownLog = new OwnLog(resolved.settings, log)
    this.#admin = adminOf(resolved, {
      isReady: () => this.#isReady && this.#workers.size > 0,
      metrics: () => this.#metrics(),
      exchanges: () => this.#exchanges(),
      ledger: async () => {
        await this.#askAll('ledgers')
        return this.ledgers()
      },
    })
  }

  async start(): Promise<void> {
    const { admin, workers } = this.#resolved.settings
    try {
      if (this.#admin && admin !== 'off') this.adminAddress = await this.#admin.listen(admin)
      const addresses = await Promise.all(Array.from({ length: workers }, () => this.#hire()))
      this.proxyAddress = addresses[0]
    } catch (error) {
      await this.stop()
      throw error
    }
    this.#isReady = true
  }

  reopen(): void {
    void this.#askAll('reopen')
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    // What has not started hears no question.
    if (!this.#isReady) this.#killAll()
    this.#isReady = false
    const { drainTimeout } = this.#resolved.settings
    await Promise.all(
      [...this.#workers].map((worker) => this.#dismiss(worker, drainTimeout + FLUSH_TIMEOUT + STOP_MARGIN)),
    )
    await this.#ownLog.close(LOG_TIMEOUT)
    await this.#admin?.close()
    await Promise.all([this.#relays.stdout.close(FLUSH_TIMEOUT), this.#relays.stderr.close(FLUSH_TIMEOUT)])
  }

  ledgers(): Ledgers {
    return sumOf([this.#books.sum, this.#ownLog.ledgers])
  }

  /** Starts a worker. Rejects when it can't serve. */
  #hire(): Promise<ListenAddress> {
    const worker = cluster.fork(this.#environment)
    this.#workers.add(worker)
    const { stdout, stderr } = worker.process
    if (stdout) passLines(stdout, this.#relays.stdout)
    if (stderr) passLines(stderr, this.#relays.stderr)
    return new Promise((resolve, reject) => {
      worker.on('message', (message: Message) => {
        if ('ready' in message) resolve(message.ready)
        else if ('failed' in message) reject(new Error(message.failed))
        else if ('books' in message) this.#hear(worker, message.books)
        else this.#settle(message.id, message.answer)
      })
      worker.on('error', () => {})
      worker.once('exit', (code, signal) => {
        this.#workers.delete(worker)
        this.#books.died(worker)
        reject(new Error(`a worker ended at its start (${signal ?? code})`))
        if (this.#isReady) this.#replace(worker, signal ?? String(code))
      })
    })
  }

  #replace(worker: Worker, reason: string): void {
    this.#log.error('a worker ended and is replaced', { 'process.pid': worker.process.pid, reason })
    this.#replaced++
    setTimeout(() => {
      // A failure comes back here by the end of its process.
      if (this.#isReady)
        this.#hire().catch((error: Error) => this.#log.error('a worker failed', { reason: error.message }))
    }, REPLACE_DELAY).unref()
  }

  /** What comes behind a worker's end has been settled. */
  #hear(worker: Worker, books: Ledgers): void {
    if (this.#workers.has(worker)) this.#books.hear(worker, books)
  }

  #killAll(): void {
    for (const worker of this.#workers) worker.process.kill('SIGKILL')
  }

  async #dismiss(worker: Worker, timeout: number): Promise<void> {
    const gone = once(worker, 'exit')
    const books = await this.#ask(worker, 'stop', timeout)
    if (books) {
      this.#hear(worker, books)
      this.#books.stopped(worker)
    }
    worker.process.kill('SIGKILL')
    await gone
  }

  async #metrics(): Promise<Metric[]> {
    const parts = await this.#askAll('metrics')
    const replaced = single('counter', 'outspan.workers.replaced', '{worker}', 'Workers that ended.', this.#replaced)
    const others = ledgerMetrics(sumOf([this.#books.gone, this.#ownLog.ledgers]))
    return [...mergeMetrics([...parts, processMetrics(), others]), replaced]
  }

  /** All workers' newest, newest first. Within a millisecond the records of each keep their order. */
  async #exchanges(): Promise<string[]> {
    const records = (await this.#askAll('exchanges')).flat()
    return records.sort(newestFirst).slice(0, this.#resolved.settings.exchangesKept)
  }

  async #askAll<Q extends Question>(question: Q): Promise<Answers[Q][]> {
    const answers = await Promise.all([...this.#workers].map((worker) => this.#ask(worker, question, ANSWER_TIMEOUT)))
    return answers.filter((answer) => answer !== undefined)
  }

  /** @returns undefined when no answer comes in time */
  #ask<Q extends Question>(worker: Worker, question: Q, timeout: number): Promise<Answers[Q] | undefined> {
    const id = ++this.#asked
    return new Promise((resolve) => {
      const give = (answer: unknown): void => {
        clearTimeout(timer)
        this.#pending.delete(id)
        if (question === 'ledgers' && answer) this.#hear(worker, answer as Ledgers)
        resolve(answer as Answers[Q] | undefined)
      }
      const timer = setTimeout(() => give(undefined), timeout)
      this.#pending.set(id, give)
      worker.once('exit', () => give(undefined))
      if (worker.isConnected()) worker.send({ id, question } satisfies Ask, () => {})
      else give(undefined)
    })
  }

  #settle(id: number, answer: unknown): void {
    this.#pending.get(id)?.(answer)
  }
}

function newestFirst(one: string, other: string): number {
  const [stamp, otherStamp] = [one.slice(0, STAMP_LENGTH), other.slice(0, STAMP_LENGTH)]
  return stamp === otherStamp ? 0 : stamp < otherStamp ? 1 : -1
}

function relayTo(output: 'stdout' | 'stderr'): LineWriter {
  return new LineWriter(output, () => {})
}

function writeRaw(to: ByteWriter, bytes: Buffer): void {
  to.raw(bytes)
}

function countLines(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) count++
  return count
}

/** Pieces of two workers' lines must not mingle: only whole lines are passed on. */
function passLines(from: Readable, to: LineWriter): void {
  let rest: Buffer = Buffer.alloc(0)
  from.on('data', (bytes: Buffer) => {
    const end = bytes.lastIndexOf(LINE_FEED) + 1
    if (end === 0) {
      rest = Buffer.concat([rest, bytes])
      return
    }
    const lines = Buffer.concat([rest, bytes.subarray(0, end)])
    rest = bytes.subarray(end)
    to.add(writeRaw, lines, countLines(lines))
  })
}
