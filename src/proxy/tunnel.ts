/**
 * CONNECT (RFC 9110 §9.3.6): opens a connection to its authority, through another proxy if there is one on the way. Once it
 * is made the client is told so, and from then on bytes pass both ways.
 */

import type { UpstreamProxy } from '../config/upstream-proxy'
import { readResponseHead } from '../http1/read-head'
import { writeRequestHead } from '../http1/write-head'
import type { Exchange } from '../model/exchange'
import type { FaultCode } from '../model/fault'
import type { ResponseHead } from '../model/head'
import type { UpstreamConnection, UpstreamTaker } from '../upstream/connection'
import type { ClientConnection } from './client-connection'
import { tunnelOpen } from './reply'
import type { Passage, Road } from './road'
import type { NewRoute } from './route'
import { Splice } from './splice'

const OPENED = 200
/** What an upstream proxy may say before it comes to the point, in bytes. */
const MAX_ANSWER = 64 * 1024
const nothing = Buffer.alloc(0)

export class Tunnel implements NewRoute, UpstreamTaker {
  readonly #road: Road
  readonly #client: ClientConnection
  readonly #exchange: Exchange
  readonly #passage: Passage
  /** What the upstream proxy has said so far. */
  #answer: Buffer = nothing
  /** Where its present head begins, behind interim ones. */
  #answerStart = 0
  #upstream: UpstreamConnection | undefined

  constructor(road: Road, client: ClientConnection, passage: Passage) {
    this.#road = road
    this.#client = client
    this.#exchange = passage.exchange
    this.#passage = passage
  }

  begin(bytes: Buffer, start: number): number {
    const { target, proxy, parts } = this.#passage
    const upstream = parts.upstreams.dial((proxy ?? target).destination, this)
    if (typeof upstream === 'string') {
      this.#refuse(upstream, '')
      return bytes.length
    }
    this.#exchange.attempts = 1
    upstream.carriesHttp = false
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
    const { proxy } = this.#passage
    if (!proxy) return this.#open(nothing)
    upstream.write(this.#request(proxy))
    upstream.expectResponse(this.#passage.parts.clock.now())
  }

  #request({ authorization }: UpstreamProxy): string {
    const { authority } = this.#passage.target.destination
    const lines = [`Host: ${authority}`]
    if (authorization) lines.push(`Proxy-Authorization: ${authorization.reveal()}`)
    return writeRequestHead('CONNECT', authority, lines)
  }

  /** The upstream proxy answers. */
  onUpstreamBytes(bytes: Buffer): void {
    this.#answer = Buffer.concat([this.#answer, bytes])
    const head = this.#finalHead()
    if (head === undefined && this.#answer.length <= MAX_ANSWER) return
    if (head === undefined || typeof head === 'string') return this.#fail('bad_response', 'of the upstream proxy')
    if (head.status < 200 || head.status > 299) return this.#fail('upstream_proxy_refused', `status ${head.status}`)
    this.#upstream?.responseBegan()
    this.#open(this.#answer.subarray(this.#answerStart + head.size))
  }

  /** Interim responses may come before it (RFC 9110 §15.2), and are between us and the proxy. */
  #finalHead(): ResponseHead | FaultCode | undefined {
    for (;;) {
      const head = readResponseHead(this.#answer, this.#answerStart)
      if (typeof head !== 'object' || head.status >= 200 || head.status === 101) return head
      this.#answerStart += head.size
    }
  }

  onUpstreamEnd(): void {
    this.#fail('upstream_closed', 'by the upstream proxy')
  }

  /** @param early bytes that came through the tunnel already */
  #open(early: Buffer): void {
    this.#exchange.clientStatus = OPENED
    this.#client.write(tunnelOpen(this.#exchange, this.#passage.parts.requestIdHeader))
    new Splice(this.#road, this.#client, this.#upstream as UpstreamConnection, this.#passage).takeOver(early)
  }

  #fail(fault: FaultCode, detail: string): void {
    this.#upstream?.destroy()
    this.#refuse(fault, detail)
  }

  onUpstreamFault(fault: FaultCode, detail: string): void {
    if (this.#upstream?.connected === false) this.#exchange.dnsTime = this.#upstream.dnsTime
    this.#refuse(fault, detail)
  }

  onClientGone(): void {
    this.#upstream?.destroy()
    this.#end('client_closed')
  }

  onCutOff(): void {
    this.#fail('draining', '')
  }

  // Nothing moves before the connection is made, and that has its own time-out.
  onUpstreamDrain(): void {}
  onClientDrain(): void {}
  onClientEnd(): void {}
  onStill(): void {}
  onDrain(): void {}

  #refuse(fault: FaultCode, detail: string): void {
    this.#road.tellFault(this.#client, this.#exchange, this.#passage.head, fault, detail, false, this.#passage.parts)
    this.#road.end(this.#exchange)
    this.#client.exchangeDone(false)
  }

  #end(fault: FaultCode): void {
    this.#exchange.fault = fault
    this.#road.end(this.#exchange)
  }
}
