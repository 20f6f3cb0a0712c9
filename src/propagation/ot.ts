/** OpenTracing's basic tracers (https://opentelemetry.io/docs/specs/otel/compatibility/ot-trace/): `ot-tracer-*`. */
import type { TraceContext } from '../model/trace-context'
import type { Format } from './format'
import { readIdPair } from './ids'

const BAGGAGE = 'ot-baggage-'

/** Basic tracers leave leading zeros out. */
const traceIdDigits = /^[0-9a-f]{1,32}$/i

export const ot: Format = {
  name: 'ot',
  key: 'ot',
  fields: ['ot-tracer-traceid', 'ot-tracer-spanid', 'ot-tracer-sampled'],
  alsoReads: [`${BAGGAGE}*`],
  baggagePrefix: BAGGAGE,

  extract(carrier) {
    const traceId = carrier.one('ot-tracer-traceid')
    const spanId = carrier.one('ot-tracer-spanid')
    const decision = carrier.one('ot-tracer-sampled')
    if (decision === null) return 'repeated'
    const sampled = readDecision(decision)
    if (traceId === undefined && spanId === undefined) {
      if (decision === undefined) return undefined
      return sampled === undefined ? 'malformed' : { traceId: undefined, sampled }
    }
    const ids = readIdPair(traceId, spanId, traceIdDigits, false)
    if (typeof ids === 'string') return ids
    const also = decision !== undefined && sampled === undefined ? 'malformed_decision' : undefined
    return { ...ids, sampled, also, baggage: carrier.entries(BAGGAGE) }
  },

  inject(context) {
    const lines = [
      `ot-tracer-traceid: ${traceIdText(context)}`,
      `ot-tracer-spanid: ${context.spanId}`,
      context.sampled ? 'ot-tracer-sampled: 1' : 'ot-tracer-sampled: 0',
    ]
    if (context.format !== 'ot') for (const entry of context.baggage) lines.push(BAGGAGE + entry)
    return lines
  },

  traceIdText,
}

/** 64 bits by convention, unless it came in wider. */
function traceIdText({ traceId, width }: TraceContext): string {
  return width === 32 ? traceId : traceId.slice(16)
}

function readDecision(value: string | undefined): boolean | undefined {
  if (value === '1' || value === 'true') return true
  return value === '0' || value === 'false' ? false : undefined
}
