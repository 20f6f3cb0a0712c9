/**
 * A tunnel (RFC 9110 §9.3.6): CONNECT opens a connection to its authority, and from then on bytes pass both ways
 * untouched, until both sides have ended or one of them breaks.
 */
import { strict as assert } from 'node:assert'
import type { Destination } from '../model/destination'
import type { Exchange } from '../model/exchange'
import { type FaultCode, faultOf } from '../model/fault'
import { own } from '../socket/lent'
import type { UpstreamConnection, UpstreamTaker } from '../upstream/connection'
import type { ClientConnection, Route } from './client-connection'
import { faultResponse, TUNNEL_OPEN } from './reply'
import type { Passage, Road } from './road'

const OPENED = 200

export class Tunnel implements Route, UpstreamTaker {
  readonly #road: Road
  readonly #client: ClientConnection
  readonly #exchange: Exchange
  readonly #destination: Destination
  #upstream: UpstreamConnection | undefined
  #isOpen = false
  #halvesDone = 0
  #isOver = false

  constructor(road: Road, client: ClientConnection, passage: Passage) {
    this.#road = road
    this.#client = client
    this.#exchange = passage.exchange
    this.#destination = passage.target.destination
  }

  begin(bytes: Buffer, start: number): number {
    const upstream = this.#road.parts.upstreams.dial(this.#destination, this)
    if (typeof upstream === 'string') {
      this.#refuse(upstream, '')
      return bytes.length
    }
    this.#exchange.attempts = 1
    this.#upstream = upstream
    return this.onClientBytes(bytes, start)
  }

  onUpstreamConnected(): void {
    const { dnsTime, connectTime, peerAddress, peerPort } = this.#upstream as UpstreamConnection
    Object.assign(this.#exchange, { dnsTime, connectTime, peerAddress, peerPort })
    this.#exchange.clientStatus = OPENED
    this.#isOpen = true
    this.#client.write(TUNNEL_OPEN)
  }

  /** What the client sends before the way is open waits in the upstream socket. */
  onClientBytes(bytes: Buffer, start: number): number {
    const size = bytes.length - start
    if (size === 0 || !this.#upstream) return bytes.length
    this.#exchange.requestBodySize += size
    if (!this.#upstream.writeBytes(own(bytes.subarray(start)))) this.#client.pause()
    return bytes.length
  }

  onUpstreamDrain(): void {
    this.#client.resume()
  }

  onUpstreamBytes(bytes: Buffer): void {
    this.#exchange.responseBodySize += bytes.length
    if (!this.#client.writeBytes(own(bytes))) this.#upstream?.pause()
  }

  onClientDrain(): void {
    this.#upstream?.resume()
  }

  onClientEnd(): void {
    this.#upstream?.end(() => this.#onHalfDone())
  }

  onUpstreamEnd(): void {
    this.#client.end(() => this.#onHalfDone())
  }

  onUpstreamFault(fault: FaultCode, detail: string): void {
    if (this.#isOver) return
    if (!this.#isOpen) return this.#refuse(fault, detail)
    this.#finish(fault)
    this.#client.reset()
  }

  onClientGone(): void {
    if (this.#isOver) return
    this.#upstream?.reset()
    this.#finish('client_closed')
  }

  /** A tunnel can't be told to end: it has until the drain time-out. */
  onDrain(): void {}

  onCutOff(): void {
    if (this.#isOver) return
    this.#upstream?.reset()
    this.#finish('draining')
    this.#client.reset()
  }

  #refuse(fault: FaultCode, detail: string): void {
    this.#exchange.clientStatus = faultOf(fault).status
    this.#client.write(faultResponse(this.#exchange, fault, detail, false))
    this.#finish(fault)
    this.#client.exchangeDone(false)
  }

  /** One side has ended and the other has got all of it. With the second half the tunnel is over. */
  #onHalfDone(): void {
    if (this.#isOver || ++this.#halvesDone < 2) return
    this.#finish(undefined)
    this.#client.exchangeDone(false)
  }

  #finish(fault: FaultCode | undefined): void {
    assert(!this.#isOver)
    this.#isOver = true
    this.#exchange.fault = fault
    this.#road.end(this.#exchange)
  }
}
