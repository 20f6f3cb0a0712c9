/** A TCP connection as both sides of the proxy use it: bytes come in lent, go out as text or bytes, and either way can pause. */
import type { OnReadOpts, Socket } from 'node:net'
import { bufferBehind } from './lent'
import { flushWithTurn, type Sender } from './turn'

/** Characters of text that may wait for the end of the turn. */
const ENOUGH = 16 * 1024

export abstract class Connection implements Sender {
  protected readonly socket: Socket
  #lastRead = 0
  /** Text for the end of the turn. */
  #held = ''
  #isPaused = false

  /** @param open makes the socket, which has to read as it is told */
  constructor(open: (reads: OnReadOpts) => Socket) {
    this.socket = open({
      buffer: () => bufferBehind(this.#lastRead),
      callback: (size, buffer) => {
        this.#lastRead = size
        this.onBytes((buffer as Buffer).subarray(0, size))
        return true
      },
    })
    this.socket.on('drain', () => this.onDrained())
    this.socket.on('end', () => this.onEnd())
    this.socket.on('error', (error) => this.onError(error))
    this.socket.on('close', () => this.onClose())
  }

  /** Bytes arrived. They are lent until this returns; `own` turns them into bytes to keep. */
  protected abstract onBytes(bytes: Buffer): void
  /** What was written has been taken by the system. */
  protected abstract onDrained(): void
  /** The other side will send no more. */
  protected abstract onEnd(): void
  /** The connection failed. `onClose` follows. */
  protected abstract onError(error: Error): void
  protected abstract onClose(): void

  /** Whether text waits for the end of the turn: nothing of what was written since the last turn has left. */
  get isHolding(): boolean {
    return this.#held !== ''
  }

  /** Bytes written that the system has not taken yet. */
  get unsent(): number {
    return this.#held.length + this.socket.writableLength
  }

  /** Bytes that the system has taken so far. */
  get sent(): number {
    return this.socket.bytesWritten - this.socket.writableLength
  }

  /** Whether the other side may take more: no write has failed. */
  get isWritable(): boolean {
    return this.socket.writable
  }

  /** Whether so much is unsent that more had better wait for `onDrained`. */
  protected get isClogged(): boolean {
    return this.socket.writableNeedDrain
  }

  /** Writes latin1 text, which goes out when the turn ends. False asks to wait for `onDrained`. */
  write(text: string): boolean {
    const isFirst = this.#held === ''
    this.#held += text
    if (this.#held.length >= ENOUGH) this.flush()
    else if (isFirst) flushWithTurn(this)
    return !this.isClogged
  }

  /** Writes bytes, which stay as they are until they are sent. Returns as `write`. */
  writeBytes(bytes: Uint8Array): boolean {
    if (this.#held === '') return this.socket.write(bytes)
    // Text and bytes go with one system call.
    this.socket.cork()
    this.flush()
    const isFree = this.socket.write(bytes)
    this.socket.uncork()
    return isFree
  }

  flush(): void {
    const text = this.#held
    this.#held = ''
    if (text !== '' && !this.socket.destroyed) this.socket.write(text, 'latin1')
  }

  /** Whether reading waits for the other side to take what was read. */
  get isPaused(): boolean {
    return this.#isPaused
  }

  pause(): void {
    this.#isPaused = true
    this.socket.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.socket.resume()
  }

  /** Sends what was written, then says that no more will come. `onFlushed` is called when the system has taken it all. */
  end(onFlushed: () => void): void {
    this.flush()
    this.socket.end(() => {
      if (!this.socket.destroyed) onFlushed()
    })
  }

  /** Breaks the connection with a reset, so that a cut-off message can't be taken for a whole one. */
  reset(): void {
    this.flush()
    const { socket } = this
    // The system has been told of the end, and has not said yet that it took it. Node.js would lose such a socket, open, for good:
    // libuv refuses to reset what is being shut down.
    const isShuttingDown = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0
    if (isShuttingDown) socket.destroy()
    else socket.resetAndDestroy()
  }

  /** The next bytes are of another exchange: they may be few again. */
  protected expectLittle(): void {
    this.#lastRead = 0
  }
}
