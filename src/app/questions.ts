/** What the first process asks its workers. */
import type { Worker } from 'node:cluster'
import type { ConfigFile } from '../config/file'
import type { Ledgers } from './telemetry'
import type { Answers, Ask, Question } from './worker'

export class Questions {
  /** Those that are open, by their numbers. */
  readonly #pending = new Map<number, (answer: unknown) => void>()
  #asked = 0
  readonly #onBooks: (worker: Worker, books: Ledgers) => void

  /** @param onBooks told of all books that come as an answer, before whoever asked for them: later ones may be right behind */
  constructor(onBooks: (worker: Worker, books: Ledgers) => void) {
    this.#onBooks = onBooks
  }

  /**
   * @param timeout milliseconds
   * @param file goes with the question
   * @returns undefined when no answer comes in time, or none can come any more
   */
  ask<Q extends Question>(
    worker: Worker,
    question: Q,
    timeout: number,
    file?: ConfigFile,
  ): Promise<Answers[Q] | undefined> {
    const id = ++this.#asked
    return new Promise((resolve) => {
      const give = (answer: unknown): void => {
        clearTimeout(timer)
        worker.off('exit', gone)
        this.#pending.delete(id)
        if (question === 'ledgers' && answer) this.#onBooks(worker, answer as Ledgers)
        resolve(answer as Answers[Q] | undefined)
      }
      const gone = () => give(undefined)
      const timer = setTimeout(gone, timeout)
      this.#pending.set(id, give)
      worker.once('exit', gone)
      if (worker.isConnected()) worker.send({ id, question, file } satisfies Ask, () => {})
      else give(undefined)
    })
  }

  /** A worker has answered. What comes too late is for nobody. */
  answered(id: number, answer: unknown): void {
    this.#pending.get(id)?.(answer)
  }
}
