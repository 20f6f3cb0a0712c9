/**
 * An absolute-form request on its way to its destination: the head, then the body as it comes, byte for byte, read no
 * faster than the destination takes it. Whichever way the exchange ends, it ends here, once.
 */
import { strict as assert } from 'node:assert'
import { isPersistent } from '../http/framing'
import { absoluteForm } from '../http/target'
import { upgradeLines } from '../http/upgrade'
import { viaLine } from '../http/via'
import { type BodyScan, scanBody } from '../http1/body'
import { writeRequestHead } from '../http1/write-head'
import { type Exchange, startOfAttempt } from '../model/exchange'
import type { FaultCode } from '../model/fault'
import type { TraceContext } from '../model/trace-context'
import { own } from '../socket/lent'
import type { UpstreamConnection, UpstreamTaker } from '../upstream/connection'
import type { ClientConnection } from './client-connection'
import { type ResponseOwner, ResponseRelay, SMALL_BODY } from './response-relay'
import type { Passage, Road } from './road'
import type { NewRoute } from './route'
import { Splice } from './splice'

/** A client that half-closed is taken for gone when there was nothing to send to it for this long, in milliseconds. */
const HALF_CLOSE_GRACE = 1000
/** The same once an answer has begun: its parts may be some time apart. */
const PART_GRACE = 10_000

/** Methods that may be sent twice (RFC 9110 §9.2.2). */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

export class Forward implements NewRoute, UpstreamTaker, ResponseOwner {
  readonly #road: Road
  readonly #client: ClientConnection
  readonly #exchange: Exchange
  readonly #passage: Passage
  readonly #requestBody: BodyScan
  /** The whole request, as long as it can be sent again. */
  #requestText: string | undefined
  #upstream: UpstreamConnection | undefined
  /** From the first byte of an answer on. */
  #response: ResponseRelay | undefined
  /** Whether the client's connection can live on after this exchange. */
  #keepClient: boolean
  #isOver = false
  #halfCloseTimer: NodeJS.Timeout | undefined

  constructor(road: Road, client: ClientConnection, passage: Passage) {
    this.#road = road
    this.#client = client
    this.#passage = passage
    this.#exchange = passage.exchange
    this.#requestBody = scanBody(passage.framing)
    this.#keepClient = isPersistent(passage.fields, passage.head.minor)
  }

  /** The head as the destination gets it: its own name in Host, the trace context of this hop, the path as it came. */
  #writeHead(): string {
    const { head, target, fields, exchange, propagation, upgrade, proxy } = this.#passage
    const lines = fields.travelling
    const host = `Host: ${target.destination.hostField}`
    // Before the indexes shift.
    if (fields.hostIndex >= 0) lines[fields.hostIndex] = host
    const signed = propagation.inject(lines, fields.noted, exchange.context as TraceContext)
    exchange.signedFields = exchange.signedFields.length === 0 ? signed : [...exchange.signedFields, ...signed]
    if (fields.hostIndex < 0) lines.unshift(host)
    if (upgrade !== undefined) lines.push(...upgradeLines(upgrade))
    const { via } = this.#passage.parts
    if (via !== undefined) lines.push(viaLine(via, head.minor))
    if (proxy === undefined) return writeRequestHead(head.method, target.path, lines)
    if (proxy.authorization) lines.push(`Proxy-Authorization: ${proxy.authorization.reveal()}`)
    return writeRequestHead(head.method, absoluteForm(target), lines)
  }

  // The request.

  begin(bytes: Buffer, start: number): number {
    const end = this.#requestBody.scan(bytes, start)
    if (end < 0) {
      this.#fail('bad_body', '')
      return bytes.length
    }
    this.#send(bytes, start, end)
    // What came at once was sent at once: no need to look at the clock again.
    this.#afterRequestBody(this.#exchange.startMark)
    return end
  }

  onClientBytes(bytes: Buffer, start: number): number {
    if (this.#requestBody.done) return start
    const end = this.#requestBody.scan(bytes, start)
    if (end < 0) {
      this.#fail('bad_body', '')
      return bytes.length
    }
    if (end > start && this.#upstream?.writeBytes(own(bytes.subarray(start, end))) === false) this.#client.pause()
    this.#afterRequestBody(this.#passage.parts.clock.now())
    return end
  }

  /** Sends the head, and what is there of the body. */
  #send(bytes: Buffer, start: number, end: number): void {
    const head = this.#writeHead()
    const isWhole = this.#requestBody.done && end - start <= SMALL_BODY
    if (isWhole) this.#requestText = end === start ? head : head + bytes.toString('latin1', start, end)
    if (!this.#connect(false)) return
    const upstream = this.#upstream as UpstreamConnection
    upstream.write(this.#requestText ?? head)
    if (this.#requestText === undefined && end > start && !upstream.writeBytes(own(bytes.subarray(start, end)))) {
      this.#client.pause()
    }
  }

  #afterRequestBody(mark: number): void {
    this.#exchange.requestBodySize = this.#requestBody.contentSize
    if (this.#isOver || !this.#requestBody.done) return
    this.#exchange.requestSentMark = mark
    this.#expectResponse()
  }

  /** Once the request has ended and the connection is made, whichever comes later; unless the answer was faster. */
  #expectResponse(): void {
    const { requestSentMark, responseHeadMark } = this.#exchange
    const upstream = this.#upstream
    if (upstream?.connected && requestSentMark > 0 && responseHeadMark === 0) upstream.expectResponse(requestSentMark)
  }

  #connect(isAgain: boolean): boolean {
    const { target, proxy, parts } = this.#passage
    const { destination } = proxy ?? target
    const upstream = isAgain ? parts.upstreams.dial(destination, this) : parts.upstreams.acquire(destination, this)
    if (typeof upstream === 'string') {
      this.#fail(upstream, '')
      return false
    }
    this.#upstream = upstream
    this.#exchange.attempts++
    if (upstream.connected) this.#noteConnection(upstream)
    return true
  }

  onUpstreamConnected(): void {
    const upstream = this.#upstream as UpstreamConnection
    this.#exchange.dnsTime = upstream.dnsTime
    this.#exchange.connectTime = upstream.connectTime
    // What was written before has waited for the connection until now.
    if (this.#exchange.requestSentMark > 0) this.#exchange.requestSentMark = this.#passage.parts.clock.now()
    this.#noteConnection(upstream)
    this.#expectResponse()
  }

  #noteConnection(upstream: UpstreamConnection): void {
    this.#exchange.peerAddress = upstream.peerAddress
    this.#exchange.peerPort = upstream.peerPort
  }

  onUpstreamDrain(): void {
    if (!this.#isOver) this.#client.resume()
  }

  // The response.

  onUpstreamBytes(bytes: Buffer): void {
    this.#requestText = undefined
    this.#responseRelay().take(bytes)
  }

  onUpstreamEnd(): void {
    if (this.#response) this.#response.end()
    else this.onUpstreamFault('upstream_closed', '')
  }

  #responseRelay(): ResponseRelay {
    this.#response ??= new ResponseRelay(this, this.#passage, this.#upstream as UpstreamConnection, this.#client)
    return this.#response
  }

  onResponseHead(): boolean {
    this.#upstream?.responseBegan()
    this.#exchange.responseHeadMark = this.#passage.parts.clock.now()
    // An answer that comes before the request has ended leaves the rest of the request behind.
    if (!this.#requestBody.done || this.#client.isDraining) this.#keepClient = false
    return this.#keepClient
  }

  maySwitch(): boolean {
    return this.#requestBody.done
  }

  /** From here on the exchange is the splice's. */
  onSwitched(early: Buffer): void {
    this.#isOver = true
    clearTimeout(this.#halfCloseTimer)
    new Splice(this.#road, this.#client, this.#upstream as UpstreamConnection, this.#passage).takeOver(early)
  }

  onResponseDone(): void {
    if (this.#response?.endsWithConnection) this.#keepClient = false
    this.#finish()
  }

  onResponseFault(fault: FaultCode, detail: string): void {
    this.#fail(fault, detail)
  }

  onClientDrain(): void {
    if (!this.#isOver) this.#upstream?.resume()
  }

  // The ends.

  onUpstreamFault(fault: FaultCode, detail: string): void {
    // The server closed the connection just as it was used again. The request can go once more if all of it is at hand
    // and nothing came back (RFC 9112 §9.3.1).
    const wasReused = this.#upstream !== undefined && this.#upstream.uses > 0
    const wasRace = wasReused && (fault === 'upstream_closed' || fault === 'connection_reset')
    // What never left may go whatever its method is.
    const isSafe = idempotent.has(this.#exchange.method) || this.#upstream?.isHolding === true
    if (wasRace && this.#requestText !== undefined && isSafe) return this.#sendAgain(this.#requestText, fault)
    if (this.#upstream?.connected === false) this.#exchange.dnsTime = this.#upstream.dnsTime
    this.#fail(this.#response?.isAnswered ? 'response_truncated' : fault, detail)
  }

  #sendAgain(text: string, fault: FaultCode): void {
    this.#noteFailedAttempt(fault)
    this.#requestText = undefined
    this.#upstream?.destroy()
    if (!this.#connect(true)) return
    this.#upstream?.write(text)
    this.#afterRequestBody(this.#passage.parts.clock.now())
  }

  #noteFailedAttempt(fault: FaultCode): void {
    const exchange = this.#exchange
    const { peerAddress, peerPort } = exchange
    const attempt = {
      startMark: startOfAttempt(exchange),
      endMark: this.#passage.parts.clock.now(),
      peerAddress,
      peerPort,
      fault,
    }
    exchange.formerAttempts = [...exchange.formerAttempts, attempt]
    exchange.peerAddress = undefined
  }

  onClientEnd(): void {
    if (!this.#requestBody.done) return this.#abandon()
    this.#watchHalfClosed(this.#client.sent)
  }

  /**
   * A client that leaves looks like one that only has no more to send, until what is sent to it comes back as a reset. As
   * long as something is on its way to it, that will tell; where nothing is, it is taken for gone after a while.
   */
  #watchHalfClosed(sentBefore: number): void {
    const grace = this.#response?.isAnswered ? PART_GRACE : HALF_CLOSE_GRACE
    this.#halfCloseTimer = setTimeout(() => {
      const { sent, unsent } = this.#client
      if (unsent > 0 || sent > sentBefore) this.#watchHalfClosed(sent)
      else this.#abandon()
    }, grace)
  }

  onClientGone(): void {
    this.#abandon()
  }

  onDrain(): void {
    this.#keepClient = false
  }

  /** The head of the response has its own time-out: here it is about bodies. */
  onStill(milliseconds: number): void {
    const { body } = this.#passage.parts.timeouts
    if (body === 0 || milliseconds < body || this.#isOver) return
    const isRequestOn = !this.#requestBody.done && !this.#response?.isAnswered
    if (isRequestOn) this.#fail(this.#client.isPaused ? 'request_write_timeout' : 'request_body_timeout', '')
    else if (this.#response?.isAnswered)
      this.#fail(this.#client.unsent > 0 ? 'client_stalled' : 'response_body_timeout', '')
  }

  onCutOff(): void {
    this.#fail('draining', '')
  }

  /** The client left: so do we. */
  #abandon(): void {
    this.#breakOff('client_closed')
  }

  /** The exchange failed: the client is told while it can be, else its connection breaks like the one upstream. */
  #fail(fault: FaultCode, detail: string): void {
    if (this.#response?.isAnswered) return this.#breakOff(fault)
    this.#keepClient &&= this.#requestBody.done && !this.#client.isDraining
    const { head, parts } = this.#passage
    this.#road.tellFault(this.#client, this.#exchange, head, fault, detail, this.#keepClient, parts)
    this.#finish()
  }

  #breakOff(fault: FaultCode): void {
    if (this.#isOver) return
    this.#exchange.fault = fault
    this.#leaveUpstream()
    this.#client.reset()
  }

  #finish(): void {
    this.#leaveUpstream()
    this.#client.exchangeDone(this.#keepClient)
  }

  /** The exchange ends here, exactly once: the upstream connection goes back to the pool or away, the record is complete. */
  #leaveUpstream(): void {
    assert(!this.#isOver)
    this.#isOver = true
    clearTimeout(this.#halfCloseTimer)
    const { parts } = this.#passage
    this.#exchange.endMark = parts.clock.now()
    const upstream = this.#upstream
    const isSound = this.#exchange.fault === undefined && this.#requestBody.done
    if (upstream && isSound && this.#response?.isUpstreamReusable)
      parts.upstreams.release(upstream, this.#exchange.endMark)
    else upstream?.destroy()
    this.#road.end(this.#exchange)
  }
}
