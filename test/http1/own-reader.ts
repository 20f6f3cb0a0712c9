/**
 * Our codec put together as the proxy does it (`proxy/client-connection`, `proxy/road`, `proxy/response-relay`), without
 * sockets: it reads one connection, as its bytes come.
 */
import { sortFields } from '../../src/http/field-sort'
import { type Framing, isFraming, isPersistent, requestFraming, responseFraming } from '../../src/http/framing'
import { TargetReader } from '../../src/http/target'
import { type BodyScan, scanBody } from '../../src/http1/body'
import { readRequestHead, readResponseHead, skipEmptyLines } from '../../src/http1/read-head'
import type { FaultCode } from '../../src/model/fault'
import { type Message, raw, type Stream } from './reading'

/** A connection goes on, or ends with the message before, or becomes a tunnel, or a fault ended it. */
export type Verdict = 'open' | 'last' | 'tunnel' | FaultCode

const targets = new TargetReader()

export class OwnReader {
  readonly #stream: Stream
  readonly messages: Message[] = []
  /** Where each whole message ends among the bytes of the connection; one that ends with the connection is not told. */
  readonly ends: number[] = []
  verdict: Verdict = 'open'
  /** A message whose head is read, and whose body is not at its end. */
  partial: Message | undefined
  /** Whether the end of the connection came where it may. */
  mayEnd = false
  #finals = 0
  #waiting: Buffer | undefined
  /** Of the bytes at hand, the place of the first among those of the connection. */
  #base = 0
  #received = 0
  #body: BodyScan | undefined
  #isChunked = false
  /** The body of the present message as it came. */
  #wire = ''
  /** What the verdict is behind the present message. */
  #after: Verdict = 'open'

  constructor(stream: Stream) {
    this.#stream = stream
  }

  push(piece: Buffer): void {
    const bytes = this.#waiting ? Buffer.concat([this.#waiting, piece]) : piece
    this.#base = this.#received - (this.#waiting?.length ?? 0)
    this.#received += piece.length
    this.#waiting = undefined
    let at = 0
    while (this.verdict === 'open' && at < bytes.length) {
      const end = this.#body ? this.#readBody(this.#body, bytes, at) : this.#readHead(bytes, at)
      if (end < 0) break
      at = end
    }
  }

  /** The connection ended. */
  finish(): void {
    if (this.#body?.untilClose) this.#endMessage()
    this.mayEnd = this.verdict === 'last' || (this.verdict === 'open' && !this.#body && !this.#waiting)
  }

  /** Whether something was refused. */
  get isFaulty(): boolean {
    return this.verdict !== 'open' && this.verdict !== 'last' && this.verdict !== 'tunnel'
  }

  /** @returns the index behind the head, or -1 when there is no more to read */
  #readHead(bytes: Buffer, from: number): number {
    const isRequest = this.#stream.side === 'requests'
    const at = isRequest ? skipEmptyLines(bytes, from) : from
    if (at === bytes.length) return at
    const size = isRequest ? this.#readRequest(bytes, at) : this.#readResponse(bytes, at)
    if (size === undefined) this.#waiting = bytes.subarray(at)
    else if (typeof size === 'string') this.verdict = size
    else {
      if (this.#body?.done) this.#endMessage(at + size)
      return at + size
    }
    return -1
  }

  #readRequest(bytes: Buffer, at: number): number | FaultCode | undefined {
    const head = readRequestHead(bytes, at)
    if (head === undefined || typeof head === 'string') return head
    const target = targets.read(head.method, head.target)
    // The codec's part is done; that a forward proxy has no use for the origin form is another matter.
    if (typeof target === 'string' && target !== 'origin_form') return target
    const fields = sortFields(head.lines)
    const framing = requestFraming(fields, head.minor)
    if (!isFraming(framing)) return framing
    const isTunnel = head.method === 'CONNECT'
    if (isTunnel && framing !== 0) return 'bad_framing'
    this.#after = isTunnel ? 'tunnel' : isPersistent(fields, head.minor) ? 'open' : 'last'
    this.#begin(`${head.method} ${head.target} HTTP/1.${head.minor}`, head.lines, framing)
    return head.size
  }

  #readResponse(bytes: Buffer, at: number): number | FaultCode | undefined {
    const head = readResponseHead(bytes, at)
    if (head === undefined || typeof head === 'string') return head
    if (head.status === 101) return 'bad_response'
    const isInterim = head.status < 200
    const fields = sortFields(head.lines)
    const method = isInterim ? '' : (this.#stream.methods[this.#finals++] ?? 'GET')
    const framing = responseFraming(fields, head.status, head.minor, method)
    if (!isFraming(framing)) return framing
    // A final response follows an interim one, whatever Connection says there.
    this.#after = isInterim || isPersistent(fields, head.minor) ? 'open' : 'last'
    if (framing === 'until_close') this.#after = 'last'
    this.#begin(`${head.status} ${head.reason} HTTP/1.${head.minor}`, head.lines, framing)
    return head.size
  }

  #begin(start: string, lines: readonly string[], framing: Framing): void {
    const message: Message = { start, lines: raw(lines), body: '', trailers: [] }
    this.partial = message
    this.#wire = ''
    this.#body = scanBody(framing, (bytes, from, to) => {
      message.body += bytes.toString('latin1', from, to)
    })
    this.#isChunked = framing === 'chunked'
  }

  /** @returns the index behind what belongs to the body, or -1 when there is no more to read */
  #readBody(body: BodyScan, bytes: Buffer, at: number): number {
    const end = body.scan(bytes, at)
    if (end < 0) {
      this.verdict = this.#stream.side === 'requests' ? 'bad_body' : 'bad_response'
      return -1
    }
    const text = bytes.toString('latin1', at, end)
    if (this.#isChunked) this.#wire += text
    else (this.partial as Message).body += text
    if (body.done) this.#endMessage(end)
    return end
  }

  #endMessage(end?: number): void {
    const message = this.partial as Message
    if (this.#isChunked) message.trailers = trailersOf(this.#wire)
    this.messages.push(message)
    if (end !== undefined) this.ends.push(this.#base + end)
    this.partial = undefined
    this.#body = undefined
    this.verdict = this.#after
  }
}

/** The trailers of a whole chunked body. */
function trailersOf(wire: string): string[] {
  let at = 0
  for (;;) {
    const size = Number.parseInt(wire.slice(at), 16)
    at = wire.indexOf('\r\n', at) + 2
    if (size === 0) return raw(wire.slice(at).split('\r\n').slice(0, -2))
    at += size + 2
  }
}
