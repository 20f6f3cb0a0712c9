/** One of several processes that share the proxy's address: it carries exchanges, and does what the first one asks. */
import cluster from 'node:cluster'
import type { ConfigFile } from '../config/file'
import type { Merged } from '../config/live'
import type { Logger } from '../log/logger'
import type { ListenAddress } from '../proxy/listener'
import type { Metric } from '../telemetry/metrics'
import type { Change } from './change'
import type { InForce } from './in-force'
import type { Life } from './life'
import type { ReadSettings } from './reload'
import type { Ledgers } from './telemetry'

/** What a worker begins with: the settings in force, however the file reads by then. */
export interface Handover {
  /** The file as it was at the start of the program, and as it was when its settings were last put in force. */
  readonly start: ConfigFile | undefined
  readonly now: ConfigFile | undefined
  readonly generation: number
}

/** What the first process asks for, and what it gets. */
export interface Answers {
  metrics: Metric[]
  /** Access-log records as JSON texts, newest first. */
  exchanges: string[]
  ledgers: Ledgers
  /** Makes ready what another version of the file says. The answer is what is wrong, possibly nothing. */
  prepare: readonly string[]
  /** Puts in force what was made ready, or lets go of it. */
  commit: null
  abandon: null
  /** Opens the files of logs again. */
  reopen: null
  /** Told when all is finished and flushed, with the last state of the books. */
  stop: Ledgers
}

export type Question = keyof Answers

/** To a worker. */
export interface Ask {
  readonly id: number
  readonly question: Question
  /** What to prepare; nothing where there is no file. */
  readonly file?: ConfigFile | undefined
}

/** From a worker: an answer, or how its start went. */
export type Message =
  | { readonly id: number; readonly answer: unknown }
  | { readonly books: Ledgers }
  | { readonly ready: ListenAddress }
  | { readonly failed: string }

/** How often the first process is told the books, so that it has them when this one dies; in milliseconds. */
const BOOKS_INTERVAL = 1000

/**
 * Starts what `begin` makes, and serves until the first process says stop, or is gone. Signals are the first one's business.
 * @param read judges a version of the file as at the start
 * @param leave ends the process, with a status
 */
export async function serve(
  begin: () => Life,
  inForce: InForce,
  read: (file: ConfigFile | undefined) => ReturnType<ReadSettings>,
  log: Logger,
  leave: (status: number) => void,
): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
  const tell = (message: Message): void => void process.send?.(message)
  let life: Life
  try {
    life = begin()
    await life.start()
  } catch (error) {
    process.send?.({ failed: (error as Error).message } satisfies Message, () => leave(1))
    return
  }
  const answers = answersOf(life, new WorkerReload(life, inForce, read))
  process.on('message', ({ id, question, file }: Ask) => {
    if (question === 'stop') life.stop().then(() => tell({ id, answer: life.ledgers() }))
    else tell({ id, answer: answers[question](file) })
  })
  const { worker } = cluster
  worker?.once('disconnect', () => {
    // Node.js would end this process at once, with all that waits in it.
    worker.exitedAfterDisconnect = true
    log.error('the first process is gone')
    life.stop().finally(() => leave(1))
  })
  tell({ ready: life.proxyAddress as ListenAddress })
  tellBooks(life, tell)
}

type AtOnce = Exclude<Question, 'stop'>

/** What is answered at once. */
function answersOf(
  life: Life,
  reload: WorkerReload,
): { readonly [Q in AtOnce]: (file: ConfigFile | undefined) => Answers[Q] } {
  const done = (act: () => void) => (): null => {
    act()
    return null
  }
  return {
    metrics: () => life.metrics(),
    exchanges: () => life.exchanges(),
    ledgers: () => life.ledgers(),
    prepare: (file) => reload.prepare(file),
    commit: done(() => reload.commit()),
    abandon: done(() => reload.abandon()),
    reopen: done(() => life.reopen()),
  }
}

/** Tells the books whenever they have changed. */
function tellBooks(life: Life, tell: (message: Message) => void): void {
  let told = ''
  setInterval(() => {
    const books = life.ledgers()
    const text = JSON.stringify(books)
    if (text === told) return
    told = text
    tell({ books })
  }, BOOKS_INTERVAL).unref()
}

/** A worker's part in a reload: the first process has judged the file, and says when. */
class WorkerReload {
  readonly #life: Life
  readonly #inForce: InForce
  readonly #read: (file: ConfigFile | undefined) => ReturnType<ReadSettings>
  #ready: { readonly change: Change; readonly merged: Merged; readonly file: ConfigFile | undefined } | undefined

  constructor(life: Life, inForce: InForce, read: (file: ConfigFile | undefined) => ReturnType<ReadSettings>) {
    this.#life = life
    this.#inForce = inForce
    this.#read = read
  }

  prepare(file: ConfigFile | undefined): readonly string[] {
    this.abandon()
    const read = this.#read(file)
    if (read.problems.length > 0) return read.problems
    const merged = this.#inForce.merge(read)
    try {
      this.#ready = { change: this.#life.prepare(merged), merged, file }
      return []
    } catch (error) {
      return [(error as Error).message]
    }
  }

  commit(): void {
    const ready = this.#ready
    this.#ready = undefined
    if (!ready) return
    this.#inForce.accept(ready.merged, ready.file)
    ready.change.commit()
  }

  abandon(): void {
    this.#ready?.change.abandon()
    this.#ready = undefined
  }
}
