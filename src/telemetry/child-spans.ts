/**
 * The phases of an exchange as child spans, derived from its marks: nothing is recorded for them that the record does not
 * hold anyway. Their ids follow from that of the exchange's span, so that the same record gives the same spans.
 */
import type { Attribute, SpanKind } from '../model/attribute'
import { type Exchange, type FailedAttempt, startOfAttempt } from '../model/exchange'
import type { FaultCode } from '../model/fault'
import type { Phase } from '../model/phase'
import type { SpanNotes } from '../model/span-extras'
import { errorTypeOf } from './outcome'

export interface ChildSpan {
  readonly name: string
  /** 16 hexadecimal digits. */
  readonly id: string
  readonly parentId: string
  /** On the clock of the exchange's marks. */
  readonly startMark: number
  readonly endMark: number
  readonly attributes: readonly Attribute[]
  /** The `error.type`, if it failed. */
  readonly error: string | undefined
  /** Internal unless it says otherwise. */
  readonly kind?: SpanKind
  /** What the user's code set. */
  readonly notes?: SpanNotes
}

const dnsFaults: readonly (FaultCode | undefined)[] = ['dns_failure', 'dns_timeout']
const connectFaults: readonly (FaultCode | undefined)[] = [
  'connection_refused',
  'unreachable',
  'connect_failure',
  'connect_timeout',
]

/** The child spans of a finished exchange that has a trace context, in the order of their beginning. */
export function childSpans(exchange: Exchange, wanted: ReadonlySet<Phase>): readonly ChildSpan[] {
  const own = exchange.context?.spanId ?? ''
  const children: ChildSpan[] = []
  const add = (phase: Phase, parentId: string, child: Omit<ChildSpan, 'name' | 'id' | 'parentId'>): string => {
    const id = childId(own, children.length + 1)
    if (wanted.has(phase)) children.push({ name: phase, id, parentId, ...child })
    return wanted.has(phase) ? id : parentId
  }
  for (const [index, attempt] of exchange.formerAttempts.entries()) {
    add('upstream', own, {
      ...attempt,
      attributes: peerOf(attempt.peerAddress, attempt.peerPort, index),
      error: attempt.fault,
    })
  }
  if (exchange.attempts > 0) addLastAttempt(exchange, own, add)
  return children
}

/** The child spans that the user's code made. */
export function extraSpans({ extras, endMark }: Exchange): readonly ChildSpan[] {
  if (extras === undefined || extras.children.length === 0) return noChildren
  return extras.children.map((child) => ({
    name: child.name,
    id: child.id,
    parentId: child.parentId,
    startMark: child.startMark,
    endMark: child.endMark || Math.max(endMark, child.startMark),
    attributes: [],
    error: undefined,
    kind: child.kind,
    notes: child.notes,
  }))
}

const noChildren: readonly ChildSpan[] = []

type Add = (phase: Phase, parentId: string, child: Omit<ChildSpan, 'name' | 'id' | 'parentId'>) => string

function addLastAttempt(exchange: Exchange, own: string, add: Add): void {
  const { fault, dnsTime, connectTime, responseHeadMark, endMark, destination } = exchange
  const start = startOfAttempt(exchange)
  const peer = peerOf(exchange.peerAddress, exchange.peerPort, exchange.formerAttempts.length)
  const attempt = add('upstream', own, {
    startMark: start,
    endMark,
    attributes: [
      ...peer,
      ...(exchange.upstreamStatus > 0 ? [{ key: 'http.response.status_code', value: exchange.upstreamStatus }] : []),
    ],
    error: errorTypeOf(exchange),
  })
  const isUnresolved = dnsFaults.includes(fault)
  const resolved = dnsTime === undefined ? start : start + dnsTime
  if (dnsTime !== undefined || isUnresolved) {
    add('dns', attempt, {
      startMark: start,
      endMark: isUnresolved ? endMark : resolved,
      attributes: [{ key: 'dns.question.name', value: destination?.host ?? '' }],
      error: isUnresolved ? fault : undefined,
    })
  }
  const isUnconnected = connectTime === undefined && connectFaults.includes(fault)
  if (connectTime !== undefined || isUnconnected) {
    add('connect', attempt, {
      startMark: resolved,
      endMark: isUnconnected ? endMark : resolved + (connectTime ?? 0),
      attributes: [...peer.filter(({ key }) => key.startsWith('network.')), { key: 'network.transport', value: 'tcp' }],
      error: isUnconnected ? fault : undefined,
    })
  }
  if (responseHeadMark === 0) return
  const sent = Math.min(exchange.requestSentMark || responseHeadMark, responseHeadMark)
  add('wait', attempt, { startMark: sent, endMark: responseHeadMark, attributes: [], error: undefined })
  add('receive', attempt, { startMark: responseHeadMark, endMark, attributes: [], error: undefined })
}

/** @param resend how often the request had been sent before */
function peerOf(address: FailedAttempt['peerAddress'], port: number, resend: number): Attribute[] {
  return [
    ...(address === undefined
      ? []
      : [
          { key: 'network.peer.address', value: address },
          { key: 'network.peer.port', value: port },
        ]),
    ...(resend > 0 ? [{ key: 'http.request.resend_count', value: resend }] : []),
  ]
}

/** The id of the child with this number: the parent's, mixed with it so that no two are likely to meet. */
export function childId(parent: string, number: number): string {
  const step = BigInt(number) * 0x9e37_79b9_7f4a_7c15n
  return BigInt.asUintN(64, BigInt(`0x${parent || '0'}`) ^ step)
    .toString(16)
    .padStart(16, '0')
}
