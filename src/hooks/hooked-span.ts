/** The spans that hooks get: the API's `Span`, its ids those of the exchange, writing what is set into notes beside the facts. */
import {
  type Attributes,
  type AttributeValue,
  createTraceState,
  type Exception,
  type Link,
  type SpanContext,
  type SpanOptions,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
} from '@opentelemetry/api'
import { type SpanKind, spanKinds, type AttributeValue as Value } from '../model/attribute'
import type { Random } from '../model/clock'
import { type Exchange, timeOf } from '../model/exchange'
import type {
  ExtraSpan,
  SpanEvent,
  SpanExtras,
  SpanLink,
  SpanNotes,
  SpanStatus as Status,
  StatusName,
} from '../model/span-extras'
import { type TraceContext, traceFlagsOf } from '../model/trace-context'
import {
  cleanAttributes,
  cleanText,
  cleanTime,
  cleanValue,
  isHex,
  isKey,
  MOST,
  Room,
  SPAN_ID_DIGITS,
  sizeOf,
  TRACE_ID_DIGITS,
} from './clean'
import type { HookRequest, HookSpan } from './public'

const SPAN_ID_BYTES = 8
/** OTLP counts kinds from one, for unspecified is the first there. */
const KIND_OFFSET = 1

const statusNames: Readonly<Record<SpanStatusCode, StatusName>> = {
  [SpanStatusCode.UNSET]: 'unset',
  [SpanStatusCode.OK]: 'ok',
  [SpanStatusCode.ERROR]: 'error',
}

class Notes implements SpanNotes {
  name: string | undefined = undefined
  status: Status | undefined = undefined
  readonly attributes = new Map<string, Value>()
  readonly events: SpanEvent[] = []
  readonly links: SpanLink[] = []
  droppedAttributes = 0
  droppedEvents = 0
  droppedLinks = 0
}

class Child implements ExtraSpan {
  readonly id: string
  readonly parentId: string
  readonly startMark: number
  endMark = 0
  kind: SpanKind = spanKinds.internal
  readonly notes = new Notes()
  readonly #firstName: string

  constructor(id: string, parentId: string, startMark: number, name: string) {
    this.id = id
    this.parentId = parentId
    this.startMark = startMark
    this.#firstName = name
  }

  get name(): string {
    return this.notes.name ?? this.#firstName
  }
}

/** An exchange as hooks know it. */
export class HookedExchange implements SpanExtras {
  readonly exchange: Exchange
  readonly context: TraceContext
  readonly random: Random
  readonly room = new Room()
  readonly notes = new Notes()
  readonly children: Child[] = []
  droppedChildren = 0
  readonly request: HookRequest
  readonly span: HookSpan
  droppedBy: string | undefined = undefined
  /** Nothing is taken any more. */
  isOver = false

  constructor(exchange: Exchange, context: TraceContext, random: Random, request: HookRequest) {
    this.exchange = exchange
    this.context = context
    this.random = random
    this.request = request
    this.span = new HookedSpan(this, this.notes, undefined)
  }

  /** The Unix time that the user says, else that of now. */
  unix(time: TimeInput | undefined): number {
    // As in OpenTelemetry's SDK: what is too early for a date is a mark of `performance.now`.
    const isMark = typeof time === 'number' && time < performance.timeOrigin
    const unix = isMark ? timeOf(this.exchange, time) : millisecondsOf(time)
    // What is set when the exchange is over belongs to its end.
    return cleanTime(unix) ?? timeOf(this.exchange, this.exchange.endMark || performance.now())
  }

  mark(time: TimeInput | undefined): number {
    const { startMark, startTime } = this.exchange
    return startMark + (this.unix(time) - startTime)
  }
}

class HookedSpan implements HookSpan {
  readonly #of: HookedExchange
  readonly #notes: Notes
  /** Undefined for the exchange's own span. */
  readonly #child: Child | undefined

  constructor(of: HookedExchange, notes: Notes, child: Child | undefined) {
    this.#of = of
    this.#notes = notes
    this.#child = child
  }

  spanContext(): SpanContext {
    const { context } = this.#of
    const { traceId, spanId, traceState } = context
    return {
      traceId,
      spanId: this.#child?.id ?? spanId,
      traceFlags: traceFlagsOf(context),
      ...(traceState !== undefined && { traceState: createTraceState(traceState) }),
    }
  }

  isRecording(): boolean {
    const { context, isOver, droppedBy } = this.#of
    const hasEnded = this.#child !== undefined && this.#child.endMark !== 0
    return context.sampled && !isOver && droppedBy === undefined && !hasEnded
  }

  setAttribute(key: string, given: AttributeValue): this {
    if (!this.isRecording()) return this
    const { attributes } = this.#notes
    const value = cleanValue(given)
    const isNew = isKey(key) && !attributes.has(key)
    if (value === undefined || !isKey(key) || (isNew && attributes.size >= MOST)) this.#notes.droppedAttributes++
    else if (this.#of.room.take(key.length + sizeOf(value))) attributes.set(key, value)
    else this.#notes.droppedAttributes++
    return this
  }

  setAttributes(attributes: Attributes): this {
    for (const [key, value] of Object.entries(attributes)) if (value !== undefined) this.setAttribute(key, value)
    return this
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (!this.isRecording()) return this
    const text = cleanText(name)
    if (this.#notes.events.length >= MOST || !this.#of.room.take(text.length)) {
      this.#notes.droppedEvents++
      return this
    }
    const isTime = isTimeInput(attributesOrTime)
    this.#notes.events.push({
      name: text,
      time: this.#of.unix(isTime ? attributesOrTime : time),
      attributes: cleanAttributes(isTime ? undefined : attributesOrTime, this.#of.room),
    })
    return this
  }

  addLink({ context, attributes }: Link): this {
    if (!this.isRecording()) return this
    const { traceId, spanId } = context
    if (this.#notes.links.length >= MOST || !isHex(traceId, TRACE_ID_DIGITS) || !isHex(spanId, SPAN_ID_DIGITS))
      this.#notes.droppedLinks++
    else this.#notes.links.push({ traceId, spanId, attributes: cleanAttributes(attributes, this.#of.room) })
    return this
  }

  addLinks(links: Link[]): this {
    for (const link of links) this.addLink(link)
    return this
  }

  /** `UNSET` changes nothing, as the specification wants it. */
  setStatus({ code, message }: SpanStatus): this {
    const name = statusNames[code]
    if (!this.isRecording() || name === undefined || name === 'unset') return this
    this.#notes.status = { code: name, message: name === 'error' && message !== undefined ? cleanText(message) : '' }
    return this
  }

  updateName(name: string): this {
    if (this.isRecording()) this.#notes.name = cleanText(name)
    return this
  }

  recordException(exception: Exception, time?: TimeInput): void {
    // Whatever a rejection brings may come here: nothing, as well.
    const { name, code, message, stack }: ErrorParts =
      typeof exception === 'string' ? { message: exception } : (exception ?? {})
    const type = code ?? name
    this.addEvent(
      'exception',
      {
        ...(type !== undefined && { 'exception.type': String(type) }),
        ...(message !== undefined && { 'exception.message': String(message) }),
        ...(stack !== undefined && { 'exception.stacktrace': String(stack) }),
      },
      time,
    )
  }

  /** The exchange's own span ends with it, and not before. */
  end(time?: TimeInput): void {
    const child = this.#child
    if (child && this.isRecording()) child.endMark = Math.max(this.#of.mark(time), child.startMark)
  }

  /** Beyond the bound it can be asked for its ids, and takes nothing. */
  startSpan(name: string, { kind, attributes, links, startTime }: SpanOptions = {}): HookSpan {
    const of = this.#of
    const parentId = this.#child?.id ?? of.context.spanId
    const child = new Child(of.random.hex(SPAN_ID_BYTES), parentId, of.mark(startTime), cleanText(name))
    const span = new HookedSpan(of, child.notes, child)
    if (!this.isRecording() || of.children.length >= MOST || !of.room.take(child.name.length)) {
      child.endMark = child.startMark
      if (this.isRecording()) of.droppedChildren++
      return span
    }
    if (kind !== undefined && isSpanKind(kind + KIND_OFFSET)) child.kind = (kind + KIND_OFFSET) as SpanKind
    of.children.push(child)
    if (attributes) span.setAttributes(attributes)
    if (links) span.addLinks(links)
    return span
  }
}

function millisecondsOf(time: TimeInput | undefined): number | undefined {
  if (Array.isArray(time)) return Number(time[0]) * 1000 + Number(time[1]) / 1e6
  return time instanceof Date ? time.getTime() : time
}

interface ErrorParts {
  readonly name?: string
  readonly code?: string | number
  readonly message?: string
  readonly stack?: string
}

function isTimeInput(value: unknown): value is TimeInput {
  return typeof value === 'number' || value instanceof Date || (Array.isArray(value) && value.length === 2)
}

function isSpanKind(kind: number): boolean {
  return Number.isInteger(kind) && kind >= spanKinds.internal && kind <= spanKinds.consumer
}
