/**
 * Bytes both ways, untouched, until both sides have ended or one of them breaks: a tunnel that is open (RFC 9110 §9.3.6), or
 * a connection that has switched to another protocol (§7.8).
 */
import type { Exchange } from '../model/exchange'
import type { FaultCode } from '../model/fault'
import { own } from '../socket/lent'
import type { UpstreamConnection, UpstreamTaker } from '../upstream/connection'
import type { ClientConnection } from './client-connection'
import type { ExchangeTimeouts, Passage, Road } from './road'
import type { Route } from './route'

/** How long a destination may take nothing of what a client has left for it before it went, before it is reset. */
const STALL = 30_000

export class Splice implements Route, UpstreamTaker {
  readonly #road: Road
  readonly #client: ClientConnection
  readonly #upstream: UpstreamConnection
  readonly #exchange: Exchange
  readonly #timeouts: ExchangeTimeouts
  #halvesDone = 0
  #clientEnded = false
  #upstreamEnded = false
  #isOver = false

  constructor(road: Road, client: ClientConnection, upstream: UpstreamConnection, passage: Passage) {
    this.#road = road
    this.#client = client
    this.#upstream = upstream
    this.#exchange = passage.exchange
    this.#timeouts = passage.parts.timeouts
  }

  /** Takes both connections over. @param early bytes from the upstream that came with its answer, lent */
  takeOver(early: Buffer): void {
    this.#upstream.changeTaker(this)
    if (early.length > 0) this.onUpstreamBytes(early)
    this.#client.switchTo(this)
  }

  onClientBytes(bytes: Buffer, start: number): number {
    this.#exchange.requestBodySize += bytes.length - start
    if (!this.#upstream.writeBytes(own(bytes.subarray(start)))) this.#client.pause()
    return bytes.length
  }

  onUpstreamBytes(bytes: Buffer): void {
    this.#exchange.responseBodySize += bytes.length
    if (!this.#client.writeBytes(own(bytes))) this.#upstream.pause()
  }

  onUpstreamDrain(): void {
    this.#client.resume()
  }

  onClientDrain(): void {
    this.#upstream.resume()
  }

  onClientEnd(): void {
    this.#clientEnded = true
    this.#upstream.end(() => this.#onHalfDone())
  }

  onUpstreamEnd(): void {
    this.#upstreamEnded = true
    this.#client.end(() => this.#onHalfDone())
  }

  /** It was connected before. */
  onUpstreamConnected(): void {}

  onUpstreamFault(fault: FaultCode): void {
    // It has had all and said all: what the client has not taken yet is still on its way.
    if (fault === 'upstream_closed' && this.#haveBothEnded) return
    this.#break(fault)
  }

  onClientGone(): void {
    if (this.#haveBothEnded && this.#client.unsent === 0) return this.#leaveRest()
    this.#break('client_closed')
  }

  /** The client has said all and got all. It is over, though the destination may not have taken the rest yet. */
  #leaveRest(): void {
    if (this.#isOver) return
    this.#end(undefined)
    this.#watchRest()
  }

  /** With the client nobody looks any more whether something moves. The connection closes by itself when all is taken. */
  #watchRest(): void {
    const { sent } = this.#upstream
    setTimeout(() => {
      if (this.#upstream.unsent === 0) return
      if (this.#upstream.sent > sent) this.#watchRest()
      else this.#upstream.reset()
    }, STALL).unref()
  }

  get #haveBothEnded(): boolean {
    return this.#clientEnded && this.#upstreamEnded
  }

  onStill(milliseconds: number): void {
    const { tunnelIdle } = this.#timeouts
    if (tunnelIdle > 0 && milliseconds >= tunnelIdle) this.#break('tunnel_idle')
  }

  /** Neither side can be told to end: there is time until the drain time-out. */
  onDrain(): void {}

  onCutOff(): void {
    this.#break('draining')
  }

  /** One side has ended and the other has got all of it. With the second half it is over. */
  #onHalfDone(): void {
    if (this.#isOver || ++this.#halvesDone < 2) return
    this.#end(undefined)
    this.#upstream.destroy()
    this.#client.exchangeDone(false)
  }

  #break(fault: FaultCode): void {
    if (this.#isOver) return
    this.#end(fault)
    this.#upstream.reset()
    this.#client.reset()
  }

  #end(fault: FaultCode | undefined): void {
    this.#isOver = true
    this.#exchange.fault = fault
    this.#road.end(this.#exchange)
  }
}
