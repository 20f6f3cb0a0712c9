/** Where lines go: a file, a pipe or a stream of the process. */
import { closeSync, constants, fstatSync, openSync, readSync, statSync, write } from 'node:fs'
import { Socket } from 'node:net'

export interface Sink {
  /** `done` tells how many bytes were taken. */
  write(bytes: Buffer, start: number, done: (error: NodeJS.ErrnoException | null, count: number) => void): void
  close(): void
  /** What was written last is a part of a line whose rest will never come. */
  isTorn: boolean
}

const streams: ReadonlyMap<string, number> = new Map([
  ['stdout', 1],
  ['stderr', 2],
])

/** A named pipe without a reader must fail the start, not hold it up. */
const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NONBLOCK
const MODE = 0o644
export const LINE_FEED = 0x0a

/** Whether an output is a stream of the process, which is not ours to open. */
export function isStream(output: string): boolean {
  return streams.has(output)
}

/**
 * @param output `stdout`, `stderr` or a file to append to
 * @throws when the file can't be opened
 */
export function openSink(output: string): Sink {
  const stream = streams.get(output)
  if (stream !== undefined) return sinkOf(stream)
  const sink = sinkOf(openSync(output, FLAGS, MODE))
  sink.isTorn = endsTorn(output)
  return sink
}

/** Whether a file ends without a line end: who wrote it before may have met a full disk, or its own end. */
function endsTorn(path: string): boolean {
  let reader: number | undefined
  try {
    const status = statSync(path)
    if (!status.isFile() || status.size === 0) return false
    reader = openSync(path, constants.O_RDONLY)
    const last = Buffer.alloc(1)
    return readSync(reader, last, 0, 1, status.size - 1) === 1 && last[0] !== LINE_FEED
  } catch {
    // It need not be readable.
    return false
  } finally {
    if (reader !== undefined) closeSync(reader)
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
      isTorn: false,
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
    isTorn: false,
  }
}
