/**
 * A connection to a destination. It carries one exchange at a time, for whoever is its taker then, and knows how it came
 * to be; what the bytes mean is the taker's business.
 */
import type { LookupFunction, OnReadOpts, Socket } from 'node:net'
import type { Clock } from '../model/clock'
import type { Destination } from '../model/destination'
import type { FaultCode } from '../model/fault'
import { Connection } from '../socket/connection'
import { ListeningSocket } from './listening-socket'
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

/** Whether somebody who listens there is ourselves. */
export type IsOurs = (address: string, port: number) => boolean

export interface UpstreamTimeouts {
  /** Milliseconds to make a connection, names resolved included. */
  readonly connect: number
  /** Milliseconds from the end of the request to the head of the response; 0 waits for ever. */
  readonly responseHead: number
}

/** TCP keep-alive probes find peers that vanished without a word. */
const KEEP_ALIVE_DELAY = 30_000

export class UpstreamConnection extends Connection {
  readonly destination: Destination
  taker: UpstreamTaker | undefined
  /** Exchanges that were carried before the present one. */
  uses = 0
  connected = false
  /** The mark at which it was made. */
  connectedMark = 0
  /** False for the connection of a tunnel, whose bytes are not ours to know. */
  carriesHttp = true
  dnsTime: number | undefined
  connectTime: number | undefined
  peerAddress: string | undefined
  peerPort = 0
  /** For the exchange that it carries. */
  timeouts: UpstreamTimeouts
  /** The mark at which it became idle. */
  idleSince = 0

  readonly #onGone: (connection: UpstreamConnection) => void
  readonly #connectTimer: NodeJS.Timeout
  /** The mark since which the head of a response is awaited; 0 while it is not. */
  #awaitsHeadSince = 0
  #isGone = false

  /** @param onGone called once, and before anybody else hears of it, when the connection can't be used any more */
  constructor(
    destination: Destination,
    lookup: LookupFunction,
    taker: UpstreamTaker,
    clock: Clock,
    timeouts: UpstreamTimeouts,
    isOurs: IsOurs,
    onGone: (connection: UpstreamConnection) => void,
  ) {
    super((reads) => dial(destination, lookup, reads))
    this.destination = destination
    this.taker = taker
    this.timeouts = timeouts
    this.#onGone = onGone
    this.#connectTimer = setTimeout(
      () => this.#fail('connect_timeout', `after ${timeouts.connect} ms`),
      timeouts.connect,
    )
    this.#timeConnection(clock, isOurs)
  }

  /** The exchange is over: the connection is idle, or carries the next one. */
  changeTaker(taker: UpstreamTaker | undefined): void {
    this.taker = taker
    this.expectLittle()
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
    const { responseHead } = this.timeouts
    if (this.#awaitsHeadSince === 0 || responseHead === 0 || now - this.#awaitsHeadSince < responseHead) return
    this.#fail('response_timeout', `after ${responseHead} ms`)
  }

  /** Drops the connection. The taker hears no more of it. */
  destroy(): void {
    this.#leave()
    this.socket.destroy()
  }

  /** Drops the connection with a reset, so that the other side can't take it for a clean end. */
  override reset(): void {
    this.#leave()
    if (this.connected) super.reset()
    else this.socket.destroy()
  }

  #timeConnection(clock: Clock, isOurs: IsOurs): void {
    const { socket } = this
    const started = clock.now()
    let resolved = started
    socket.once('lookup', () => {
      resolved = clock.now()
      this.dnsTime = resolved - started
    })
    socket.once('connect', () => {
      clearTimeout(this.#connectTimer)
      this.connectedMark = clock.now()
      this.connectTime = this.connectedMark - resolved
      this.connected = true
      this.peerAddress = socket.remoteAddress
      this.peerPort = socket.remotePort ?? 0
      if (isOurs(this.peerAddress ?? '', this.peerPort)) return this.#fail('loop', '')
      this.taker?.onUpstreamConnected()
    })
  }

  protected override onBytes(bytes: Buffer): void {
    // What comes before the request has left can't be its answer.
    if (this.isHolding) this.#fail('upstream_closed', 'it spoke before it was asked')
    else if (this.taker) this.taker.onUpstreamBytes(bytes)
    // Nobody asked for anything: whatever this is, it must not become the answer to the next request.
    else this.destroy()
  }

  protected override onDrained(): void {
    this.taker?.onUpstreamDrain()
  }

  protected override onEnd(): void {
    if (this.taker) this.taker.onUpstreamEnd()
    else this.destroy()
  }

  protected override onError(error: Error): void {
    this.#fail(faultOfSocket(error, this.connected), describe(error))
  }

  protected override onClose(): void {
    this.#fail('upstream_closed', '')
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

/** A name with addresses of both families has them tried in turn, a quarter of a second each (RFC 8305, Happy Eyeballs). */
function dial({ host, port }: Destination, lookup: LookupFunction, reads: OnReadOpts): Socket {
  const options = {
    host,
    port,
    lookup,
    autoSelectFamily: true,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_DELAY,
    onread: reads,
  }
  return new ListeningSocket(options).connect(options)
}

/** What the system said. Connecting to a name with several addresses fails with one error for each. */
function describe(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map((each: Error) => each.message).join('; ')
  return error.message
}
