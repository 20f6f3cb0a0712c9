/** The program's own log as telemetry: each of its lines is a record. */
import type { Settings } from '../config/options'
import type { ExportQueue } from '../export/export-queue'
import { Ledger } from '../export/ledger'
import type { Logger } from '../log/logger'
import { type LogLine, writeLogLine } from '../telemetry/otlp-log'
import type { Change } from './change'
import { SignalQueue } from './signals'
import type { Ledgers } from './telemetry'

/** From now on the lines go to the queue as well. */
export function exportLog(log: Logger, queue: ExportQueue): void {
  log.tee((line) => queue.add(writeLogLine, line as LogLine))
}

/** The way out of a process that carries no exchanges and has nothing to tell but its log. */
export class OwnLog {
  readonly #ledgers: Ledgers = { traces: new Ledger(), logs: new Ledger(), metrics: new Ledger() }
  readonly #queue: SignalQueue | undefined

  /** @throws when a file or directory that the settings name can't be used */
  constructor(settings: Settings, log: Logger) {
    this.#queue = SignalQueue.of('logs', settings, this.#ledgers.logs, log)
    if (this.#queue) exportLog(log, this.#queue)
  }

  /** Makes ready what other settings say of the way out. @throws when a file can't be read */
  prepare(settings: Settings): Change {
    return this.#queue?.prepare(settings) ?? { commit: () => {}, abandon: () => {} }
  }

  get ledgers(): Ledgers {
    this.#queue?.settleSpool()
    return this.#ledgers
  }

  /** Sends what is left, for `timeout` milliseconds at most. */
  async close(timeout: number): Promise<void> {
    await this.#queue?.close(timeout)
  }
}
