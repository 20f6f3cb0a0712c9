/**
 * Lets a propagator of OpenTelemetry serve as a format. Not loaded unless somebody brings one. None of our own formats is
 * made this way: the published propagators (2.12) were held against the vectors and rules, and each fails some; the file
 * of the format says which. Measured, they also take one to two times as long to extract and four times or more to inject.
 */
import {
  createTraceState,
  ROOT_CONTEXT,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api'
import { type FieldLine, isNamed } from '../model/field-line'
import { traceFlags, traceFlagsOf } from '../model/trace-context'
import type { Arrival, Carrier, Format, Rejection } from './format'
import { isZero } from './ids'
import { combineTraceState } from './tracestate'

const traceIdDigits = /^[0-9a-f]{32}$/
const spanIdDigits = /^[0-9a-f]{16}$/
const isSafe = /^[\t\x20-\x7e\x80-\xff]*$/

/** Several lines arrive as a list. */
class Getter implements TextMapGetter<Carrier> {
  readonly #fields: readonly string[]

  constructor(fields: readonly string[]) {
    this.#fields = fields
  }

  keys(): string[] {
    return [...this.#fields]
  }

  get(carrier: Carrier, key: string): string | string[] | undefined {
    const values = carrier.values(key.toLowerCase())
    return values.length > 1 ? [...values] : values[0]
  }
}

/** To set a header again replaces it. What would break out of its line is not written, nor what is no text, nor a header that is not the format's. */
class Setter implements TextMapSetter<FieldLine[]> {
  readonly #fields: readonly string[]

  constructor(fields: readonly string[]) {
    this.#fields = fields
  }

  set(lines: FieldLine[], key: string, value: string): void {
    // Code without types has numbers and flags as well; "undefined" would tell the destination nothing.
    if (value === undefined || typeof value === 'object') return
    const name = key.toLowerCase()
    if (!this.#fields.includes(name) || !isSafe.test(value)) return
    const former = lines.findIndex((line) => isNamed(line, name))
    lines[former < 0 ? lines.length : former] = `${key}: ${value}`
  }
}

/**
 * What the propagator throws is taken for 'no context' when it reads; when it writes, its headers stay as they are.
 * @param name as it is to be listed
 * @param names of the headers that it reads and writes, where its own list is not the whole truth
 */
export function adapt(name: string, propagator: TextMapPropagator, names = propagator.fields()): Format {
  const fields = names.map((field) => field.toLowerCase())
  const getter = new Getter(fields)
  const setter = new Setter(fields)
  return {
    name,
    key: name,
    fields,
    isAdapted: true,

    extract(carrier) {
      if (fields.every((field) => carrier.one(field) === undefined)) return undefined
      try {
        const span = trace.getSpanContext(propagator.extract(ROOT_CONTEXT, carrier, getter))
        return span ? arrivalOf(span) : 'malformed'
      } catch {
        return 'malformed'
      }
    },

    inject(context, carrier) {
      const { traceId, spanId, traceState } = context
      const span: SpanContext = { traceId, spanId, traceFlags: traceFlagsOf(context) }
      if (traceState !== undefined) span.traceState = createTraceState(traceState)
      const lines: FieldLine[] = []
      try {
        propagator.inject(trace.setSpanContext(ROOT_CONTEXT, span), lines, setter)
      } catch {
        return fields.flatMap((field) => carrier.lines(field))
      }
      return lines
    },

    traceIdText: ({ traceId }) => traceId,
  }
}

function arrivalOf({ traceId, spanId, traceFlags: flags, traceState }: SpanContext): Arrival | Rejection {
  if (!traceIdDigits.test(traceId) || !spanIdDigits.test(spanId)) return 'malformed'
  if (isZero(traceId) || isZero(spanId)) return 'all_zero'
  return {
    traceId,
    width: 32,
    spanId,
    sampled: (flags & traceFlags.sampled) !== 0,
    random: (flags & traceFlags.random) !== 0,
    traceState: combineTraceState([traceState?.serialize() ?? '']),
  }
}
