/** One of several processes that share the proxy's address: it carries exchanges, and answers what the first one asks. */
import type { Logger } from '../log/logger'
import type { ListenAddress } from '../proxy/listener'
import type { Metric } from '../telemetry/metrics'
import type { Life } from './life'
import type { Ledgers } from './telemetry'

/** What the first process asks for, and what it gets. */
export interface Answers {
  metrics: Metric[]
  /** Access-log records as JSON texts, newest first. */
  exchanges: string[]
  ledgers: Ledgers
  /** Told when log files have been opened anew. */
  reopen: true
  /** Told when all is finished and flushed, with the last state of the books. */
  stop: Ledgers
}

export type Question = keyof Answers

/** To a worker. */
export interface Ask {
  readonly id: number
  readonly question: Question
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
 * @param leave ends the process, with a status
 */
export async function serve(begin: () => Life, log: Logger, leave: (status: number) => void): Promise<void> {
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => {})
  process.on('SIGHUP', () => {})
  const tell = (message: Message): void => void process.send?.(message)
  let life: Life
  try {
    life = begin()
    await life.start()
  } catch (error) {
    process.send?.({ failed: (error as Error).message } satisfies Message, () => leave(1))
    return
  }
  process.on('message', ({ id, question }: Ask) => {
    if (question === 'metrics') tell({ id, answer: life.metrics() })
    else if (question === 'exchanges') tell({ id, answer: life.exchanges() })
    else if (question === 'ledgers') tell({ id, answer: life.ledgers() })
    else if (question === 'reopen') {
      life.reopen()
      tell({ id, answer: true })
    } else life.stop().then(() => tell({ id, answer: life.ledgers() }))
  })
  process.once('disconnect', () => {
    log.error('the first process is gone')
    life.stop().finally(() => leave(1))
  })
  tell({ ready: life.proxyAddress as ListenAddress })
  tellBooks(life, tell)
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
