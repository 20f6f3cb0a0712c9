/**
 * Jaeger (https://www.jaegertracing.io/sdk-migration/#propagation-format): `uber-trace-id`, baggage in `uberctx-`.
 * OpenTelemetry's propagator fails the vectors `base case` and `8B trace id` when it writes (no parent, padded), loses
 * debug, and takes flags that are no digits.
 */
import type { Format } from './format'
import { isZero, spanIdOf, traceIdAsItCame, traceIdOf } from './ids'

const SAMPLED = 1
/** Only together with sampled. */
const DEBUG = 2
const BAGGAGE = 'uberctx-'

/** `traceid:spanid:parentid:flags`, without leading zeros if the sender likes. The parent is read by nobody. */
const uberTraceId = /^([0-9a-f]{1,32}):([0-9a-f]{1,16}):[0-9a-f]{1,16}:([0-9a-f]{1,2})$/i

export const jaeger: Format = {
  name: 'jaeger',
  key: 'jaeger',
  fields: ['uber-trace-id'],
  alsoReads: [`${BAGGAGE}*`],
  baggagePrefix: BAGGAGE,

  extract(carrier) {
    const value = carrier.one('uber-trace-id')
    if (value === undefined) return undefined
    if (value === null) return 'repeated'
    // Some clients write the colons URL-encoded.
    const parts = uberTraceId.exec(value.includes('%') ? value.replace(/%3a/gi, ':') : value)
    if (!parts) return 'malformed'
    const [, traceId = '', spanId = '', flags = ''] = parts
    if (isZero(traceId) || isZero(spanId)) return 'all_zero'
    const bits = Number.parseInt(flags, 16)
    const sampled = (bits & SAMPLED) !== 0
    return {
      traceId: traceIdOf(traceId),
      width: traceId.length <= 16 ? 16 : 32,
      spanId: spanIdOf(spanId),
      sampled,
      nuance: sampled && (bits & DEBUG) !== 0 ? 'debug' : undefined,
      baggage: carrier.entries(BAGGAGE),
    }
  },

  inject(context) {
    const flags = context.nuance === 'debug' ? '03' : context.sampled ? '01' : '00'
    const parent = context.parentSpanId ?? '0'
    const line = `uber-trace-id: ${traceIdAsItCame(context)}:${context.spanId}:${parent}:${flags}`
    if (context.format === 'jaeger' || context.baggage.length === 0) return [line]
    return [line, ...context.baggage.map((entry) => BAGGAGE + entry)]
  },

  traceIdText: traceIdAsItCame,
}
