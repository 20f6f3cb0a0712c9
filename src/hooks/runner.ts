/**
 * The user's code (`--hooks`), called where it wants to be. A hook that throws or answers nonsense is counted, and the exchange goes
 * on as if it had not been called; what it had set before stays.
 */
import type { Logger } from '../log/logger'
import type { Random } from '../model/clock'
import type { Exchange } from '../model/exchange'
import { adapt } from '../propagation/adapter'
import type { Format } from '../propagation/format'
import type { Metric } from '../telemetry/metrics'
import type { ProtobufWriter } from '../telemetry/protobuf'
import { readEvent, writeEventData } from './event-data'
import type { Fields } from './fields'
import { Guard } from './guard'
import { type Change, writeEntry } from './hooked-queue'
import { HookedExchange } from './hooked-span'
import type { HookModule } from './module'
import { watched } from './propagator'
import type { Nothing } from './public'
import { readSpan, writeSpanData } from './span-data'
import { errorOf, RequestView, ResponseView } from './views'

export class Hooks {
  readonly #module: HookModule
  readonly #random: Random
  readonly guard: Guard
  /** Of the module's propagators. */
  readonly formats: readonly Format[]

  constructor(module: HookModule, random: Random, log: Pick<Logger, 'warn'>) {
    this.#module = module
    this.#random = random
    this.guard = new Guard(log)
    const { onRequest, onResponse, beforeSpan, beforeEvent, propagators } = module
    for (const [name, hook] of Object.entries({ onRequest, onResponse, beforeSpan, beforeEvent }))
      if (hook) this.guard.add(name)
    this.formats = [...propagators].map(([name, propagator]) => adapt(name, watched(name, propagator, this.guard)))
  }

  /** Whether exchanges have to keep the lines of their heads. */
  get readsLines(): boolean {
    return this.hearsRequests || this.#module.onResponse !== undefined
  }

  get exporters(): HookModule['exporters'] {
    return this.#module.exporters
  }

  get hearsRequests(): boolean {
    return this.#module.onRequest !== undefined
  }

  get changesSpans(): boolean {
    return this.#module.beforeSpan !== undefined
  }

  get changesEvents(): boolean {
    return this.#module.beforeEvent !== undefined
  }

  /** The exchange has a trace context, and its request has not left. */
  onRequest(exchange: Exchange): void {
    const { onRequest } = this.#module
    const hooked = this.#hooked(exchange)
    if (!onRequest || !hooked) return
    const start = performance.now()
    try {
      this.#heed('onRequest', hooked, onRequest(hooked.span, hooked.request))
    } catch (error) {
      this.guard.failed('onRequest', error)
    }
    this.guard.took('onRequest', start)
  }

  /** The exchange is over: nothing can be set any more once this returns. */
  onEnd(exchange: Exchange): void {
    const { onResponse } = this.#module
    if (onResponse) this.#onResponse(exchange, onResponse)
    const hooked = exchange.extras as HookedExchange | undefined
    if (hooked) hooked.isOver = true
  }

  #onResponse(exchange: Exchange, onResponse: NonNullable<HookModule['onResponse']>): void {
    const hooked = this.#hooked(exchange)
    if (!hooked) return
    const start = performance.now()
    try {
      const response = exchange.upstreamStatus === 0 ? undefined : new ResponseView(exchange)
      this.#heed('onResponse', hooked, onResponse(hooked.span, hooked.request, response, errorOf(exchange)))
    } catch (error) {
      this.guard.failed('onResponse', error)
    }
    this.guard.took('onResponse', start)
  }

  #heed(name: 'onRequest' | 'onResponse', hooked: HookedExchange, answer: unknown): void {
    if (answer === false) hooked.droppedBy ??= name
    else if (answer !== undefined) this.guard.watch(name, answer)
  }

  /** @returns undefined for an exchange that has no span: it was refused */
  #hooked(exchange: Exchange): HookedExchange | undefined {
    const { context, extras } = exchange
    if (extras) return extras as HookedExchange
    if (!context) return undefined
    const hooked = new HookedExchange(exchange, context, this.#random, new RequestView(exchange))
    exchange.extras = hooked
    return hooked
  }

  /** Appends what `beforeSpan` makes of an encoded span. */
  readonly changeSpan: Change = (bytes, to) =>
    this.#change('beforeSpan', bytes, to, readSpan, this.#module.beforeSpan, writeSpanData)

  /** Appends what `beforeEvent` makes of an encoded log record. */
  readonly changeEvent: Change = (bytes, to) =>
    this.#change('beforeEvent', bytes, to, readEvent, this.#module.beforeEvent, writeEventData)

  /** @returns false where the hook wants no entry. What it makes a mess of goes as it was. */
  #change<T extends object>(
    name: string,
    bytes: Buffer,
    to: ProtobufWriter,
    read: (bytes: Buffer) => { readonly data: T; readonly fields: Fields },
    hook: ((data: T) => T | null | Nothing) | undefined,
    write: (to: ProtobufWriter, data: T, fields: Fields) => void,
  ): boolean {
    const start = performance.now()
    const { size } = to
    try {
      const { data, fields } = read(bytes)
      const answer = hook?.(data)
      if (answer !== null) write(to, this.#answered(name, answer, data), fields)
      return answer !== null
    } catch (error) {
      this.guard.failed(name, error)
      to.rewind(size)
      writeEntry(to, bytes)
      return true
    } finally {
      this.guard.took(name, start)
    }
  }

  /** @param data what it was given, and may have changed */
  #answered<T>(name: string, answer: T | Nothing, data: T): T {
    if (answer === undefined) return data
    this.guard.watch(name, answer)
    if (typeof answer !== 'object' || answer === null || 'then' in answer) throw new TypeError(`${name} ${NONSENSE}`)
    return answer
  }

  metrics(): Metric[] {
    return this.guard.metrics()
  }
}

const NONSENSE = 'returned neither what it was given, changed or not, nor null'
