/**
 * Node.js's own HTTP/1.x parser, llhttp, as node:http uses it: no leniency flag is set. It is reached through an internal
 * module, because a server and a client around it would cost a hundred times as much for each message.
 */
import type { Message, Stream } from './reading'

interface Parser {
  initialize(type: number, resource: object, maxHeaderSize: number, lenientFlags: number): void
  /** @returns how many bytes were taken: fewer than there are when the connection leaves HTTP */
  execute(bytes: Buffer): number | (Error & { code: string })
  finish(): undefined | (Error & { code: string })
  free(): void
  [callback: number]: unknown
}

interface ParserClass {
  new (): Parser
  readonly REQUEST: number
  readonly RESPONSE: number
  readonly kOnHeaders: number
  readonly kOnHeadersComplete: number
  readonly kOnBody: number
  readonly kOnMessageComplete: number
}

const { HTTPParser, methods } = require('node:_http_common') as { HTTPParser: ParserClass; methods: readonly string[] }

export const nodeMethods: ReadonlySet<string> = new Set(methods)

const HEADER_LIMIT = 1 << 24
const NO_LENIENCY = 0
const SKIP_BODY = 1
const LEAVE_HTTP = 2

/** Reads one connection, as it comes. */
export class NodeReader {
  readonly #parser = new HTTPParser()
  readonly #stream: Stream
  /** Whole messages, then possibly one whose head is whole. */
  readonly messages: Message[] = []
  complete = 0
  /** The code of the error that ended it. */
  error: string | undefined
  #finals = 0
  /** Field lines that came in parts: Node.js hands them over when there are many, and all trailers. */
  #parts: string[] = []
  #url = ''

  constructor(stream: Stream) {
    this.#stream = stream
    const parser = this.#parser
    parser.initialize(
      stream.side === 'requests' ? HTTPParser.REQUEST : HTTPParser.RESPONSE,
      {},
      HEADER_LIMIT,
      NO_LENIENCY,
    )
    parser[HTTPParser.kOnHeaders] = (lines: string[], url: string) => {
      this.#parts.push(...lines)
      this.#url += url
    }
    parser[HTTPParser.kOnHeadersComplete] = this.#onHead
    parser[HTTPParser.kOnBody] = (part: Buffer) => {
      const message = this.messages.at(-1) as Message
      message.body += part.toString('latin1')
    }
    parser[HTTPParser.kOnMessageComplete] = () => {
      const message = this.messages.at(-1) as Message
      message.trailers = this.#parts
      this.#parts = []
      this.#url = ''
      this.complete++
    }
  }

  /** @returns whether all the bytes were taken */
  push(bytes: Buffer): boolean {
    if (this.error !== undefined) return false
    if (bytes.length === 0) return true
    const taken = this.#parser.execute(bytes)
    if (typeof taken !== 'number') this.error = taken.code
    return taken === bytes.length
  }

  /** The connection ended. @returns whether it may end here */
  finish(): boolean {
    if (this.error === undefined) this.error = this.#parser.finish()?.code
    return this.error === undefined
  }

  free(): void {
    this.#parser.free()
  }

  readonly #onHead = (
    _major: number,
    minor: number,
    lines: string[] | undefined,
    method: number,
    url: string | undefined,
    status: number,
    reason: string,
  ): number => {
    const { side, methods: asked } = this.#stream
    const name = methods[method] as string
    const start =
      side === 'requests' ? `${name} ${this.#url || url} HTTP/1.${minor}` : `${status} ${reason} HTTP/1.${minor}`
    this.messages.push({ start, lines: lines ?? this.#parts, body: '', trailers: [] })
    this.#parts = []
    this.#url = ''
    if (side === 'requests') return name === 'CONNECT' ? LEAVE_HTTP : 0
    // As node:http's client: it knows what it asked, and that an interim response has no body.
    if (status < 200) return SKIP_BODY
    return asked[this.#finals++] === 'HEAD' ? SKIP_BODY : 0
  }
}
