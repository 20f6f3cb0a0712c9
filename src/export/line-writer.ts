/**
 * Lines on their way to a file or to standard output. They are gathered for a moment and written together, away from the
 * event loop's thread; a reader or a disk that can't keep up costs lines, which are counted, and never time.
 */
import { openSync } from 'node:fs'
import { SonicBoom } from 'sonic-boom'

/** How long a line may wait for others, in milliseconds: short for the eye, long enough to spare system calls. */
const DELAY = 20
/** Characters that are handed on at once. */
const ENOUGH = 32 * 1024
/** Bytes that may wait for a slow reader. */
const BOUND = 8 * 1024 * 1024

const LINE_FEED = 0x0a

const streams: { readonly [name: string]: number } = { stdout: 1, stderr: 2 }

/** What the library takes in that mode; its own types know of text only. */
type ByteSink = Omit<SonicBoom, 'write'> & { write(bytes: Buffer): boolean }

export class LineWriter {
  readonly #sink: ByteSink
  #text = ''
  #timer: NodeJS.Timeout | undefined
  /** Lines that were given up. */
  dropped = 0

  /**
   * @param output `stdout`, `stderr` or a file to append to
   * @param onTrouble told when writing fails
   * @throws when the file can't be opened
   */
  constructor(output: string, onTrouble: (message: string) => void) {
    // Opened here and now, so that a path that can't be written fails the start.
    const fd = streams[output] ?? openSync(output, 'a')
    // As bytes: text would be encoded once to be measured, once to be written and once more to see what is left.
    this.#sink = new SonicBoom({
      fd,
      sync: false,
      maxLength: BOUND,
      contentMode: 'buffer',
    } as object) as unknown as ByteSink
    this.#sink.on('error', (error: Error) => onTrouble(error.message))
    this.#sink.on('drop', (bytes: Buffer) => {
      for (const byte of bytes) if (byte === LINE_FEED) this.dropped++
    })
  }

  /** Takes a line without its line end. */
  add(line: string): void {
    this.#text += `${line}\n`
    if (this.#text.length >= ENOUGH) this.#handOn()
    else this.#timer ??= setTimeout(() => this.#handOn(), DELAY)
  }

  /** Writes what is left and closes. A reader that takes nothing gets no more than `timeout` milliseconds. */
  async close(timeout: number): Promise<void> {
    this.#handOn()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeout)
      this.#sink.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
      this.#sink.end()
    })
  }

  #handOn(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#text !== '') this.#sink.write(Buffer.from(this.#text))
    this.#text = ''
  }
}
