/**
 * OTLP over HTTP, protobuf or JSON, by node:http. The transport is our own because OpenTelemetry's retries by itself, five
 * times within the time-out, and hides Retry-After and the status from the queue.
 */
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https'
import { createSecureContext } from 'node:tls'
import { urlToHttpOptions } from 'node:url'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { jsonOf } from '../telemetry/otlp-json'
import { RequestMaker, resourceBytes, scopeBytes } from '../telemetry/otlp-request'
import type { Batch, Exporter, SendResult, Signal } from './exporter'
import { AnswerReader, type Encoding, type HttpAnswer } from './otlp-answer'
import type { Identity, OtlpSettings } from './otlp-settings'
import { pemOf } from './otlp-tls'
import { ReasonWriter } from './reason'

const MOST_REQUEST_BYTES = 64 * 1024 * 1024
const MOST_ANSWER_BYTES = 4 * 1024 * 1024

const requests = { traces: 'TracesRequest', logs: 'LogsRequest', metrics: 'MetricsRequest' } as const
/** Headers that speak of the message or the connection are ours to write. */
const ours =
  /^(?:content-(?:type|length|encoding)|user-agent|transfer-encoding|connection|keep-alive|proxy-connection|te|trailer|upgrade|expect)$/i

const compressed = promisify(gzip)

export class OtlpHttpExporter implements Exporter {
  readonly #signal: Signal
  readonly #encoding: Encoding
  readonly #settings: OtlpSettings
  readonly #requests: RequestMaker
  readonly #headers: Readonly<Record<string, string>>
  readonly #reasons: ReasonWriter
  readonly #answers: AnswerReader
  /** Its own, so that neither the settings of other agents nor a proxy from the environment count. */
  readonly #agent: HttpAgent
  readonly #request: (options: RequestOptions) => ClientRequest
  readonly #target: RequestOptions
  readonly #underWay = new Set<Promise<SendResult>>()
  #isClosed = false

  /** @throws when a certificate file can't be read, or a header can't be sent */
  constructor(signal: Signal, encoding: Encoding, settings: OtlpSettings, { resource, scope }: Identity) {
    this.#signal = signal
    this.#encoding = encoding
    this.#settings = settings
    this.#requests = new RequestMaker(resourceBytes(resource), scopeBytes(scope.name, scope.version))
    this.#headers = {
      ...sendable(settings.headers),
      'User-Agent': `${scope.name}/${scope.version}`,
      'Content-Type': encoding === 'json' ? 'application/json' : 'application/x-protobuf',
      ...(settings.compression === 'gzip' && { 'Content-Encoding': 'gzip' }),
    }
    this.#reasons = new ReasonWriter(settings.headers)
    this.#answers = new AnswerReader(signal, encoding, this.#reasons)
    const url = new URL(settings.endpoint)
    const keep = { keepAlive: true, maxFreeSockets: 1 }
    const isSecure = url.protocol === 'https:'
    this.#agent = isSecure
      ? new HttpsAgent({ ...keep, secureContext: createSecureContext(pemOf(settings.tls)) })
      : new HttpAgent(keep)
    this.#request = isSecure ? httpsRequest : httpRequest
    const { hostname, port, path } = urlToHttpOptions(url)
    this.#target = { hostname, port, path, method: 'POST', agent: this.#agent }
  }

  async send(batch: Batch): Promise<SendResult> {
    const sent = this.#send(batch)
    this.#underWay.add(sent)
    try {
      return await sent
    } finally {
      this.#underWay.delete(sent)
    }
  }

  /** A batch that is on its way has its time. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#underWay)
    this.#agent.destroy()
  }

  async #send(batch: Batch): Promise<SendResult> {
    if (this.#isClosed) return { kind: 'retry', reason: 'the exporter is closed' }
    const start = performance.now()
    let body: Buffer | undefined
    try {
      body = await this.#bodyOf(batch)
    } catch (error) {
      return { kind: 'permanent', reason: `the batch could not be encoded: ${(error as Error).message}` }
    }
    if (body === undefined) return { kind: 'permanent', reason: 'the request is larger than 64 MiB' }
    try {
      const answer = await this.#post(body, this.#settings.timeout - (performance.now() - start))
      return this.#answers.verdictOn(answer, batch, Date.now())
    } catch (error) {
      return { kind: 'retry', reason: this.#reasons.writeFailure(wordsOf(error as Error)) }
    }
  }

  /** @returns undefined when it would be too large to be sent */
  async #bodyOf(batch: Batch): Promise<Buffer | undefined> {
    let body = this.#requests.make(batch.bytes)
    if (body.length > MOST_REQUEST_BYTES) return undefined
    if (this.#encoding === 'json') body = Buffer.from(jsonOf(requests[this.#signal], body))
    if (body.length > MOST_REQUEST_BYTES) return undefined
    return this.#settings.compression === 'gzip' ? compressed(body) : body
  }

  /** Rejects when no answer begins in time. One that began is given, whatever becomes of its body. */
  #post(body: Buffer, timeout: number): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const headers = { ...this.#headers, 'Content-Length': body.length }
      const request = this.#request({ ...this.#target, headers })
      const timeUp = () => request.destroy(new Error(`no answer within ${this.#settings.timeout} ms`))
      const timer = setTimeout(timeUp, timeout)
      request.on('error', reject)
      request.on('response', (response) => resolve(answerOf(response)))
      request.on('close', () => clearTimeout(timer))
      request.end(body)
    })
  }
}

/** @throws without the value, which is a secret */
function sendable(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers).filter(([name]) => !ours.test(name))
  for (const [name, value] of entries) {
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    } catch {
      throw new Error(`the header "${name}" can't be sent by HTTP`)
    }
  }
  return Object.fromEntries(entries)
}

async function answerOf(response: IncomingMessage): Promise<HttpAnswer> {
  const { statusCode: status = 0, headers } = response
  const chunks: Buffer[] = []
  let size = 0
  let flaw: HttpAnswer['flaw'] = ''
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > MOST_ANSWER_BYTES) {
        flaw = 'too large'
        break
      }
      chunks.push(chunk)
    }
  } catch {
    flaw = 'broken off'
  }
  return { status, headers, body: flaw === '' ? Buffer.concat(chunks) : Buffer.alloc(0), flaw }
}

/** A host with several addresses fails with one error for each, and no words of its own. */
function wordsOf(error: Error): string {
  const words = error instanceof AggregateError ? error.errors.map(({ message }) => message).join('; ') : error.message
  return words || error.name
}
