/**
 * B3 (https://github.com/openzipkin/b3-propagation): reads `b3` and the several `x-b3-` headers, writes the several. It
 * owns both layouts: whoever reads B3 prefers `b3`, and would take a stale one for the truth. OpenTelemetry's propagator
 * fails the vectors `8-byte trace id`, `sampled set via flags` and `sampling decision only`, takes an open decision for
 * no, and writes no parent.
 */
import { trimSpace } from '../model/field-line'
import { b3Single, readSingle } from './b3-single'
import type { Arrival, BareDecision, Carrier, Decision, Format, Rejection } from './format'
import { readIdPair, traceIdAsItCame } from './ids'

const traceIdDigits = /^[0-9a-f]{16}(?:[0-9a-f]{16})?$/i
const spanIdDigits = /^[0-9a-f]{16}$/i

export const b3: Format = {
  name: 'b3',
  key: 'b3',
  fields: ['x-b3-traceid', 'x-b3-spanid', 'x-b3-parentspanid', 'x-b3-sampled', 'x-b3-flags', 'b3'],
  layouts: [b3Single],

  extract(carrier) {
    return join(b3Single.extract(carrier), readSeveral(carrier))
  },

  inject(context) {
    const lines = [`x-b3-traceid: ${traceIdAsItCame(context)}`, `x-b3-spanid: ${context.spanId}`]
    if (context.parentSpanId !== undefined) lines.push(`x-b3-parentspanid: ${context.parentSpanId}`)
    // Debug implies the decision.
    lines.push(context.nuance === 'debug' ? 'x-b3-flags: 1' : context.sampled ? 'x-b3-sampled: 1' : 'x-b3-sampled: 0')
    return lines
  },

  traceIdText: traceIdAsItCame,
}

/** Where an operator lists `b3` by name, it is also read from a member `b3=` of tracestate when no B3 header is there. */
export const b3WithTraceState: Format = {
  ...b3,
  alsoReads: ['tracestate'],
  extract: (carrier) => b3.extract(carrier) ?? readTraceState(carrier),
}

type Found = Arrival | BareDecision | Rejection | undefined

function isContext(found: Found): found is Arrival {
  return typeof found === 'object' && found.traceId !== undefined
}

/** What `b3` says counts before what the several headers say, but for debug: whoever asks for that gets it. */
function join(single: Found, several: Found): Found {
  if (single === undefined || several === undefined) return single ?? several
  if (typeof single === 'string') return typeof several === 'string' ? several : { ...several, also: single }
  if (typeof several === 'string') return { ...single, also: several }
  if (isContext(single)) return isContext(several) ? { ...single, also: several } : single
  if (several.nuance === 'debug') return several
  return isContext(several) ? { ...several, sampled: single.sampled, nuance: single.nuance } : single
}

function readSeveral(carrier: Carrier): Found {
  const traceId = carrier.one('x-b3-traceid')
  const spanId = carrier.one('x-b3-spanid')
  const parent = carrier.one('x-b3-parentspanid')
  const decision = readDecision(carrier)
  if (typeof decision === 'string') return decision
  if (traceId === undefined && spanId === undefined && parent === undefined) {
    if (decision === undefined) return undefined
    const { sampled } = decision
    return sampled === undefined ? 'malformed' : { ...decision, traceId: undefined, sampled }
  }
  if (parent === null) return 'repeated'
  const ids = readIdPair(traceId, spanId, traceIdDigits)
  if (typeof ids === 'string') return ids
  if (parent !== undefined && !spanIdDigits.test(parent)) return 'malformed'
  return { ...ids, sampled: undefined, ...decision }
}

const open: Decision = { sampled: undefined, also: 'malformed_decision' }

function readDecision(carrier: Carrier): Decision | 'repeated' | undefined {
  const flags = carrier.one('x-b3-flags')
  const sampled = carrier.one('x-b3-sampled')
  if (flags === null || sampled === null) return 'repeated'
  if (flags === '1') return { sampled: true, nuance: 'debug' }
  switch (sampled) {
    case '1':
    case 'true':
      return { sampled: true }
    case '0':
    case 'false':
      return { sampled: false }
    case undefined:
      // Other flags say nothing.
      return undefined
    default:
      return open
  }
}

function readTraceState(carrier: Carrier): Found {
  for (const list of carrier.values('tracestate')) {
    for (const part of list.split(',')) {
      const member = trimSpace(part)
      if (member.startsWith('b3=')) return readSingle(member.slice(3))
    }
  }
  return undefined
}
