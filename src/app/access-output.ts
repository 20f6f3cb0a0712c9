/** Where the access log goes, which other settings may change between two lines. */
import type { Settings } from '../config/options'
import { LineWriter } from '../log/line-writer'
import { isStream } from '../log/sink'
import type { ByteWriter } from '../model/byte-writer'
import { type Metric, single } from '../telemetry/metrics'
import type { Change } from './change'

/** What a former output has to take the last of its lines, in milliseconds. */
const LAST_LINES = 5000

/** Lines of the access log that were lost, as a metric. */
export function droppedLines(count: number): Metric {
  return single(
    'counter',
    'outspan.access_log.dropped',
    '{line}',
    'Access-log lines given up for a reader or a disk that is slow, full or gone.',
    count,
  )
}

/** What is told when lines could not be written. */
export const ACCESS_LOG_TROUBLE = 'the access log could not be written'

export class AccessOutput {
  readonly #onTrouble: (message: string) => void
  #output: string
  #writer: LineWriter | undefined
  /** Standard output and error are never closed: the lines may come back to them. */
  readonly #standard = new Map<string, LineWriter>()
  readonly #closing = new Set<Promise<void>>()
  /** Lines that former files gave up. */
  #lost = 0

  /** @throws when the file can't be opened */
  constructor(output: string, onTrouble: (message: string) => void) {
    this.#onTrouble = onTrouble
    this.#output = output
    this.#writer = this.#writerTo(output)
  }

  /** As a writer of lines does; nothing while the log is off. */
  add<T>(write: (to: ByteWriter, value: T) => void, value: T): void {
    this.#writer?.add(write, value)
  }

  /** @throws when the file can't be opened; nothing has changed then */
  prepare({ accessLog: output }: Settings): Change {
    if (output === this.#output) return { commit: () => {}, abandon: () => {} }
    const writer = this.#writerTo(output)
    return {
      commit: () => {
        const former = this.#writer
        this.#output = output
        this.#writer = writer
        this.#retire(former)
      },
      abandon: () => this.#retire(writer),
    }
  }

  /** Opens the file anew: its name may have gone to another. */
  reopen(): void {
    this.#writer?.reopen()
  }

  /** @param filtered exchanges that had no line, by the settings */
  metrics(filtered: number): Metric[] {
    let dropped = this.#lost
    for (const writer of this.#open) dropped += writer.dropped
    if (!this.#writer && dropped + filtered === 0) return []
    return [
      droppedLines(dropped),
      single(
        'counter',
        'outspan.access_log.filtered',
        '{line}',
        'Exchanges that the filters of the access log left out.',
        filtered,
      ),
    ]
  }

  /** Writes what is left, for `timeout` milliseconds at most. */
  async close(timeout: number): Promise<void> {
    await Promise.all([...this.#closing, ...[...this.#open].map((writer) => writer.close(timeout))])
  }

  get #open(): Set<LineWriter> {
    return new Set([...this.#standard.values(), ...(this.#writer ? [this.#writer] : [])])
  }

  #writerTo(output: string): LineWriter | undefined {
    if (output === 'off') return undefined
    const known = this.#standard.get(output)
    if (known) return known
    const writer = new LineWriter(output, this.#onTrouble)
    if (isStream(output)) this.#standard.set(output, writer)
    return writer
  }

  #retire(writer: LineWriter | undefined): void {
    if (!writer || [...this.#standard.values()].includes(writer)) return
    const { dropped } = writer
    this.#lost += dropped
    const closed = writer.close(LAST_LINES).then(() => {
      this.#lost += writer.dropped - dropped
      this.#closing.delete(closed)
    })
    this.#closing.add(closed)
  }
}
