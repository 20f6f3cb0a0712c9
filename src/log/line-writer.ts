/**
 * Lines on their way to a file or to standard output. They are gathered for a moment and written together, away from the
 * event loop's thread; a reader or a disk that can't keep up costs lines, which are counted, and never time.
 */
import { closeSync, constants, fstatSync, openSync, write } from 'node:fs'
import { Socket } from 'node:net'
import { ByteWriter } from '../model/byte-writer'

/** How long a line may wait for others, in milliseconds: short for the eye, long enough to spare system calls. */
const DELAY = 20
/** Bytes that are handed on at once: with a last line they still fit memory of the next power of two. */
const ENOUGH = 240 * 1024
/** Bytes that may wait for a slow reader. */
const BOUND = 8 * 1024 * 1024
/** How long a device that is full is left alone, in milliseconds. */
const PATIENCE = 50

const streams: { readonly [name: string]: number } = { stdout: 1, stderr: 2 }

/** A named pipe without a reader must fail the start, not hold it up. */
const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NONBLOCK
const MODE = 0o644

interface Block {
  readonly bytes: Buffer
  readonly lines: number
}

/** Where bytes go: `done` tells how many were taken. */
interface Sink {
  write(bytes: Buffer, start: number, done: (error: NodeJS.ErrnoException | null, count: number) => void): void
  close(): void
}

export class LineWriter {
  readonly #sink: Sink
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
    this.#sink = sinkOf(streams[output] ?? openSync(output, FLAGS, MODE))
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
    const block = { bytes: this.#open.take(), lines: this.#lines }
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
    const block = this.#blocks[0]
    this.#isWriting = block !== undefined
    if (!block) return this.#onEmpty?.()
    this.#sink.write(block.bytes, this.#written, (error, count) => this.#onWritten(block, error, count))
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
        this.#shift()
        this.#open.reuse(block.bytes)
      }
    }
    this.#write()
  }

  #giveUp(): void {
    this.dropped += this.#blocks[0]?.lines ?? 0
    // Half of a line may have gone out: the next one must not be taken for its other half.
    if (this.#written > 0 && this.#blocks[1]) this.#blocks.splice(1, 0, { bytes: Buffer.from('\n'), lines: 0 })
    this.#shift()
  }

  #shift(): void {
    this.#waitingBytes -= this.#blocks.shift()?.bytes.length ?? 0
    this.#written = 0
  }
}

/**
 * Files are written by the thread pool. A pipe or socket is not: a write that its reader leaves hanging would hold a thread
 * for good, and with it the end of the process.
 */
function sinkOf(fd: number): Sink {
  const status = fstatSync(fd)
  if (!status.isFIFO() && !status.isSocket()) {
    return {
      write: (bytes, start, done) => write(fd, bytes, start, done),
      close: () => {
        if (fd > 2) closeSync(fd)
      },
    }
  }
  const socket = new Socket({ fd, readable: false, writable: true })
  // Each write hears of it by itself.
  socket.on('error', () => {})
  return {
    write: (bytes, start, done) => {
      socket.write(bytes.subarray(start), (error) => done(error ?? null, bytes.length - start))
    },
    close: () => socket.destroy(),
  }
}
