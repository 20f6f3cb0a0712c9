/**
 * An absolute-form request on its way to its destination, and the response on its way back. Bodies pass in both
 * directions as they come, byte for byte, each side read no faster than the other side takes it.
 */
import { strict as assert } from 'node:assert'
import { sortFields } from '../http/field-sort'
import { isFraming, isPersistent, responseFraming } from '../http/framing'
import { type BodyScan, scanBody } from '../http1/body'
import { readResponseHead } from '../http1/read-head'
import { writeRequestHead, writeResponseHead } from '../http1/write-head'
import type { Exchange } from '../model/exchange'
import { type FaultCode, faultOf } from '../model/fault'
import { type FieldLine, isNamed } from '../model/field-line'
import type { ResponseHead } from '../model/head'
import type { TraceContext } from '../model/trace-context'
import type { UpstreamConnection, UpstreamTaker } from '../upstream/connection'
import type { ClientConnection, Route } from './client-connection'
import { faultResponse } from './reply'
import type { Passage, Road } from './road'

/** Up to this size a body goes out as one string with its head: one copy and one system call, and no list of buffers. */
const SMALL_BODY = 8 * 1024

/** A response head may not be larger, interim responses included. */
const MAX_RESPONSE_HEAD = 256 * 1024

/** A client that half-closed is taken for gone when nothing could be sent to it for this long, in milliseconds. */
const HALF_CLOSE_GRACE = 500

/** Methods that may be sent twice (RFC 9110 §9.2.2). */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

export class Forward implements Route, UpstreamTaker {
  readonly #road: Road
  readonly #client: ClientConnection
  readonly #exchange: Exchange
  readonly #passage: Passage
  readonly #requestBody: BodyScan
  /** The whole request, as long as it can be sent again. */
  #requestText: string | undefined
  #upstream: UpstreamConnection | undefined
  /** A response head that has not arrived whole. */
  #partialHead: Buffer | undefined
  #responseBody: BodyScan | undefined
  /** The head of the final response is on its way to the client: from here on a failure can't be told in words. */
  #isAnswered = false
  /** Content of a chunked body for a client that does not understand chunks. */
  #content: Buffer[] | undefined
  /** Whether both connections can live on after this exchange. */
  #keepClient: boolean
  #keepUpstream = false
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
    const { head, target, fields, exchange } = this.#passage
    const lines = fields.travelling
    const host = `Host: ${target.destination.hostField}`
    // Before the indexes shift.
    if (fields.hostIndex >= 0) lines[fields.hostIndex] = host
    this.#road.parts.propagation.inject(lines, fields.noted, exchange.context as TraceContext)
    if (fields.hostIndex < 0) lines.unshift(host)
    return writeRequestHead(head.method, target.path, lines)
  }

  // The request.

  begin(bytes: Buffer, start: number): number {
    const end = this.#requestBody.scan(bytes, start)
    if (end < 0) {
      this.#fail('bad_body', '')
      return bytes.length
    }
    this.#send(bytes, start, end)
    this.#afterRequestBody()
    return end
  }

  onClientBytes(bytes: Buffer, start: number): number {
    if (this.#requestBody.done) return start
    const end = this.#requestBody.scan(bytes, start)
    if (end < 0) {
      this.#fail('bad_body', '')
      return bytes.length
    }
    if (end > start && this.#upstream?.write(bytes.subarray(start, end)) === false) this.#client.pause()
    this.#afterRequestBody()
    return end
  }

  /** Sends the head, and what is there of the body. */
  #send(bytes: Buffer, start: number, end: number): void {
    const head = this.#writeHead()
    const isWhole = this.#requestBody.done && end - start <= SMALL_BODY
    if (isWhole) this.#requestText = end === start ? head : head + bytes.toString('latin1', start, end)
    if (!this.#connect(false)) return
    const upstream = this.#upstream as UpstreamConnection
    if (this.#requestText !== undefined) upstream.write(this.#requestText)
    else if (end === start) upstream.write(head)
    else if (!upstream.writeBoth(head, bytes.subarray(start, end))) this.#client.pause()
  }

  #afterRequestBody(): void {
    this.#exchange.requestBodySize = this.#requestBody.contentSize
    if (this.#isOver || !this.#requestBody.done) return
    this.#exchange.requestSentMark = this.#road.parts.clock.now()
    this.#upstream?.expectResponse()
  }

  #connect(isAgain: boolean): boolean {
    const { upstreams } = this.#road.parts
    const { destination } = this.#passage.target
    const upstream = isAgain ? upstreams.dial(destination, this) : upstreams.acquire(destination, this)
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
    this.#noteConnection(upstream)
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
    if (this.#responseBody) return this.#relayBody(bytes, 0)
    const all = this.#partialHead ? Buffer.concat([this.#partialHead, bytes]) : bytes
    this.#partialHead = undefined
    let at = 0
    while (!this.#isOver && !this.#responseBody) {
      const head = readResponseHead(all, at)
      if (head === undefined) return this.#awaitHead(all, at)
      if (typeof head === 'string') return this.#fail(head, '')
      const end = at + head.size
      if (head.status >= 200) return this.#beginResponse(head, all, end)
      this.#relayInterim(head, all, at, end)
      at = end
    }
  }

  #awaitHead(bytes: Buffer, start: number): void {
    if (bytes.length - start > MAX_RESPONSE_HEAD) return this.#fail('response_head_too_large', '')
    if (start < bytes.length) this.#partialHead = Buffer.from(bytes.subarray(start))
  }

  /** 1xx responses travel on, except to HTTP/1.0, which knows none (RFC 9110 §15.2). Nobody asked to switch protocols. */
  #relayInterim(head: ResponseHead, bytes: Buffer, start: number, end: number): void {
    if (head.status === 101) return this.#fail('bad_response', 'unexpected 101')
    if (this.#passage.head.minor === 1) this.#client.write(bytes.toString('latin1', start, end))
  }

  #beginResponse(head: ResponseHead, bytes: Buffer, bodyStart: number): void {
    const { method, minor } = this.#passage.head
    const fields = sortFields(head.lines)
    const framing = responseFraming(fields, head.status, head.minor, method)
    if (!isFraming(framing)) return this.#fail(framing, '')
    const upstream = this.#upstream as UpstreamConnection
    upstream.responseBegan()

    const exchange = this.#exchange
    exchange.responseHeadMark = this.#road.parts.clock.now()
    exchange.upstreamStatus = head.status
    exchange.protocolMinor = head.minor

    const mustUnchunk = framing === 'chunked' && minor === 0
    if (mustUnchunk) this.#content = []
    this.#responseBody = scanBody(
      framing,
      this.#content && ((from, start, end) => this.#content?.push(this.#own(from, start, end))),
    )
    this.#keepUpstream = isPersistent(fields, head.minor) && framing !== 'until_close'
    if (framing === 'until_close' || mustUnchunk || !this.#requestBody.done || this.#client.isDraining)
      this.#keepClient = false

    const lines = mustUnchunk
      ? fields.travelling.filter((line) => !isNamed(line, 'transfer-encoding'))
      : fields.travelling
    this.#relayHead(writeResponseHead(head.status, head.reason, this.#withConnection(lines)), bytes, bodyStart)
  }

  #withConnection(lines: FieldLine[]): FieldLine[] {
    if (!this.#keepClient) lines.push('Connection: close')
    else if (this.#passage.head.minor === 0) lines.push('Connection: keep-alive')
    return lines
  }

  #relayHead(head: string, bytes: Buffer, start: number): void {
    const scan = this.#responseBody as BodyScan
    const end = scan.scan(bytes, start)
    // The head is held back until the body behind it is known to be sound: a clear 502 beats a broken connection.
    if (end < 0) return this.#fail('bad_response', 'malformed chunk')
    const size = end - start
    this.#isAnswered = true
    this.#exchange.clientStatus = this.#exchange.upstreamStatus
    if (this.#content) {
      this.#client.write(head)
      this.#flushContent()
    } else if (size <= SMALL_BODY) {
      this.#paceUpstream(this.#client.write(size === 0 ? head : head + bytes.toString('latin1', start, end)))
    } else {
      this.#paceUpstream(this.#client.writeBoth(head, this.#own(bytes, start, end)))
    }
    this.#afterBody(bytes, end)
  }

  #relayBody(bytes: Buffer, start: number): void {
    const scan = this.#responseBody as BodyScan
    const end = scan.scan(bytes, start)
    if (end < 0) return this.#fail('bad_response', 'malformed chunk')
    if (this.#content) this.#flushContent()
    else if (end > start) this.#paceUpstream(this.#client.write(this.#own(bytes, start, end)))
    this.#afterBody(bytes, end)
  }

  #flushContent(): void {
    const content = this.#content as Buffer[]
    for (const part of content) this.#paceUpstream(this.#client.write(part))
    content.length = 0
  }

  #own(bytes: Buffer, start: number, end: number): Buffer {
    return (this.#upstream as UpstreamConnection).own(bytes.subarray(start, end))
  }

  #paceUpstream(isFree: boolean): void {
    if (!isFree) this.#upstream?.pause()
  }

  #afterBody(bytes: Buffer, end: number): void {
    const scan = this.#responseBody as BodyScan
    this.#exchange.responseBodySize = scan.contentSize
    if (!scan.done) return
    // Bytes behind the response answer nothing: the connection can't be trusted with another request.
    if (end < bytes.length) this.#keepUpstream = false
    this.#finish()
  }

  onClientDrain(): void {
    if (!this.#isOver) this.#upstream?.resume()
  }

  // The ends.

  onUpstreamEnd(): void {
    if (!this.#responseBody) this.onUpstreamFault('upstream_closed', '')
    else if (this.#responseBody.untilClose) this.#finish()
    else this.#fail('response_truncated', '')
  }

  onUpstreamFault(fault: FaultCode, detail: string): void {
    // The server closed the connection just as it was used again. The request can go once more if all of it is at hand
    // and nothing came back (RFC 9112 §9.3.1).
    const wasReused = this.#upstream !== undefined && this.#upstream.uses > 0
    if (wasReused && this.#requestText !== undefined && idempotent.has(this.#exchange.method)) {
      return this.#sendAgain(this.#requestText)
    }
    this.#fail(this.#isAnswered ? 'response_truncated' : fault, detail)
  }

  #sendAgain(text: string): void {
    this.#requestText = undefined
    this.#upstream?.destroy()
    if (!this.#connect(true)) return
    this.#upstream?.write(text)
    this.#upstream?.expectResponse()
  }

  onClientEnd(): void {
    if (!this.#requestBody.done) return this.#abandon()
    this.#watchHalfClosed(this.#client.sent)
  }

  /** A client that leaves looks like one that only has no more to send, until what is sent to it comes back as a reset. */
  #watchHalfClosed(sentBefore: number): void {
    this.#halfCloseTimer = setTimeout(() => {
      const { sent } = this.#client
      if (sent > sentBefore) this.#watchHalfClosed(sent)
      else this.#abandon()
    }, HALF_CLOSE_GRACE)
  }

  onClientGone(): void {
    this.#abandon()
  }

  onDrain(): void {
    this.#keepClient = false
  }

  /** The client left: so do we. */
  #abandon(): void {
    this.#breakOff('client_closed')
  }

  /** The exchange failed: the client is told while it can be, else its connection breaks like the one upstream. */
  #fail(fault: FaultCode, detail: string): void {
    if (this.#isAnswered) return this.#breakOff(fault)
    this.#exchange.fault = fault
    this.#exchange.clientStatus = faultOf(fault).status
    this.#keepUpstream = false
    this.#keepClient &&= this.#requestBody.done && !this.#client.isDraining
    this.#client.write(faultResponse(this.#exchange, fault, detail, this.#keepClient))
    this.#finish()
  }

  #breakOff(fault: FaultCode): void {
    if (this.#isOver) return
    this.#exchange.fault = fault
    this.#keepUpstream = false
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
    const upstream = this.#upstream
    if (upstream && this.#keepUpstream && this.#requestBody.done) this.#road.parts.upstreams.release(upstream)
    else upstream?.destroy()
    this.#road.end(this.#exchange)
  }
}
