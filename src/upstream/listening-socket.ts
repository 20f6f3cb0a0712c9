/**
 * A socket that still hears its peer when the peer takes no more: a server that refuses a large body answers, and closes. A
 * write that fails then would have Node.js close the socket at once, and drop the answer that waits in the system.
 */
import { Socket } from 'node:net'

export class ListeningSocket extends Socket {
  #failure: Error | undefined
  #heard = 0

  override destroy(error?: Error): this {
    if (this.#failure !== undefined || !isOfWriting(error)) return super.destroy(error)
    this.#failure = error
    this.#hearMore()
    return this
  }

  /** Node.js tells of no end behind an error. */
  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk === null && this.#failure !== undefined) this.emit('end')
    return super.push(chunk, encoding)
  }

  /** A turn of the event loop reads what is there, or much of it. The first that reads nothing is the last. */
  #hearMore(): void {
    this.#heard = this.bytesRead
    // Where a turn has done its reading already, its immediates come before the next one reads.
    setImmediate(() => setImmediate(() => this.#judge()))
  }

  #judge(): void {
    if (this.destroyed) return
    if (this.isPaused()) this.once('resume', () => this.#hearMore())
    else if (this.bytesRead > this.#heard) this.#hearMore()
    else super.destroy(this.#failure)
  }
}

function isOfWriting(error: Error | undefined): error is Error {
  return error !== undefined && (error as NodeJS.ErrnoException).syscall === 'write'
}
