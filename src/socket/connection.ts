/** A TCP connection as both sides of the proxy use it: bytes come in lent, go out as text or bytes, and either way can pause. */
import type { OnReadOpts, Socket } from 'node:net'
import { bufferBehind } from './lent'

export abstract class Connection {
  protected readonly socket: Socket
  #lastRead = 0
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

  /** Bytes written that the system has not taken yet. */
  get unsent(): number {
    return this.socket.writableLength
  }

  /** Bytes that the system has taken so far. */
  get sent(): number {
    return this.socket.bytesWritten - this.socket.writableLength
  }

  /** Writes latin1 text, or bytes that stay as they are until they are sent. False asks to wait until all is sent. */
  write(data: string | Uint8Array): boolean {
    return typeof data === 'string' ? this.socket.write(data, 'latin1') : this.socket.write(data)
  }

  /** Writes a head and the bytes behind it with one system call. */
  writeBoth(head: string, body: Uint8Array): boolean {
    this.socket.cork()
    this.socket.write(head, 'latin1')
    const isFree = this.socket.write(body)
    this.socket.uncork()
    return isFree
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
    this.socket.end(() => {
      if (!this.socket.destroyed) onFlushed()
    })
  }

  /** The next bytes are of another exchange: they may be few again. */
  protected expectLittle(): void {
    this.#lastRead = 0
  }
}
