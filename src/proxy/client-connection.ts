/**
 * A connection that a client opened. It reads one request head at a time and hands it to the road; the route that comes
 * back takes the bytes until its exchange is over. Requests that arrive before that (pipelining) wait in order.
 */
import type { Socket } from 'node:net'
import { excessOf, readRequestHead, skipEmptyLines } from '../http1/read-head'
import type { FaultCode } from '../model/fault'
import type { RequestHead } from '../model/head'
import { adopt } from '../socket/adopt'
import { Connection } from '../socket/connection'
import { own } from '../socket/lent'
import type { Entrance, Route } from './route'

export interface ClientLimits {
  /** Bytes that a request head may have. */
  readonly headBytes: number
  /** Milliseconds from the first byte of a head to its last. */
  readonly requestHead: number
  /** Milliseconds that a connection is kept on which no request is; 0 for ever. */
  readonly clientIdle: number
  /** Lines that a request head may have. */
  readonly headLines: number
}

const LINE_FEED = 0x0a

/** So many bytes are read while they have to wait for their turn: who reads nothing does not notice that the client leaves. */
const READ_AHEAD = 64 * 1024

/**
 * How long a connection that we ended stays open behind the last byte, for the client to end it too: closed at once, what
 * the client still sends would come back to it as a reset, and take the answer away (RFC 9112 §9.6).
 */
const LINGER = 2000
/** Empty lines before a request are skipped (RFC 9112 §2.2): some clients send one behind a body. Nobody sends many. */
const MAX_EMPTY_BYTES = 2 * 16
/** How long a client may take nothing of what is left for it, before its connection is reset. */
const STALL = 30_000

export class ClientConnection extends Connection {
  readonly address: string
  readonly port: number
  readonly openedAt = performance.now()
  readonly #entrance: Entrance
  /** Those in force now. */
  limits: ClientLimits
  readonly #onClosed: (client: ClientConnection) => void
  #route: Route | undefined
  /** Bytes that were read too early: an incomplete head, or what follows the request that is on. */
  #waiting: Buffer | undefined
  /** Of empty lines before the next head. */
  #emptyBytes = 0
  #headTimer: NodeJS.Timeout | undefined
  #endTimer: NodeJS.Timeout | undefined
  #isDraining = false
  #isEnding = false
  #clientEnded = false
  /** Bytes that had moved when it was last looked, and the mark since which there are no more. */
  #moved = 0
  #stillSince = 0
  #isReading = false
  /** Answers wait to be read before the next request is. */
  #isHeldBack = false

  /** @param accepted paused from its making on */
  constructor(
    accepted: Socket,
    entrance: Entrance,
    limits: ClientLimits,
    onClosed: (client: ClientConnection) => void,
  ) {
    super((reads) => adopt(accepted, reads))
    this.#entrance = entrance
    this.limits = limits
    this.#onClosed = onClosed
    this.address = this.socket.remoteAddress ?? ''
    this.port = this.socket.remotePort ?? 0
  }

  /** Whether the connection is to end after the present exchange. */
  get isDraining(): boolean {
    return this.#isDraining
  }

  /** Reads on, unless enough waits for its turn already. */
  override resume(): void {
    if (!this.#route || !this.#isFull) super.resume()
  }

  get #isFull(): boolean {
    return this.#waiting !== undefined && this.#waiting.length >= READ_AHEAD
  }

  override reset(): void {
    this.#route = undefined
    super.reset()
  }

  /** The exchange is over. The next request is read, or the connection ends. */
  exchangeDone(keepAlive: boolean): void {
    this.#route = undefined
    if (!keepAlive || this.#isDraining || (this.#clientEnded && !this.#waiting)) return this.#finish()
    // A client that sends requests and does not read their answers must not pile them up here.
    if (this.isClogged) {
      this.#isHeldBack = true
      return this.pause()
    }
    this.#nextRequest()
  }

  protected override onDrained(): void {
    if (!this.#isHeldBack) return this.#route?.onClientDrain()
    this.#isHeldBack = false
    if (!this.#isEnding) this.#nextRequest()
  }

  /** From here on `route` has the connection, and gets what was read too early. */
  switchTo(route: Route): void {
    this.#route = route
    const early = this.#waiting
    this.#waiting = undefined
    this.resume()
    if (early) route.onClientBytes(early, 0)
    if (this.#clientEnded) route.onClientEnd()
  }

  /**
   * Looks whether anything has moved since the last time. Whoever holds the connections asks now and then.
   * @returns whether the connection was ended for having been unused too long
   */
  checkTime(now: number): boolean {
    const moved = this.socket.bytesRead + this.sent
    if (moved !== this.#moved || this.#stillSince === 0) {
      this.#moved = moved
      this.#stillSince = now
      return false
    }
    const still = now - this.#stillSince
    if (this.#route) this.#route.onStill(still)
    else if (this.limits.clientIdle > 0 && still >= this.limits.clientIdle && !this.#isEnding) {
      this.#finish()
      return true
    }
    return false
  }

  #nextRequest(): void {
    this.resume()
    // While heads are being read, the loop there goes on by itself.
    const waiting = this.#waiting
    if (!waiting || this.#isReading) return
    this.#waiting = undefined
    this.#readHeads(waiting)
  }

  /** Ends the connection after the exchange that is on, or else after the next: closed now, it could meet a request. */
  drain(): void {
    this.#isDraining = true
    this.#route?.onDrain()
  }

  /** Ends the connection now, whatever is on. */
  cutOff(): void {
    this.#isDraining = true
    this.#route?.onCutOff()
    this.flush()
    this.socket.destroySoon()
  }

  protected override onBytes(bytes: Buffer): void {
    if (this.#isEnding) return
    if (this.#isHeldBack) return this.#keep(bytes, 0)
    if (!this.#route) return this.#readMore(bytes)
    const end = this.#route.onClientBytes(bytes, 0)
    if (end < bytes.length) this.#keep(bytes, end)
  }

  /** A head can only become whole with a line feed: without one, pieces are gathered and not looked at again and again. */
  #readMore(bytes: Buffer): void {
    const waiting = this.#waiting
    if (!waiting) return this.#readHeads(bytes)
    const all = Buffer.concat([waiting, bytes])
    if (bytes.includes(LINE_FEED) || all.length > this.limits.headBytes) {
      this.#waiting = undefined
      this.#readHeads(all)
    } else this.#waiting = all
  }

  /** Reads heads as long as the bytes hold whole requests whose exchanges end at once; then the route has the word. */
  #readHeads(bytes: Buffer): void {
    const { headBytes } = this.limits
    this.#isReading = true
    let at = 0
    while (!this.#route && !this.#isEnding && !this.#isHeldBack) {
      const start = skipEmptyLines(bytes, at)
      this.#emptyBytes += start - at
      at = start
      if (this.#emptyBytes > MAX_EMPTY_BYTES) {
        this.#refuse('bad_request_line')
        break
      }
      if (at === bytes.length) {
        this.#stopHeadTimer()
        break
      }
      const head = readRequestHead(bytes, at)
      if (head === undefined && bytes.length - at <= headBytes) {
        this.#awaitHead(bytes, at)
        break
      }
      this.#stopHeadTimer()
      if (typeof head === 'string') this.#refuse(head)
      else if (head === undefined || head.size > headBytes) this.#refuse(excessOf(bytes, at, headBytes))
      else if (head.lines.length > this.limits.headLines) this.#refuse('head_too_large')
      else at = this.#enter(head, bytes, at + head.size)
    }
    this.#isReading = false
    if (this.#isHeldBack && at < bytes.length) this.#keep(bytes, at)
    else if (this.#clientEnded && !this.#route) this.#finish()
  }

  /** @returns the index behind the request, as far as it is there */
  #enter(head: RequestHead, bytes: Buffer, start: number): number {
    this.#emptyBytes = 0
    const route = this.#entrance.enter(this, head)
    if (!route) return bytes.length
    this.#route = route
    const end = route.begin(bytes, start)
    if (this.#route && end < bytes.length) this.#keep(bytes, end)
    // The end came with an earlier request.
    if (this.#clientEnded) this.#route?.onClientEnd()
    return end
  }

  /** Waits for the rest of a head, within bounds of size and time. */
  #awaitHead(bytes: Buffer, start: number): void {
    this.#waiting = own(bytes.subarray(start))
    this.#headTimer ??= setTimeout(() => this.#refuse('request_timeout'), this.limits.requestHead).unref()
  }

  #keep(bytes: Buffer, start: number): void {
    const rest = bytes.subarray(start)
    this.#waiting = this.#waiting ? Buffer.concat([this.#waiting, rest]) : own(rest)
    if (this.#isHeldBack || this.#isFull) this.pause()
  }

  #stopHeadTimer(): void {
    if (!this.#headTimer) return
    clearTimeout(this.#headTimer)
    this.#headTimer = undefined
  }

  #refuse(fault: FaultCode): void {
    this.#waiting = undefined
    this.#entrance.refuse(this, fault)
  }

  protected override onEnd(): void {
    this.#clientEnded = true
    if (this.#route) this.#route.onClientEnd()
    else this.#finish()
  }

  /** The end follows, and tells everybody. */
  protected override onError(): void {}

  protected override onClose(): void {
    clearTimeout(this.#headTimer)
    clearTimeout(this.#endTimer)
    const route = this.#route
    this.#route = undefined
    route?.onClientGone()
    this.#onClosed(this)
  }

  /** Ends politely: what was written arrives, and what still comes in is read away, so that no reset overtakes it. */
  #finish(): void {
    if (this.#isEnding) return
    this.#isEnding = true
    this.#waiting = undefined
    this.#stopHeadTimer()
    this.resume()
    this.#watchFlush()
    this.end(() => {
      clearTimeout(this.#endTimer)
      this.#endTimer = setTimeout(() => this.socket.destroy(), LINGER).unref()
    })
  }

  #watchFlush(): void {
    const { sent } = this
    this.#endTimer = setTimeout(() => {
      if (this.sent > sent) this.#watchFlush()
      else this.reset()
    }, STALL).unref()
  }
}
