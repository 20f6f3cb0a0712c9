/**
 * A connection to a destination. It carries one exchange at a time, for whoever is its taker then, and knows how it came
 * to be; what the bytes mean is the taker's business.
 */
import { connect, type Socket } from 'node:net'
import type { Clock } from '../model/clock'
import type { Destination } from '../model/destination'
import type { FaultCode } from '../model/fault'
import { faultOfSocket } from './socket-fault'

/** Whoever the connection works for at the moment. */
export interface UpstreamTaker {
  /** The connection is made. Not called for one that was made before. */
  onUpstreamConnected(): void
  /** Bytes arrived. They are lent until this returns; `own` turns them into bytes to keep. */
  onUpstreamBytes(bytes: Buffer): void
  /** The upstream will send no more. */
  onUpstreamEnd(): void
  /** The connection failed or was reset. It is gone. */
  onUpstreamFault(fault: FaultCode, detail: string): void
  /** What was written has been taken by the system. */
  onUpstreamDrain(): void
}

export interface UpstreamTimeouts {
  /** Milliseconds to make a connection, names resolved included. */
  readonly connect: number
  /** Milliseconds from the end of the request to the head of the response; 0 waits for ever. */
  readonly responseHead: number
}

/**
 * All connections read into one buffer: a read is dealt with before the next one begins. That spares an allocation of this
 * size for every read, which is most of what reading costs. Behind a large read more of its kind are expected, and each of
 * those gets a buffer of its own, so that its bytes can be passed on without a copy.
 */
const READ_SIZE = 64 * 1024
const LARGE_READ = 16 * 1024
const lent = Buffer.allocUnsafeSlow(READ_SIZE)

/** TCP keep-alive probes find peers that vanished without a word. */
const KEEP_ALIVE_DELAY = 30_000

export class UpstreamConnection {
  readonly destination: Destination
  taker: UpstreamTaker | undefined
  /** Exchanges that were carried before the present one. */
  uses = 0
  connected = false
  dnsTime: number | undefined
  connectTime: number | undefined
  peerAddress: string | undefined
  peerPort = 0
  /** The mark at which it became idle. */
  idleSince = 0

  readonly #socket: Socket
  readonly #clock: Clock
  readonly #timeouts: UpstreamTimeouts
  readonly #onGone: (connection: UpstreamConnection) => void
  readonly #connectTimer: NodeJS.Timeout
  /** The mark since which the head of a response is awaited; 0 while it is not. */
  #awaitsHeadSince = 0
  #isGone = false
  #isLent = true
  #lastRead = 0
  #isPaused = false

  /** @param onGone called once, and before anybody else hears of it, when the connection can't be used any more */
  constructor(
    destination: Destination,
    taker: UpstreamTaker,
    clock: Clock,
    timeouts: UpstreamTimeouts,
    onGone: (connection: UpstreamConnection) => void,
  ) {
    this.destination = destination
    this.taker = taker
    this.#clock = clock
    this.#timeouts = timeouts
    this.#onGone = onGone
    this.#connectTimer = setTimeout(
      () => this.#fail('connect_timeout', `after ${timeouts.connect} ms`),
      timeouts.connect,
    )
    this.#socket = this.#dial()
  }

  /** Writes latin1 text or bytes. False asks to wait for `onUpstreamDrain`. */
  write(data: string | Uint8Array): boolean {
    return typeof data === 'string' ? this.#socket.write(data, 'latin1') : this.#socket.write(data)
  }

  /** Writes a head and the bytes behind it with one system call. */
  writeBoth(head: string, body: Uint8Array): boolean {
    this.#socket.cork()
    this.#socket.write(head, 'latin1')
    const free = this.#socket.write(body)
    this.#socket.uncork()
    return free
  }

  /** The bytes of the present read, or some of them, to keep. */
  own(bytes: Buffer): Buffer {
    return this.#isLent || bytes.length < LARGE_READ ? Buffer.from(bytes) : bytes
  }

  /** The exchange is over: the connection is idle, or carries the next one. */
  changeTaker(taker: UpstreamTaker | undefined): void {
    this.taker = taker
    this.#lastRead = 0
    this.#awaitsHeadSince = 0
    this.resume()
  }

  /** The request is complete since `mark`, and the connection made: the response has to begin in time. */
  expectResponse(mark: number): void {
    this.#awaitsHeadSince = mark
  }

  /** The response has begun. */
  responseBegan(): void {
    this.#awaitsHeadSince = 0
  }

  /** Gives the response up if it is overdue. Whoever holds the connections asks now and then: a timer each would cost more. */
  checkTime(now: number): void {
    const { responseHead } = this.#timeouts
    if (this.#awaitsHeadSince === 0 || responseHead === 0 || now - this.#awaitsHeadSince < responseHead) return
    this.#fail('response_timeout', `after ${responseHead} ms`)
  }

  pause(): void {
    this.#isPaused = true
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#socket.resume()
  }

  /** Sends what was written, then says that no more will come. `onFlushed` is called when the system has taken it all. */
  end(onFlushed: () => void): void {
    this.#socket.end(() => {
      if (!this.#isGone) onFlushed()
    })
  }

  /** Drops the connection. The taker hears no more of it. */
  destroy(): void {
    this.#leave()
    this.#socket.destroy()
  }

  /** Drops the connection with a reset, so that the other side can't take it for a clean end. */
  reset(): void {
    this.#leave()
    if (this.connected) this.#socket.resetAndDestroy()
    else this.#socket.destroy()
  }

  #dial(): Socket {
    const started = this.#clock.now()
    let resolved = started
    const socket = connect({
      host: this.destination.host,
      port: this.destination.port,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY,
      onread: {
        buffer: () => (this.#lastRead < LARGE_READ ? lent : Buffer.allocUnsafeSlow(READ_SIZE)),
        callback: (size, buffer) => this.#onRead(size, buffer as Buffer),
      },
    })
    socket.once('lookup', () => {
      resolved = this.#clock.now()
      this.dnsTime = resolved - started
    })
    socket.once('connect', () => {
      clearTimeout(this.#connectTimer)
      this.connectTime = this.#clock.now() - resolved
      this.connected = true
      this.peerAddress = socket.remoteAddress
      this.peerPort = socket.remotePort ?? 0
      this.taker?.onUpstreamConnected()
    })
    socket.on('drain', () => this.taker?.onUpstreamDrain())
    socket.on('end', () => {
      if (this.taker) this.taker.onUpstreamEnd()
      else this.destroy()
    })
    socket.on('error', (error) => this.#fail(faultOfSocket(error, this.connected), describe(error)))
    socket.on('close', () => this.#fail('upstream_closed', ''))
    return socket
  }

  #onRead(size: number, buffer: Buffer): true {
    this.#isLent = buffer === lent
    this.#lastRead = size
    if (this.taker) this.taker.onUpstreamBytes(buffer.subarray(0, size))
    // Nobody asked for anything: whatever this is, it must not become the answer to the next request.
    else this.destroy()
    return true
  }

  /** Every way out but the taker's own leads through here. The second time there is nobody left to tell. */
  #fail(fault: FaultCode, detail: string): void {
    const { taker } = this
    this.destroy()
    taker?.onUpstreamFault(fault, detail)
  }

  /** At once, not when the socket says 'close': until then the next exchange could be given a dead connection. */
  #leave(): void {
    this.taker = undefined
    if (this.#isGone) return
    this.#isGone = true
    clearTimeout(this.#connectTimer)
    this.#onGone(this)
  }
}

/** What the system said. Connecting to a name with several addresses fails with one error for each. */
function describe(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map((each: Error) => each.message).join('; ')
  return error.message
}
