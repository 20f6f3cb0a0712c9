/** What hooks see of an exchange: the record, read-only. */
import { type Exchange, waitTime } from '../model/exchange'
import { faultOf } from '../model/fault'
import { type FieldLine, fieldValueOf, isNamed, nameOf, valuesOf } from '../model/field-line'
import type { HookError, HookHeaders, HookRequest, HookResponse } from './public'

const noLines: readonly FieldLine[] = []

class Headers implements HookHeaders {
  readonly #lines: readonly FieldLine[]

  constructor(lines: readonly FieldLine[] = noLines) {
    this.#lines = lines
  }

  get(name: string): string | undefined {
    const lower = name.toLowerCase()
    const line = this.#lines.find((each) => isNamed(each, lower))
    return line === undefined ? undefined : fieldValueOf(line)
  }

  getAll(name: string): string[] {
    return valuesOf(this.#lines, name.toLowerCase())
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  *[Symbol.iterator](): Iterator<readonly [string, string]> {
    for (const line of this.#lines) yield [nameOf(line), fieldValueOf(line)]
  }
}

export class RequestView implements HookRequest {
  readonly #exchange: Exchange
  #headers: Headers | undefined

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  get id(): string {
    return this.#exchange.requestId
  }

  get traceId(): string {
    return this.#exchange.context?.traceId ?? ''
  }

  get method(): string {
    return this.#exchange.method
  }

  get url(): string {
    return this.#exchange.url ?? ''
  }

  get destination(): { readonly host: string; readonly port: number } {
    const { host = '', port = 0 } = this.#exchange.destination ?? {}
    return { host, port }
  }

  get headers(): HookHeaders {
    this.#headers ??= new Headers(this.#exchange.requestLines)
    return this.#headers
  }

  get isTunnel(): boolean {
    return this.#exchange.isTunnel
  }

  get clientAddress(): string {
    return this.#exchange.clientAddress
  }

  get startTime(): number {
    return this.#exchange.startTime
  }
}

export class ResponseView implements HookResponse {
  readonly #exchange: Exchange
  #headers: Headers | undefined

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  get status(): number {
    return this.#exchange.upstreamStatus
  }

  get headers(): HookHeaders {
    this.#headers ??= new Headers(this.#exchange.responseLines)
    return this.#headers
  }

  get requestBodySize(): number {
    return this.#exchange.requestBodySize
  }

  get bodySize(): number {
    return this.#exchange.responseBodySize
  }

  get timings(): HookResponse['timings'] {
    const { dnsTime, connectTime, responseHeadMark, startMark, endMark } = this.#exchange
    return {
      dns: dnsTime,
      connect: connectTime,
      wait: waitTime(this.#exchange),
      receive: endMark - responseHeadMark,
      total: endMark - startMark,
    }
  }
}

/** What went wrong; undefined when nothing did. */
export function errorOf({ fault }: Exchange): HookError | undefined {
  if (fault === undefined) return undefined
  const { words, cancelled } = faultOf(fault)
  return { name: fault, message: words, isCancelled: cancelled === true }
}
