/**
 * What happened before in a trace: its newest exchanges, for the events of failed requests. All traces share one ring of fixed
 * memory, the oldest exchange giving way to the newest. It keeps numbers and bytes, not strings: those would keep the whole
 * heads alive that they were cut from.
 */
import type { Exchange } from '../model/exchange'
import { type FaultCode, faultCodes, faultNumbers } from '../model/fault'
import type { TraceContext } from '../model/trace-context'
import { nibbles } from './protobuf'

/** An exchange of the same trace that was over before. */
export interface Breadcrumb {
  /** Unix milliseconds of its start. */
  readonly time: number
  readonly spanId: string
  /** As the span has it: `_OTHER` for one that is not known. */
  readonly method: string
  /** Without its query. */
  readonly url: string
  /** 0 when no response came. */
  readonly status: number
  readonly fault: FaultCode | undefined
  /** Milliseconds. */
  readonly duration: number
}

export interface BreadcrumbBounds {
  /** Exchanges that are kept, of all traces together. A power of two. */
  readonly exchanges: number
  /** Bytes that their URLs may take. */
  readonly bytes: number
  /** Milliseconds after which an exchange is no breadcrumb any more. */
  readonly age: number
}

/** Characters that are kept of a URL. */
const LONGEST_URL = 512
/** 32-bit words of a trace id, and of a span id. */
const TRACE_WORDS = 4
const SPAN_WORDS = 2
const DIGITS = 8

export class Breadcrumbs {
  readonly #bounds: BreadcrumbBounds
  readonly #mask: number
  // By the exchange's number, modulo their size.
  readonly #times: Float64Array
  readonly #ends: Float64Array
  readonly #durations: Float64Array
  readonly #traces: Int32Array
  readonly #spans: Int32Array
  readonly #statuses: Uint16Array
  readonly #faults: Uint8Array
  readonly #methods: Uint16Array
  /** Where the URL begins, counted from the first byte ever written; its length. */
  readonly #urlStarts: Float64Array
  readonly #urlSizes: Uint16Array
  /** The number of the exchange before in the same chain, plus one; 0 for none. */
  readonly #former: Float64Array
  /** The newest exchange of each chain, plus one. A chain holds the traces of one hash. */
  readonly #chains: Float64Array
  readonly #urls: Buffer
  #urlEnd = 0
  /** Numbers of the oldest exchange that is kept, and of the next one. */
  #oldest = 0
  #next = 0
  readonly #methodNames: string[] = []
  /** Exchanges that had to go before their time. */
  evicted = 0

  constructor(bounds: BreadcrumbBounds) {
    const { exchanges, bytes } = bounds
    this.#bounds = bounds
    this.#mask = exchanges - 1
    this.#times = new Float64Array(exchanges)
    this.#ends = new Float64Array(exchanges)
    this.#durations = new Float64Array(exchanges)
    this.#traces = new Int32Array(exchanges * TRACE_WORDS)
    this.#spans = new Int32Array(exchanges * SPAN_WORDS)
    this.#statuses = new Uint16Array(exchanges)
    this.#faults = new Uint8Array(exchanges)
    this.#methods = new Uint16Array(exchanges)
    this.#urlStarts = new Float64Array(exchanges)
    this.#urlSizes = new Uint16Array(exchanges)
    this.#former = new Float64Array(exchanges)
    this.#chains = new Float64Array(exchanges)
    this.#urls = Buffer.alloc(bytes)
  }

  /** Exchanges that are kept at the moment. */
  get kept(): number {
    return this.#next - this.#oldest
  }

  /** Keeps a finished exchange. A trace that starts here has one exchange only: it is nobody's breadcrumb. */
  add(exchange: Exchange): void {
    const { context, url } = exchange
    if (context === undefined || context.format === undefined || url === undefined) return
    const urlSize = sizeWithoutQuery(url)
    const urlStart = this.#roomFor(urlSize, exchange.endMark)
    this.#urls.write(url, urlStart % this.#bounds.bytes, urlSize, 'latin1')
    this.#urlEnd = urlStart + urlSize
    const at = this.#next & this.#mask
    this.#urlStarts[at] = urlStart
    this.#urlSizes[at] = urlSize
    this.#times[at] = exchange.startTime
    this.#ends[at] = exchange.endMark
    this.#durations[at] = exchange.endMark - exchange.startMark
    this.#statuses[at] = exchange.upstreamStatus
    this.#faults[at] = exchange.fault === undefined ? 0 : (faultNumbers.get(exchange.fault) as number)
    this.#methods[at] = this.#methodNumber(exchange.knownMethod)
    this.#noteIds(context, at)
    const chain = this.#chainOf(this.#traces, at * TRACE_WORDS)
    this.#former[at] = this.#chains[chain] as number
    this.#chains[chain] = ++this.#next
  }

  /** The newest exchanges of its trace, `count` of them at most, the oldest first. */
  of(exchange: Exchange, count: number): Breadcrumb[] {
    const found: Breadcrumb[] = []
    const { context, endMark } = exchange
    if (context === undefined) return found
    const trace = Array.from({ length: TRACE_WORDS }, (_, i) => word(context.traceId, i * DIGITS))
    let number = (this.#chains[this.#chainOf(trace, 0)] as number) - 1
    while (number >= this.#oldest && found.length < count) {
      const at = number & this.#mask
      if (endMark - (this.#ends[at] as number) > this.#bounds.age) break
      if (trace.every((each, i) => each === this.#traces[at * TRACE_WORDS + i])) found.push(this.#read(at))
      number = (this.#former[at] as number) - 1
    }
    return found.reverse()
  }

  #read(at: number): Breadcrumb {
    const start = (this.#urlStarts[at] as number) % this.#bounds.bytes
    const fault = this.#faults[at] as number
    return {
      time: this.#times[at] as number,
      spanId: hex(this.#spans[at * SPAN_WORDS] as number) + hex(this.#spans[at * SPAN_WORDS + 1] as number),
      method: this.#methodNames[this.#methods[at] as number] as string,
      url: this.#urls.toString('latin1', start, start + (this.#urlSizes[at] as number)),
      status: this.#statuses[at] as number,
      fault: fault === 0 ? undefined : faultCodes[fault - 1],
      duration: this.#durations[at] as number,
    }
  }

  /** Makes room for one exchange more. @returns where its URL begins: it is not cut in two by the end of the memory */
  #roomFor(size: number, now: number): number {
    const { bytes } = this.#bounds
    const left = bytes - (this.#urlEnd % bytes)
    const start = size > left ? this.#urlEnd + left : this.#urlEnd
    if (this.kept > this.#mask) this.#forgetOldest(now)
    while (this.kept > 0 && start + size - (this.#urlStarts[this.#oldest & this.#mask] as number) > bytes)
      this.#forgetOldest(now)
    return start
  }

  #forgetOldest(now: number): void {
    if (now - (this.#ends[this.#oldest & this.#mask] as number) <= this.#bounds.age) this.evicted++
    this.#oldest++
  }

  #noteIds({ traceId, spanId }: TraceContext, at: number): void {
    for (let i = 0; i < TRACE_WORDS; i++) this.#traces[at * TRACE_WORDS + i] = word(traceId, i * DIGITS)
    for (let i = 0; i < SPAN_WORDS; i++) this.#spans[at * SPAN_WORDS + i] = word(spanId, i * DIGITS)
  }

  /** By the half of the trace id that all formats fill. @param first where the id begins in `words` */
  #chainOf(words: ArrayLike<number>, first: number): number {
    return ((words[first + 2] as number) ^ (words[first + 3] as number)) & this.#mask
  }

  #methodNumber(method: string): number {
    const known = this.#methodNames.indexOf(method)
    return known >= 0 ? known : this.#methodNames.push(method) - 1
  }
}

function sizeWithoutQuery(url: string): number {
  const query = url.indexOf('?')
  return Math.min(query < 0 ? url.length : query, LONGEST_URL)
}

/** Eight hexadecimal digits as a number of 32 bits. Without a loop it takes a third of the time. */
function word(digits: string, start: number): number {
  return (
    (nibble(digits, start) << 28) |
    (nibble(digits, start + 1) << 24) |
    (nibble(digits, start + 2) << 20) |
    (nibble(digits, start + 3) << 16) |
    (nibble(digits, start + 4) << 12) |
    (nibble(digits, start + 5) << 8) |
    (nibble(digits, start + 6) << 4) |
    nibble(digits, start + 7)
  )
}

function nibble(digits: string, at: number): number {
  return nibbles[digits.charCodeAt(at)] as number
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(DIGITS, '0')
}
