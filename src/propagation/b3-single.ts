/**
 * B3 in one header (https://github.com/openzipkin/b3-propagation#single-header): `b3`. OpenTelemetry's propagator fails the
 * vectors `8-byte trace id` and `all fields` when it writes, takes an open decision for no, and takes a malformed parent for none.
 */
import type { Arrival, BareDecision, Format, Rejection } from './format'
import { isZero, traceIdAsItCame, traceIdOf } from './ids'

/** `traceid-spanid[-decision[-parentid]]`. */
const single = /^([0-9a-f]{16}(?:[0-9a-f]{16})?)-([0-9a-f]{16})(?:-([01d])(?:-[0-9a-f]{16})?)?$/i

export const b3Single: Format = {
  name: 'b3-single',
  key: 'b3',
  fields: ['b3'],

  extract(carrier) {
    const value = carrier.one('b3')
    if (value === undefined) return undefined
    return value === null ? 'repeated' : readSingle(value)
  },

  inject(context) {
    const decision = context.nuance === 'debug' ? 'd' : context.sampled ? '1' : '0'
    const parent = context.parentSpanId === undefined ? '' : `-${context.parentSpanId}`
    return [`b3: ${traceIdAsItCame(context)}-${context.spanId}-${decision}${parent}`]
  },

  traceIdText: traceIdAsItCame,
}

/** Reads the value of the header `b3`. */
export function readSingle(value: string): Arrival | BareDecision | Rejection {
  if (value === '0') return { traceId: undefined, sampled: false }
  if (value === '1') return { traceId: undefined, sampled: true }
  if (value === 'd') return { traceId: undefined, sampled: true, nuance: 'debug' }
  const parts = single.exec(value)
  if (!parts) return 'malformed'
  const [, traceId = '', spanId = '', decision] = parts
  // The letter of the decision is a word, not a digit: it has one case.
  if (decision === 'D') return 'malformed'
  if (isZero(traceId) || isZero(spanId)) return 'all_zero'
  const sampled = decision === undefined ? undefined : decision !== '0'
  return {
    traceId: traceIdOf(traceId),
    width: traceId.length === 16 ? 16 : 32,
    spanId: spanId.toLowerCase(),
    sampled,
    nuance: decision === 'd' ? 'debug' : undefined,
    layout: b3Single,
  }
}
