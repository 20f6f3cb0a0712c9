/** Node's own parser as a second reader: what our scan lets through, it must read the same way. */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { Duplex } from 'node:stream'
import { sortFields } from '../../src/http/field-sort'
import { isFraming, requestFraming } from '../../src/http/framing'
import { scanBody } from '../../src/http1/body'
import { readRequestHead } from '../../src/http1/read-head'
import { type Seeded, seeded } from '../support/random'
import { chunkedMessage, mutated } from './scans'

interface Request {
  readonly method: string
  readonly url: string
  readonly headers: readonly string[]
  readonly trailers: readonly string[]
  readonly body: string
}

/** What Node makes of the bytes of a connection that then ends: whole requests, and the code of an error. */
interface Verdict {
  readonly requests: readonly Request[]
  readonly error: string | undefined
}

/** A connection without a network. What is written to it goes nowhere. */
class Wire extends Duplex {
  override _read(): void {}

  override _write(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    done()
  }
}

class NodeParser {
  readonly #server: Server
  readonly #open = new Map<Duplex, { readonly requests: Request[]; readonly settle: (error?: string) => void }>()

  constructor() {
    this.#server = createServer({ requireHostHeader: false })
    const take = (message: IncomingMessage) => this.#take(message)
    this.#server.on('request', take)
    this.#server.on('checkContinue', take)
    this.#server.on('checkExpectation', take)
    this.#server.on('upgrade', take)
    this.#server.on('connect', take)
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      this.#open.get(socket)?.settle(error.code ?? error.message)
    })
  }

  read(bytes: Buffer): Promise<Verdict> {
    return new Promise((resolve) => {
      const wire = new Wire()
      const requests: Request[] = []
      const settle = (error?: string) => {
        if (!this.#open.delete(wire)) return
        wire.destroy()
        resolve({ requests, error })
      }
      this.#open.set(wire, { requests, settle })
      this.#server.emit('connection', wire)
      wire.push(bytes)
      wire.push(null)
      wire.on('end', () => setImmediate(settle))
    })
  }

  #take(message: IncomingMessage): void {
    const open = this.#open.get(message.socket)
    let body = ''
    message.on('data', (part: Buffer) => {
      body += part.toString('latin1')
    })
    message.on('error', () => {})
    message.on('end', () => {
      const { method = '', url = '', rawHeaders: headers, rawTrailers: trailers } = message
      open?.requests.push({ method, url, headers, trailers, body })
    })
  }
}

const parser = new NodeParser()
const next = Buffer.from('GET /next HTTP/1.1\r\nHost: a\r\n\r\n', 'latin1')

/** A message as we read it. */
interface Ours {
  readonly url: string
  readonly lines: readonly string[]
  readonly body: string
  /** The body with its framing, if that is chunks. */
  readonly chunks: string | undefined
  readonly end: number
}

/** Reads one whole request as the proxy does; undefined when any station refuses it or its end does not come. */
function readOurs(bytes: Buffer): Ours | undefined {
  const head = readRequestHead(bytes, 0)
  if (head === undefined || typeof head === 'string') return undefined
  const framing = requestFraming(sortFields(head.lines), head.minor)
  if (!isFraming(framing)) return undefined
  let body = ''
  const scan = scanBody(framing, (from, start, end) => {
    body += from.toString('latin1', start, end)
  })
  const end = scan.scan(bytes, head.size)
  if (end < 0 || !scan.done) return undefined
  if (typeof framing === 'number') body = bytes.toString('latin1', head.size, end)
  const chunks = framing === 'chunked' ? bytes.toString('latin1', head.size, end) : undefined
  return { url: head.target, lines: head.lines, body, chunks, end }
}

/** Names and values in turn, as Node lists them. */
const raw = (lines: readonly string[]) =>
  lines.flatMap((line) => [
    line.slice(0, line.indexOf(':')),
    line.slice(line.indexOf(':') + 1).replace(/^[ \t]+|[ \t]+$/g, ''),
  ])

interface Comparison {
  accepted: number
  readonly differences: unknown[]
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
/** `chunk-ext` of RFC 9112 §7.1.1 without white space. */
const extensions = new RegExp(`^(?:;${token}(?:=(?:${token}|"(?:[^"\\\\]|\\\\.)*"))?)*$`)

/**
 * Whether the extensions of a message that was accepted are by the grammar. We pass them on unread, as RFC 9112 §7.1.1
 * asks of recipients that don't know them; Node reads them, and is not asked about those that it would refuse.
 */
function hasGoodExtensions(chunks: string): boolean {
  for (let at = 0; ; ) {
    const lineEnd = chunks.indexOf('\r\n', at)
    const [, size = '', rest = ''] = /^([0-9A-Fa-f]+)(.*)$/s.exec(chunks.slice(at, lineEnd)) ?? []
    if (!extensions.test(rest)) return false
    const length = Number.parseInt(size, 16)
    if (length === 0) return true
    at = lineEnd + 2 + length + 2
  }
}

/** Compares the readers. What follows is a request of its own, which Node finds only if both saw the same end. */
async function compare(bytes: Buffer, result: Comparison): Promise<void> {
  const ours = readOurs(Buffer.concat([bytes, next]))
  if (!ours) return
  const message = Buffer.concat([bytes, next]).subarray(0, ours.end)
  if (ours.chunks !== undefined && !hasGoodExtensions(ours.chunks)) return
  result.accepted++
  const { requests, error } = await parser.read(Buffer.concat([message, next]))
  const [first, second] = requests
  const same =
    error === undefined &&
    requests.length === 2 &&
    first?.url === ours.url &&
    first.body === ours.body &&
    JSON.stringify(first.headers) === JSON.stringify(raw(ours.lines)) &&
    second?.url === '/next'
  if (!same) result.differences.push({ text: message.toString('latin1'), error, requests, body: ours.body })
}

const headOf = (...lines: string[]) =>
  Buffer.from(`POST /first HTTP/1.1\r\nHost: a\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1')

function chunked(random: Seeded, spoil: boolean): Buffer {
  const { bytes } = chunkedMessage(random)
  return Buffer.concat([headOf('Transfer-Encoding: chunked'), spoil ? mutated(random, bytes) : bytes])
}

function withLength(random: Seeded, spoil: boolean): Buffer {
  const body = random.text(random.integer(0, 60), 'ab\r\n0: \xff')
  const length = spoil && random.chance(0.3) ? random.integer(0, 80) : body.length
  return Buffer.concat([headOf(`Content-Length: ${length}`), Buffer.from(body, 'latin1')])
}

const REQUEST_LINE = 'POST /first HTTP/1.1\r\n'.length

/** A whole message with its head spoilt, framing fields among the lines. */
function spoiltHead(random: Seeded): Buffer {
  const lines = Array.from({ length: random.integer(1, 4) }, () =>
    random.pick([
      'Transfer-Encoding: chunked',
      'Content-Length: 5',
      'X-A: b',
      'Transfer-Encoding:\tChunked ',
      'Connection: keep-alive',
      'Content-Length:0',
      'X:',
    ]),
  )
  const body = random.pick(['5\r\nhello\r\n0\r\n\r\n', 'hello', '', '0\r\n\r\n'])
  // Node knows a list of methods only, so the request line stays whole.
  const [requestLine, rest] = [headOf(...lines).subarray(0, REQUEST_LINE), headOf(...lines).subarray(REQUEST_LINE)]
  return Buffer.concat([requestLine, mutated(random, rest), Buffer.from(body, 'latin1')])
}

describe('what our scan accepts, Node accepts and reads the same', () => {
  test.each<[number, string, (random: Seeded) => Buffer, number]>([
    [41, 'well-formed chunked messages', (random) => chunked(random, false), 1500],
    [42, 'well-formed messages with a length', (random) => withLength(random, false), 500],
    [43, 'spoilt chunked messages', (random) => chunked(random, true), 6000],
    [44, 'messages of another length than they say', (random) => withLength(random, true), 1000],
    [45, 'messages with a spoilt head', spoiltHead, 6000],
  ])(
    'seed %i: %s',
    async (seed, _name, make, count) => {
      const random = seeded(seed)
      const result: Comparison = { accepted: 0, differences: [] }
      for (let i = 0; i < count; i++) await compare(make(random), result)
      expect(result.differences).toEqual([])
      expect(result.accepted).toBeGreaterThan(count / 20)
    },
    60_000,
  )

  test('the oracle tells a difference', async () => {
    expect(await parser.read(Buffer.concat([headOf('Content-Length: 3'), Buffer.from('abc'), next]))).toMatchObject({
      error: undefined,
      requests: [{ url: '/first', body: 'abc' }, { url: '/next' }],
    })
    const bad = Buffer.concat([headOf('Transfer-Encoding: chunked'), Buffer.from('2\r\nabc\r\n0\r\n\r\n'), next])
    expect((await parser.read(bad)).error).toMatch(/^HPE_/)
    const short = Buffer.concat([headOf('Content-Length: 300'), next])
    expect((await parser.read(short)).requests).toEqual([])
  })
})

test('every well-formed chunked message is accepted by both', async () => {
  const random = seeded(46)
  for (let i = 0; i < 300; i++) {
    const { bytes, content } = chunkedMessage(random)
    const message = Buffer.concat([headOf('Transfer-Encoding: chunked'), bytes])
    expect(readOurs(message)).toMatchObject({ body: content, end: message.length })
    expect((await parser.read(message)).requests).toMatchObject([{ body: content }])
  }
})
