/**
 * Several processes that share the proxy's address. This is the first one: it keeps the admin address, adds up what the
 * workers know, passes on what they log, and replaces those that end by themselves.
 */
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { AdminServer } from '../admin/server'
import type { ConfigFile } from '../config/file'
import type { Chosen } from '../config/resolve'
import { passLines } from '../log/line-relay'
import { LineWriter } from '../log/line-writer'
import type { Logger } from '../log/logger'
import type { ListenAddress } from '../proxy/listener'
import { mergeMetrics } from '../telemetry/merge-metrics'
import { type Metric, single } from '../telemetry/metrics'
import { ACCESS_LOG_TROUBLE, droppedLines } from './access-output'
import { Books, sumOf } from './books'
import type { InForce } from './in-force'
import { ledgerMetrics } from './ledger-metrics'
import { adminOf, FLUSH_TIMEOUT, type Program, type ProgramChange } from './life'
import { OwnTelemetry } from './own-telemetry'
import { processMetrics } from './process-metrics'
import { Questions } from './questions'
import { troubleOf } from './signals'
import { silence } from './silence'
import type { Ledgers } from './telemetry'
import type { Answers, Handover, Message, Question } from './worker'

/** Time before a worker that ended is replaced, in milliseconds. It doubles with each that does not even get ready. */
const REPLACE_DELAY = 1000
const LONGEST_REPLACE_DELAY = 30_000
/** Time for a worker to answer a question, and to give a sign of life, in milliseconds. */
const ANSWER_TIMEOUT = 1000
const LIFE_SIGN_TIMEOUT = 3000
/** Time for a worker to make other settings ready, or to put them in force, in milliseconds: it may be busy. */
const RELOAD_TIMEOUT = 10_000
/** What a worker may take to stop beyond what its settings say, in milliseconds. */
const STOP_MARGIN = 2000
/** What the last lines of our own log have to leave, in milliseconds: the workers have had their time before. */
const LOG_TIMEOUT = 1000
/** What a record begins with: its time stamp, to the millisecond. */
const STAMP_LENGTH = '{"timestamp":"1970-01-01T00:00:00.000Z'.length

export class Fleet implements Program {
  readonly #inForce: InForce
  /** The file at the start. */
  readonly #startFile: ConfigFile | undefined
  readonly #log: Logger
  readonly #environment: NodeJS.ProcessEnv
  readonly #admin: AdminServer | undefined
  readonly #questions = new Questions((worker, books) => this.#hear(worker, books))
  /** What workers write, line by line. */
  readonly #relays: Readonly<Record<'stdout' | 'stderr', LineWriter>>
  readonly #workers = new Set<Worker>()
  readonly #books = new Books<Worker>()
  readonly #own: OwnTelemetry
  /** Those that serve, each with the generation of the settings that it has. */
  readonly #serving = new Map<Worker, number>()
  #catchingUp: Promise<void> = Promise.resolve()
  #replaced = 0
  /** Workers in a row that ended before they were ready. */
  #failedStarts = 0
  #isReady = false
  #stopping: Promise<void> | undefined
  proxyAddress: ListenAddress | undefined
  adminAddress: ListenAddress | undefined

  /**
   * @param environment that workers get: what this process has deleted from its own included
   * @throws when a file that the settings name can't be opened
   */
  constructor(inForce: InForce, log: Logger, environment: NodeJS.ProcessEnv) {
    this.#inForce = inForce
    this.#startFile = inForce.file
    this.#log = log
    this.#relays = {
      stdout: new LineWriter('stdout', troubleOf(log, ACCESS_LOG_TROUBLE)),
      stderr: new LineWriter('stderr', () => {}),
    }
    cluster.setupPrimary({ silent: true })
    // A second signal ends this process at once, and the workers with it.
    process.once('exit', () => this.#killAll())
    this.#environment = environment
    this.#own = new OwnTelemetry(inForce.settings, log)
    this.#own.pushMetrics(() => this.#ownMetrics())
    this.#admin = adminOf(inForce, true, {
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
    const { admin, workers } = this.#inForce.settings
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

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    // What has not started hears no question.
    if (!this.#isReady) this.#killAll()
    this.#isReady = false
    const { drainTimeout } = this.#inForce.settings
    await Promise.all(
      [...this.#workers].map((worker) => this.#dismiss(worker, drainTimeout + FLUSH_TIMEOUT + STOP_MARGIN)),
    )
    await this.#own.close(LOG_TIMEOUT)
    await this.#admin?.close()
    await Promise.all([this.#relays.stdout.close(FLUSH_TIMEOUT), this.#relays.stderr.close(FLUSH_TIMEOUT)])
  }

  /** Every worker makes it ready before one puts it in force. */
  async prepare({ settings }: Chosen, file: ConfigFile | undefined): Promise<ProgramChange> {
    await this.#catchingUp
    const workers = [...this.#serving.keys()]
    const own = this.#own.prepare(settings)
    const reasons = await Promise.all(workers.map((worker) => this.#prepare(worker, file)))
    const abandon = () => {
      own.abandon()
      for (const worker of workers) void this.#questions.ask(worker, 'abandon', ANSWER_TIMEOUT)
    }
    const reason = reasons.find((each) => each !== '')
    if (reason !== undefined) {
      abandon()
      throw new Error(reason)
    }
    const commit = async () => {
      own.commit()
      this.#log.setLevel(settings.logLevel)
      const { generation } = this.#inForce
      for (const worker of workers) if (this.#serving.has(worker)) this.#serving.set(worker, generation)
      await Promise.all(workers.map((worker) => this.#questions.ask(worker, 'commit', RELOAD_TIMEOUT)))
      for (const worker of this.#serving.keys()) this.#letCatchUp(worker)
    }
    return { commit, abandon }
  }

  /** @returns why the worker can't have these settings; empty when it can, or is gone and has no say */
  async #prepare(worker: Worker, file: ConfigFile | undefined): Promise<string> {
    const problems = await this.#questions.ask(worker, 'prepare', RELOAD_TIMEOUT, file)
    if (problems) return problems.join('; ')
    return this.#serving.has(worker) ? `worker ${worker.process.pid} does not answer` : ''
  }

  /** A worker that started while settings were reloaded has the former ones. One step at a time, so that none mixes with another. */
  #letCatchUp(worker: Worker): void {
    this.#catchingUp = this.#catchingUp.then(() => this.#catchUp(worker))
  }

  async #catchUp(worker: Worker): Promise<void> {
    const { file, generation } = this.#inForce
    if ((this.#serving.get(worker) ?? generation) >= generation) return
    this.#serving.set(worker, generation)
    const reason = await this.#prepare(worker, file)
    if (reason === '') return void (await this.#questions.ask(worker, 'commit', RELOAD_TIMEOUT))
    this.#log.error('a worker can not have the settings in force', { 'process.pid': worker.process.pid, reason })
    worker.process.kill('SIGKILL')
  }

  reopen(): void {
    for (const worker of this.#serving.keys()) void this.#questions.ask(worker, 'reopen', ANSWER_TIMEOUT)
  }

  ledgers(): Ledgers {
    return sumOf([this.#books.sum, this.#own.ledgers])
  }

  /** Starts a worker. Rejects when it can't serve. */
  #hire(): Promise<ListenAddress> {
    const worker = cluster.fork(this.#environment)
    // Each question that is open listens for its end.
    worker.setMaxListeners(0)
    this.#workers.add(worker)
    const { file, generation } = this.#inForce
    worker.send({ start: this.#startFile, now: file, generation } satisfies Handover, () => {})
    const { stdout, stderr } = worker.process
    if (stdout) passLines(stdout, this.#relays.stdout)
    if (stderr) passLines(stderr, this.#relays.stderr)
    return new Promise((resolve, reject) => {
      worker.on('message', (message: Message) => {
        if ('ready' in message) {
          this.#serving.set(worker, generation)
          this.#failedStarts = 0
          this.#letCatchUp(worker)
          void this.#watch(worker)
          resolve(message.ready)
        } else if ('failed' in message) reject(new Error(message.failed))
        else if ('books' in message) this.#hear(worker, message.books)
        else this.#questions.answered(message.id, message.answer)
      })
      worker.on('error', () => {})
      worker.once('exit', (code, signal) => {
        this.#workers.delete(worker)
        this.#books.died(worker)
        if (!this.#serving.delete(worker)) this.#failedStarts++
        reject(new Error(`a worker ended at its start (${signal ?? code})`))
        if (this.#isReady) this.#replace(worker, signal ?? String(code))
      })
    })
  }

  #replace(worker: Worker, reason: string): void {
    this.#log.error('a worker ended and is replaced', { 'process.pid': worker.process.pid, reason })
    this.#replaced++
    const delay = Math.min(REPLACE_DELAY * 2 ** this.#failedStarts, LONGEST_REPLACE_DELAY)
    setTimeout(() => {
      // A failure comes back here by the end of its process.
      if (this.#isReady)
        this.#hire().catch((error: Error) => this.#log.error('a worker failed', { reason: error.message }))
    }, delay).unref()
  }

  /** A worker that is stuck has its share of the connections wait: it is ended, and replaced like any that ends. */
  async #watch(worker: Worker): Promise<void> {
    const isOver = () => this.#stopping !== undefined || !this.#serving.has(worker)
    await silence(() => this.#questions.ask(worker, 'ledgers', LIFE_SIGN_TIMEOUT), isOver)
    if (isOver()) return
    this.#log.error('a worker gives no sign of life and is ended', { 'process.pid': worker.process.pid })
    worker.process.kill('SIGKILL')
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
    const books = await this.#questions.ask(worker, 'stop', timeout)
    if (books) {
      this.#hear(worker, books)
      this.#books.stopped(worker)
    }
    worker.process.kill('SIGKILL')
    await gone
  }

  async #metrics(): Promise<Metric[]> {
    return mergeMetrics([...(await this.#askAll('metrics')), this.#ownMetrics()])
  }

  /** What this process alone knows. */
  #ownMetrics(): Metric[] {
    // What the workers had written, and nobody took.
    const { dropped } = this.#relays.stdout
    return [
      ...this.#inForce.metrics(),
      ...processMetrics(),
      ...ledgerMetrics(sumOf([this.#books.gone, this.#own.ledgers])),
      ...(dropped > 0 ? [droppedLines(dropped)] : []),
      single('counter', 'outspan.workers.replaced', '{worker}', 'Workers that ended.', this.#replaced),
    ]
  }

  /** All workers' newest, newest first. Within a millisecond the records of each keep their order. */
  async #exchanges(): Promise<string[]> {
    const records = (await this.#askAll('exchanges')).flat()
    return records.sort(newestFirst).slice(0, this.#inForce.settings.exchangesKept)
  }

  async #askAll<Q extends Question>(question: Q): Promise<Answers[Q][]> {
    const answers = await Promise.all(
      [...this.#workers].map((worker) => this.#questions.ask(worker, question, ANSWER_TIMEOUT)),
    )
    return answers.filter((answer) => answer !== undefined)
  }
}

function newestFirst(one: string, other: string): number {
  const [stamp, otherStamp] = [one.slice(0, STAMP_LENGTH), other.slice(0, STAMP_LENGTH)]
  return stamp === otherStamp ? 0 : stamp < otherStamp ? 1 : -1
}
