/**
 * Lines on their way to a file or to standard output. They are gathered for a moment and written together, away from the
 * event loop's thread; a reader or a disk that can't keep up costs lines, which are counted, and never time.
 */
import { ByteWriter } from '../model/byte-writer'
import { isStream, LINE_FEED, openSink, type Sink } from './sink'

/** How long a line may wait for others, in milliseconds: short for the eye, long enough to spare system calls. */
const DELAY = 20
/** Bytes that are handed on at once: with a last line they still fit memory of the next power of two. */
const ENOUGH = 240 * 1024
/** Bytes that may wait for a slow reader. */
const BOUND = 8 * 1024 * 1024
/** How long a device that is full is left alone, in milliseconds. */
const PATIENCE = 50

const lineEnd = Buffer.from('\n')

interface Block {
  readonly bytes: Buffer
  readonly lines: number
  readonly sink: Sink
  /** It begins with a line end, for the sake of half a line before it. */
  readonly isMending: boolean
}

export class LineWriter {
  readonly #output: string
  /** Where lines go from now on; a block that waits may be for a former one. */
  #sink: Sink
  readonly #onTrouble: (message: string) => void
  /** Lines that are being gathered. */
  readonly #open = new ByteWriter()
  #lines = 0
  #timer: NodeJS.Timeout | undefined
  /** What waits, the block that is being written first. */
  readonly #blocks: Block[] = []
  #waitingBytes = 0
  /** Bytes of the first block that are written. */
  #written = 0
  #isWriting = false
  #isClosed = false
  #onEmpty: (() => void) | undefined
  /** Lines that were given up. */
  dropped = 0

  /**
   * @param output `stdout`, `stderr` or a file to append to
   * @param onTrouble told when writing fails
   * @throws when the file can't be opened
   */
  constructor(output: string, onTrouble: (message: string) => void) {
    this.#output = output
    this.#sink = openSink(output)
    this.#onTrouble = onTrouble
  }

  /** Takes the line, or the `lines`, of `value`: `write` appends them, line ends included. */
  add<T>(write: (to: ByteWriter, value: T) => void, value: T, lines = 1): void {
    if (this.#isClosed) {
      this.dropped += lines
      return
    }
    write(this.#open, value)
    this.#lines += lines
    if (this.#open.size >= ENOUGH) this.#handOn()
    else this.#timer ??= setTimeout(() => this.#handOn(), DELAY)
  }

  /**
   * Opens the file anew, for its name may have gone to another: lines so far go to the former file, lines from now on to the
   * new one. Where it can't be opened all go on to the former one, and the trouble is told. A stream stays what it is.
   */
  reopen(): void {
    if (this.#isClosed || isStream(this.#output)) return
    this.#handOn()
    const former = this.#sink
    try {
      this.#sink = openSink(this.#output)
    } catch (error) {
      return this.#onTrouble(`it could not be opened anew: ${(error as Error).message}`)
    }
    if (this.#blocks.at(-1)?.sink !== former) former.close()
  }

  /** Writes what is left and closes. What a slow reader has not taken after `timeout` milliseconds is given up. */
  async close(timeout: number): Promise<void> {
    if (this.#isClosed) return
    this.#handOn()
    this.#isClosed = true
    if (this.#blocks.length > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty = resolve
        setTimeout(resolve, timeout).unref()
      })
    }
    while (this.#blocks.length > 0) this.#giveUp()
    this.#sink.close()
  }

  #handOn(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#lines === 0) return
    const block = { bytes: this.#open.take(), lines: this.#lines, sink: this.#sink, isMending: false }
    this.#lines = 0
    if (this.#waitingBytes + block.bytes.length > BOUND) {
      this.dropped += block.lines
      return this.#onTrouble('the reader is too slow')
    }
    this.#blocks.push(block)
    this.#waitingBytes += block.bytes.length
    if (!this.#isWriting) this.#write()
  }

  #write(): void {
    const first = this.#blocks[0]
    this.#isWriting = first !== undefined
    if (!first) return this.#onEmpty?.()
    const block = first.sink.isTorn && this.#written === 0 ? this.#mend(first) : first
    block.sink.write(block.bytes, this.#written, (error, count) => this.#onWritten(block, error, count))
  }

  /** Half of a line went out before: this block must not be taken for its other half. */
  #mend(block: Block): Block {
    if (block.isMending) return block
    const mending = { ...block, bytes: Buffer.concat([lineEnd, block.bytes]), isMending: true }
    this.#blocks[0] = mending
    this.#waitingBytes += lineEnd.length
    return mending
  }

  #onWritten(block: Block, error: NodeJS.ErrnoException | null, count: number): void {
    // Closed meanwhile: the block has been given up.
    if (this.#blocks[0] !== block) return
    if (error?.code === 'EAGAIN') {
      setTimeout(() => this.#write(), PATIENCE)
      return
    }
    if (error) {
      this.#giveUp()
      this.#onTrouble(error.message)
    } else {
      this.#written += count
      if (this.#written === block.bytes.length) {
        block.sink.isTorn = false
        this.#shift()
        this.#open.reuse(block.bytes)
      }
    }
    this.#write()
  }

  /** Gives up what is left of the first block: a line whose end was not written is lost. */
  #giveUp(): void {
    const block = this.#blocks[0]
    if (!block) return
    const written = block.bytes.subarray(0, this.#written)
    const whole = countLines(written) - (block.isMending && written.length > 0 ? 1 : 0)
    this.dropped += Math.max(0, block.lines - whole)
    if (written.length > 0) block.sink.isTorn = written.at(-1) !== LINE_FEED
    this.#shift()
  }

  #shift(): void {
    const block = this.#blocks.shift() as Block
    this.#waitingBytes -= block.bytes.length
    this.#written = 0
    const isLast = this.#blocks[0]?.sink !== block.sink
    if (isLast && block.sink !== this.#sink) block.sink.close()
  }
}

/** Writes text as it is: for `LineWriter.add`. */
export function writeText(to: ByteWriter, text: string): void {
  to.utf8(text, Buffer.byteLength(text))
}

/** Line ends among the bytes. */
export function countLines(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) count++
  return count
}
