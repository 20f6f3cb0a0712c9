/**
 * W3C Trace Context, level 2 (https://www.w3.org/TR/trace-context-2/): `traceparent` and `tracestate`. OpenTelemetry's
 * propagator passes the vectors, but takes the first of several traceparent lines and rewrites the spaces of tracestate.
 */
import { traceFlags, traceFlagsOf } from '../model/trace-context'
import type { Format } from './format'
import { isZero } from './ids'
import { combineTraceState } from './tracestate'

/** `version-traceid-parentid-flags`: 2, 32, 16 and 2 lower-case hexadecimal digits. */
const LENGTH = 55

const traceparent = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/

export const w3c: Format = {
  name: 'w3c',
  key: 'w3c',
  fields: ['traceparent', 'tracestate'],

  extract(carrier) {
    const value = carrier.one('traceparent')
    if (value === undefined) return undefined
    if (value === null) return 'repeated'
    const parts = traceparent.exec(value)
    if (!parts) return 'malformed'
    const [, version = '', traceId = '', spanId = '', flags = ''] = parts
    if (version === 'ff') return 'unknown_version'
    // A later version may carry more, and is read by its first four fields (§3.2.4).
    if (version === '00' && value.length !== LENGTH) return 'malformed'
    if (isZero(traceId) || isZero(spanId)) return 'all_zero'
    const bits = Number.parseInt(flags, 16)
    const states = carrier.values('tracestate')
    const traceState = combineTraceState(states)
    return {
      traceId,
      width: 32,
      spanId,
      sampled: (bits & traceFlags.sampled) !== 0,
      random: (bits & traceFlags.random) !== 0,
      traceState,
      also: traceState === undefined && states.some((state) => state !== '') ? 'malformed_tracestate' : undefined,
    }
  },

  inject(context) {
    const parent = `traceparent: 00-${context.traceId}-${context.spanId}-0${traceFlagsOf(context)}`
    return context.traceState === undefined ? [parent] : [parent, `tracestate: ${context.traceState}`]
  },

  traceIdText: ({ traceId }) => traceId,
}
