/** What a collector's answer over HTTP means for the batch, by the rules of the OTLP specification. */
import { type IncomingHttpHeaders, STATUS_CODES } from 'node:http'
import { type JsonObject, objectOf } from '../telemetry/otlp-json'
import type { MessageName } from '../telemetry/otlp-messages'
import type { Batch, SendResult, Signal } from './exporter'
import { answers, objectIn, taken } from './partial-success'
import type { ReasonWriter } from './reason'

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Why the body is not all that was sent; empty when it is. */
  readonly flaw: '' | 'too large' | 'broken off'
}

export type Encoding = 'protobuf' | 'json'

const retryable: ReadonlySet<number> = new Set([429, 502, 503, 504])

export class AnswerReader {
  readonly #signal: Signal
  readonly #encoding: Encoding
  readonly #reasons: ReasonWriter

  /** @param encoding that of the requests: answers that don't name theirs have the same */
  constructor(signal: Signal, encoding: Encoding, reasons: ReasonWriter) {
    this.#signal = signal
    this.#encoding = encoding
    this.#reasons = reasons
  }

  /**
   * The status decides. What the body says beyond it, or that it can't be read, is in the reason.
   * @param now Unix milliseconds
   */
  verdictOn(answer: HttpAnswer, batch: Batch, now: number): SendResult {
    const { status, headers } = answer
    if (status >= 200 && status <= 299) return this.#taken(answer, batch)
    const reason = this.#reasonOf(answer)
    // The specification has it that an answer over the limit is never a reason to try again.
    if (!retryable.has(status) || answer.flaw === 'too large') return { kind: 'permanent', reason }
    const after = retryAfter(headers['retry-after'], now)
    return { kind: 'retry', reason, ...(after !== undefined && { after }) }
  }

  #taken(answer: HttpAnswer, batch: Batch): SendResult {
    const content = this.#contentOf(answer, answers[this.#signal])
    if (content !== undefined) return taken(content, this.#signal, batch, this.#reasons)
    const flaw = answer.flaw || `not OTLP (${answer.headers['content-type'] ?? 'without a content type'})`
    return { kind: 'ok', rejected: 0, reason: this.#reasons.write(`taken, but the collector's answer is ${flaw}`) }
  }

  #reasonOf(answer: HttpAnswer): string {
    const { status, headers } = answer
    const words = `HTTP ${status} ${STATUS_CODES[status] ?? ''}`.trim()
    if (status >= 300 && status <= 399) {
      return this.#reasons.write(`${words}: redirects are not followed${targetOf(headers.location)}`)
    }
    const message = this.#reasons.write(this.#messageOf(answer))
    return message === '' ? words : `${words}: ${message}`
  }

  /** What the collector says of an error: a google.rpc.Status, or else text. */
  #messageOf(answer: HttpAnswer): string {
    if (answer.flaw === 'too large') return 'the answer is too large'
    const { message, error } = this.#contentOf(answer, 'RpcStatus') ?? {}
    for (const words of [message, error, objectIn(error).message]) {
      if (typeof words === 'string' && words !== '') return words
    }
    return /^text\/|json$/.test(typeOf(answer)) ? answer.body.toString() : ''
  }

  /** The body as an object, with the names of OTLP/JSON; undefined when it can't be read. */
  #contentOf({ headers, body, flaw }: HttpAnswer, message: MessageName): JsonObject | undefined {
    if (flaw !== '') return undefined
    if (body.length === 0) return {}
    const type = typeOf({ headers }) || `application/${this.#encoding}`
    try {
      if (/^application\/(?:x-)?protobuf$/.test(type)) return objectOf(message, body)
      const content: unknown = type === 'application/json' ? JSON.parse(body.toString()) : undefined
      return typeof content === 'object' && content !== null && !Array.isArray(content)
        ? (content as JsonObject)
        : undefined
    } catch {
      return undefined
    }
  }
}

function typeOf({ headers }: Pick<HttpAnswer, 'headers'>): string {
  return headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? ''
}

/** Where a redirect leads, without what may be secret in it. */
function targetOf(location: string | undefined): string {
  if (location === undefined || !URL.canParse(location)) return ''
  const { origin, pathname } = new URL(location)
  return ` (to ${origin}${pathname})`
}

/** Seconds or an HTTP date, RFC 9110 section 10.2.3, as milliseconds from now. */
function retryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined
  if (/^\d+$/.test(text)) return Number(text) * 1000
  // A date begins with a day of the week. The oldest of its three forms does not name its zone, which is GMT.
  const time = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(/ GMT$/.test(text) ? text : `${text} GMT`) : Number.NaN
  return Number.isNaN(time) ? undefined : Math.max(0, time - now)
}
