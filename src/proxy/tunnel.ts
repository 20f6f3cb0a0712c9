/**
 * CONNECT (RFC 9110 §9.3.6): opens a connection to its authority. Once it is made the client is told so, and from then on
 * bytes pass both ways.
 */
import type { Destination } from '../model/destination'
import type { Exchange } from '../model/exchange'
import { type FaultCode, faultOf } from '../model/fault'
import type { UpstreamConnection, UpstreamTaker } from '../upstream/connection'
import type { ClientConnection, NewRoute } from './client-connection'
import { faultResponse, TUNNEL_OPEN } from './reply'
import type { Passage, Road } from './road'
import { Splice } from './splice'

const OPENED = 200
const nothing = Buffer.alloc(0)

export class Tunnel implements NewRoute, UpstreamTaker {
  readonly #road: Road
  readonly #client: ClientConnection
  readonly #exchange: Exchange
  readonly #destination: Destination
  #upstream: UpstreamConnection | undefined

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
    return start
  }

  /** What the client sends before the way is open waits with it. */
  onClientBytes(_bytes: Buffer, start: number): number {
    return start
  }

  onUpstreamConnected(): void {
    const upstream = this.#upstream as UpstreamConnection
    const { dnsTime, connectTime, peerAddress, peerPort } = upstream
    Object.assign(this.#exchange, { dnsTime, connectTime, peerAddress, peerPort })
    this.#exchange.clientStatus = OPENED
    this.#client.write(TUNNEL_OPEN)
    new Splice(this.#road, this.#client, upstream, this.#exchange).takeOver(nothing)
  }

  onUpstreamFault(fault: FaultCode, detail: string): void {
    this.#refuse(fault, detail)
  }

  onClientGone(): void {
    this.#upstream?.destroy()
    this.#end('client_closed')
  }

  onCutOff(): void {
    this.#upstream?.destroy()
    this.#refuse('draining', '')
  }

  // Nothing moves before the connection is made, and that has its own time-out.
  onUpstreamBytes(): void {}
  onUpstreamEnd(): void {}
  onUpstreamDrain(): void {}
  onClientDrain(): void {}
  onClientEnd(): void {}
  onStill(): void {}
  onDrain(): void {}

  #refuse(fault: FaultCode, detail: string): void {
    this.#exchange.clientStatus = faultOf(fault).status
    this.#client.write(faultResponse(this.#exchange, fault, detail, false))
    this.#end(fault)
    this.#client.exchangeDone(false)
  }

  #end(fault: FaultCode): void {
    this.#exchange.fault = fault
    this.#road.end(this.#exchange)
  }
}
