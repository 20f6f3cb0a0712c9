/**
 * The response on its way back: interim heads and the final one as the client gets them, then the body as it comes, byte
 * for byte, read no faster than the client takes it.
 */
import { type SortedFields, sortFields } from '../http/field-sort'
import { isFraming, isPersistent, responseFraming } from '../http/framing'
import { agrees, upgradeLines } from '../http/upgrade'
import { viaLine } from '../http/via'
import { type BodyScan, scanBody } from '../http1/body'
import { latin1 } from '../http1/latin1'
import { readResponseHead } from '../http1/read-head'
import { writeResponseHead } from '../http1/write-head'
import type { Exchange } from '../model/exchange'
import type { FaultCode } from '../model/fault'
import { type FieldLine, isNamed } from '../model/field-line'
import type { RequestHead, ResponseHead } from '../model/head'
import { own } from '../socket/lent'
import type { UpstreamConnection } from '../upstream/connection'
import type { ClientConnection } from './client-connection'
import type { Passage } from './road'

/** Whose response it is. */
export interface ResponseOwner {
  /** The final head has arrived. @returns whether the client's connection may live on */
  onResponseHead(): boolean
  /** Whether the connections may switch protocols now: the request is complete. */
  maySwitch(): boolean
  /** The destination agreed to switch protocols, and its head is on its way. @param early bytes behind it, lent */
  onSwitched(early: Buffer): void
  /** All of the response is on its way to the client. */
  onResponseDone(): void
  /** The response can't be relayed, or not to its end. */
  onResponseFault(fault: FaultCode, detail: string): void
}

/** Up to this size a body goes out as one string with its head: one copy and one system call, and no list of buffers. */
export const SMALL_BODY = 8 * 1024

const UPGRADE_REQUIRED = 426
/** It is between us and the proxy: the client knows nothing of that. */
const PROXY_AUTHENTICATION = 407

/** Interim responses that an answer may have. */
const MAX_INTERIMS = 1000

/** A response head may not be larger. */
const MAX_RESPONSE_HEAD = 256 * 1024

export class ResponseRelay {
  readonly #owner: ResponseOwner
  readonly #passage: Passage
  readonly #request: RequestHead
  readonly #exchange: Exchange
  readonly #upstream: UpstreamConnection
  readonly #client: ClientConnection
  /** A head that has not arrived whole. */
  #partialHead: Buffer | undefined
  #interims = 0
  #body: BodyScan | undefined
  /** Content of a chunked body for a client that does not understand chunks. */
  #content: Buffer[] | undefined
  /** The final head is on its way to the client: from here on a failure can't be told in words. */
  isAnswered = false
  /** Whether the destination and the bytes so far let the upstream connection live on. */
  isUpstreamReusable = false
  #isOver = false

  constructor(owner: ResponseOwner, passage: Passage, upstream: UpstreamConnection, client: ClientConnection) {
    this.#owner = owner
    this.#passage = passage
    this.#request = passage.head
    this.#exchange = passage.exchange
    this.#upstream = upstream
    this.#client = client
  }

  /** Bytes from the destination, lent until this returns. */
  take(bytes: Buffer): void {
    if (this.#body) return this.#relayBody(this.#body, bytes)
    const all = this.#partialHead ? Buffer.concat([this.#partialHead, bytes]) : bytes
    this.#partialHead = undefined
    let at = 0
    while (!this.#isOver && !this.#body) {
      const head = readResponseHead(all, at)
      if (head === undefined) return this.#awaitHead(all, at)
      if (typeof head === 'string') return this.#fail(head, '')
      const end = at + head.size
      if (head.size > MAX_RESPONSE_HEAD) return this.#fail('response_head_too_large', '')
      if (head.status >= 200) return this.#begin(head, all, end)
      if (head.status === 101) return this.#switch(head, all, end)
      this.#relayInterim(head)
      at = end
    }
  }

  /** The destination will send no more. */
  end(): void {
    if (!this.#body) this.#fail('upstream_closed', '')
    else if (this.#body.untilClose) this.#owner.onResponseDone()
    else this.#fail('response_truncated', '')
  }

  #awaitHead(bytes: Buffer, start: number): void {
    if (bytes.length - start > MAX_RESPONSE_HEAD) return this.#fail('response_head_too_large', '')
    if (start < bytes.length) this.#partialHead = Buffer.from(bytes.subarray(start))
  }

  /**
   * 1xx responses travel on, except to HTTP/1.0, which knows none (RFC 9110 §15.2), and without the fields that would frame
   * a body, which they never have (RFC 9112 §6).
   */
  #relayInterim(head: ResponseHead): void {
    if (++this.#interims > MAX_INTERIMS) return this.#fail('bad_response', 'too many interim responses')
    const fields = sortFields(head.lines)
    const framing = responseFraming(fields, head.status, head.minor, this.#request.method)
    if (!isFraming(framing)) return this.#fail(framing, 'framing of an interim response')
    if (this.#request.minor === 0) return
    this.#pace(this.#client.write(writeResponseHead(head.status, head.reason, withoutFraming(fields.travelling))))
  }

  /** 101: what follows is no HTTP. The destination may only choose from what it was offered, and after the whole request. */
  #switch(head: ResponseHead, bytes: Buffer, end: number): void {
    const fields = this.#sort(head)
    if (!agrees(this.#passage.upgrade, fields.upgrade) || !this.#owner.maySwitch()) {
      return this.#fail('bad_response', 'unexpected 101')
    }
    this.#note(head)
    this.#exchange.clientStatus = head.status
    this.#owner.onResponseHead()
    const lines = [...this.#kept(withoutFraming(fields.travelling)), ...upgradeLines(fields.upgrade as string)]
    this.#addLines(lines, fields, head.minor)
    this.#client.write(writeResponseHead(head.status, head.reason, lines))
    this.isAnswered = true
    this.#isOver = true
    this.#owner.onSwitched(bytes.subarray(end))
  }

  #sort(head: ResponseHead): SortedFields {
    return sortFields(head.lines, this.#passage.parts.requestIdHeader?.names)
  }

  #note(head: ResponseHead): void {
    const { annotator, keepsLines } = this.#passage.parts
    annotator?.onResponse(this.#exchange, head.lines)
    this.#exchange.upstreamStatus = head.status
    this.#exchange.protocolMinor = head.minor
    if (keepsLines) this.#exchange.responseLines = head.lines
  }

  /** All but what somebody else says of the trace id: two lines would be no id to whoever reads them. */
  #kept(lines: FieldLine[]): FieldLine[] {
    const name = this.#passage.parts.responseTraceHeader?.toLowerCase()
    return name === undefined ? lines : lines.filter((line) => !isNamed(line, name))
  }

  /** What we add for the client. A destination's own request id stays: it may be what its support asks for. */
  #addLines(lines: FieldLine[], { noted }: SortedFields, minor: 0 | 1): void {
    const { via, responseTraceHeader, requestIdHeader } = this.#passage.parts
    if (via !== undefined) lines.push(viaLine(via, minor))
    if (responseTraceHeader !== undefined) lines.push(`${responseTraceHeader}: ${this.#exchange.context?.traceId}`)
    if (requestIdHeader !== undefined && noted.length === 0) lines.push(requestIdHeader.line(this.#exchange.requestId))
  }

  #begin(head: ResponseHead, bytes: Buffer, bodyStart: number): void {
    const fields = this.#sort(head)
    const framing = responseFraming(fields, head.status, head.minor, this.#request.method)
    if (!isFraming(framing)) return this.#fail(framing, 'framing')
    if (this.#passage.proxy && head.status === PROXY_AUTHENTICATION)
      return this.#fail('upstream_proxy_refused', 'status 407')
    this.#note(head)
    const mayKeepClient = this.#owner.onResponseHead()
    const mustUnchunk = framing === 'chunked' && this.#request.minor === 0
    if (mustUnchunk) this.#content = []
    this.#body = scanBody(framing, mustUnchunk ? (from, start, end) => this.#keepContent(from, start, end) : undefined)
    this.isUpstreamReusable = isPersistent(fields, head.minor) && framing !== 'until_close'

    const lines = this.#kept(this.#request.minor === 0 ? withoutCoding(fields.travelling) : fields.travelling)
    this.#addLines(lines, fields, head.minor)
    // 426 says what to switch to.
    if (fields.upgrade !== undefined && head.status === UPGRADE_REQUIRED) lines.push(...upgradeLines(fields.upgrade))
    if (!mayKeepClient || framing === 'until_close' || mustUnchunk) lines.push('Connection: close')
    else if (this.#request.minor === 0) lines.push('Connection: keep-alive')
    this.#relayHead(writeResponseHead(head.status, head.reason, lines), this.#body, bytes, bodyStart)
  }

  /** Whether the client can't tell the end of the response but by the end of its connection. */
  get endsWithConnection(): boolean {
    return this.#content !== undefined || this.#body?.untilClose === true
  }

  #relayHead(head: string, body: BodyScan, bytes: Buffer, start: number): void {
    const end = body.scan(bytes, start)
    // The head is held back until the body behind it is known to be sound: a clear 502 beats a broken connection.
    if (end < 0) return this.#fail('bad_response', 'malformed chunk')
    this.isAnswered = true
    this.#exchange.clientStatus = this.#exchange.upstreamStatus
    const size = end - start
    if (this.#content) {
      this.#client.write(head)
      this.#flushContent(this.#content)
    } else if (size <= SMALL_BODY) {
      this.#pace(this.#client.write(size === 0 ? head : head + latin1(bytes, start, end)))
    } else {
      this.#client.write(head)
      this.#pace(this.#client.writeBytes(own(bytes.subarray(start, end))))
    }
    this.#afterBody(body, bytes, end)
  }

  #relayBody(body: BodyScan, bytes: Buffer): void {
    const end = body.scan(bytes, 0)
    if (end < 0) return this.#fail('bad_response', 'malformed chunk')
    if (this.#content) this.#flushContent(this.#content)
    else if (end > 0) this.#pace(this.#client.writeBytes(own(bytes.subarray(0, end))))
    this.#afterBody(body, bytes, end)
  }

  #afterBody(body: BodyScan, bytes: Buffer, end: number): void {
    this.#exchange.responseBodySize = body.contentSize
    if (!body.done) return
    // Bytes behind the response answer nothing: the connection can't be trusted with another request.
    if (end < bytes.length) this.isUpstreamReusable = false
    this.#isOver = true
    this.#owner.onResponseDone()
  }

  #keepContent(bytes: Buffer, start: number, end: number): void {
    this.#content?.push(own(bytes.subarray(start, end)))
  }

  #flushContent(content: Buffer[]): void {
    for (const part of content) this.#pace(this.#client.writeBytes(part))
    content.length = 0
  }

  #pace(isFree: boolean): void {
    if (!isFree) this.#upstream.pause()
  }

  #fail(fault: FaultCode, detail: string): void {
    this.#isOver = true
    this.#owner.onResponseFault(fault, detail)
  }
}

/** A head that no body follows. */
function withoutFraming(lines: readonly FieldLine[]): FieldLine[] {
  return lines.filter((line) => !isNamed(line, 'content-length') && !isNamed(line, 'transfer-encoding'))
}

/** HTTP/1.0 knows no transfer codings. */
function withoutCoding(lines: readonly FieldLine[]): FieldLine[] {
  return lines.filter((line) => !isNamed(line, 'transfer-encoding'))
}
