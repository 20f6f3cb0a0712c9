/**
 * AWS X-Ray (https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader).
 * OpenTelemetry's propagator fails the vector `with spaces`, refuses `Sampled=?`, no decision and no parent, and drops
 * members of others.
 */
import { trimSpace } from '../model/field-line'
import type { TraceContext } from '../model/trace-context'
import type { Arrival, BareDecision, Format, Rejection } from './format'
import { isZero } from './ids'

const HEADER = 'x-amzn-trace-id'

const rootDigits = /^1-([0-9a-f]{8})-([0-9a-f]{24})$/i
const parentDigits = /^[0-9a-f]{16}$/i

export const aws: Format = {
  name: 'aws',
  key: 'aws',
  fields: [HEADER],

  extract(carrier) {
    const value = carrier.one(HEADER)
    if (value === undefined) return undefined
    return value === null ? 'repeated' : read(membersOf(value))
  },

  inject(context, carrier) {
    const root = traceIdText(context)
    const line = `${HEADER}: Root=${root};Parent=${context.spanId};Sampled=${context.sampled ? '1' : '0'}`
    const before = carrier.one(HEADER)
    return [typeof before === 'string' ? line + othersOf(before, root) : line]
  },

  traceIdText,
}

function traceIdText({ traceId }: TraceContext): string {
  return `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`
}

interface Member {
  readonly key: string
  readonly value: string
}

function membersOf(header: string): Member[] {
  return header.split(';').map((part) => {
    const equals = part.indexOf('=')
    return equals < 0
      ? { key: trimSpace(part), value: '' }
      : { key: trimSpace(part.slice(0, equals)), value: trimSpace(part, equals + 1) }
  })
}

/** In any order. A load balancer sends a root without a parent. */
function read(members: readonly Member[]): Arrival | BareDecision | Rejection {
  let root: string | undefined
  let spanId: string | undefined
  let decision: string | undefined
  for (const { key, value } of members) {
    if (key === 'Root') {
      if (root !== undefined) return 'repeated'
      root = value
    } else if (key === 'Parent') {
      if (spanId !== undefined) return 'repeated'
      spanId = value
    } else if (key === 'Sampled') {
      if (decision !== undefined) return 'repeated'
      decision = value
    }
  }
  // A question mark asks for a decision.
  if (decision !== undefined && !/^[01?]$/.test(decision)) return 'malformed'
  const sampled = decision === undefined || decision === '?' ? undefined : decision === '1'
  if (root === undefined) return sampled === undefined ? 'incomplete' : { traceId: undefined, sampled }
  const digits = rootDigits.exec(root)
  if (!digits || (spanId !== undefined && !parentDigits.test(spanId))) return 'malformed'
  const traceId = `${digits[1]}${digits[2]}`.toLowerCase()
  if (isZero(traceId) || (spanId !== undefined && isZero(spanId))) return 'all_zero'
  return { traceId, width: 32, spanId: spanId?.toLowerCase(), sampled }
}

/** What else the header says of the same trace goes on: `Lineage`, which stops loops, and members of applications. */
function othersOf(header: string, root: string): string {
  const members = membersOf(header)
  if (!members.some(({ key, value }) => key === 'Root' && value.toLowerCase() === root)) return ''
  let others = ''
  for (const { key, value } of members) {
    if (value !== '' && !/^(?:Root|Parent|Sampled|Self)$/.test(key)) others += `;${key}=${value}`
  }
  return others
}
