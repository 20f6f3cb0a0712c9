/**
 * Datadog (https://docs.datadoghq.com/tracing/trace_collection/trace_context_propagation/): 64-bit decimal ids; the upper
 * half of a longer trace id is the tag `_dd.p.tid` in `x-datadog-tags`. Other tags and `x-datadog-origin` pass through.
 */
import { type FieldLine, fieldValueOf, trimSpace } from '../model/field-line'
import type { TraceContext } from '../model/trace-context'
import type { Arrival, BareDecision, Carrier, Decision, Format, Rejection } from './format'
import { decimalOf, hexOf } from './ids'

const TAGS = 'x-datadog-tags'
const UPPER = '_dd.p.tid='
const ZERO = '0000000000000000'

const upperTag = /(?:^|,)[ \t]*_dd\.p\.tid=([^,]*)/
const upperDigits = /^[0-9a-f]{16}$/
/** Above zero is keep, else drop; the tracers of users write 2 and -1. */
const priorityDigits = /^-?[0-9]{1,3}$/

export const datadog: Format = {
  name: 'datadog',
  key: 'datadog',
  fields: ['x-datadog-trace-id', 'x-datadog-parent-id', 'x-datadog-sampling-priority', TAGS],

  extract(carrier): Arrival | BareDecision | Rejection | undefined {
    const traceText = carrier.one('x-datadog-trace-id')
    const parentText = carrier.one('x-datadog-parent-id')
    const priority = carrier.one('x-datadog-sampling-priority')
    if (traceText === null || parentText === null || priority === null) return 'repeated'
    const decision = readPriority(priority)
    if (traceText === undefined) {
      if (decision.sampled !== undefined) return { ...decision, traceId: undefined, sampled: decision.sampled }
      if (priority !== undefined) return 'malformed'
      return parentText === undefined ? undefined : 'incomplete'
    }
    const lower = hexOf(traceText)
    // A parent of zero is none: the trace began without a span.
    const spanId = parentText === undefined ? ZERO : hexOf(parentText)
    if (lower === undefined || spanId === undefined) return 'malformed'
    if (lower === ZERO) return 'all_zero'
    const upper = readUpper(carrier)
    return {
      traceId: (upper ?? ZERO) + lower,
      width: upper === undefined ? 16 : 32,
      spanId: spanId === ZERO ? undefined : spanId,
      ...decision,
    }
  },

  inject(context, carrier) {
    const lines = [
      `x-datadog-trace-id: ${traceIdText(context)}`,
      `x-datadog-parent-id: ${decimalOf(context.spanId)}`,
      `x-datadog-sampling-priority: ${priorityOf(context)}`,
    ]
    const upper = context.traceId.slice(0, 16)
    for (const line of tagLines(carrier.lines(TAGS), upper === ZERO ? undefined : upper)) lines.push(line)
    return lines
  },

  traceIdText,
}

function traceIdText({ traceId }: TraceContext): string {
  return decimalOf(traceId.slice(16))
}

const undecided: Decision = { sampled: undefined }
const illegible: Decision = { sampled: undefined, also: 'malformed_decision' }
const kept: Decision = { sampled: true }
const dropped: Decision = { sampled: false }
const keptByUser: Decision = { sampled: true, nuance: 'user' }
const droppedByUser: Decision = { sampled: false, nuance: 'user' }

function readPriority(text: string | undefined): Decision {
  if (text === undefined) return undecided
  if (!priorityDigits.test(text)) return illegible
  const priority = Number(text)
  if (priority === 2) return keptByUser
  if (priority === -1) return droppedByUser
  return priority > 0 ? kept : dropped
}

function priorityOf({ sampled, nuance }: TraceContext): string {
  if (nuance === 'user') return sampled ? '2' : '-1'
  return sampled ? '1' : '0'
}

/** The tags of all lines as one list. */
function tagsOf(lines: readonly FieldLine[]): string {
  return lines.length === 1 ? fieldValueOf(lines[0] as FieldLine) : lines.map(fieldValueOf).join(',')
}

/** The upper half of the trace id; undefined when there is none, or not one. */
function readUpper(carrier: Carrier): string | undefined {
  const digits = upperTag.exec(tagsOf(carrier.lines(TAGS)))?.[1]
  return digits !== undefined && upperDigits.test(digits) && digits !== ZERO ? digits : undefined
}

/** The lines of tags with this upper half on them, and left alone where it is there already. */
function tagLines(lines: readonly FieldLine[], upper: string | undefined): readonly FieldLine[] {
  if (lines.length === 0) return upper === undefined ? lines : [`${TAGS}: ${UPPER}${upper}`]
  const tags = tagsOf(lines)
  const first = upperTag.exec(tags)
  if (first ? first[1] === upper && tags.indexOf(UPPER, first.index + UPPER.length) < 0 : upper === undefined)
    return lines
  const rest = tags
    .split(',')
    .map((tag) => trimSpace(tag))
    .filter((tag) => tag !== '' && !tag.startsWith(UPPER))
  if (upper !== undefined) rest.push(UPPER + upper)
  return rest.length === 0 ? rest : [`${TAGS}: ${rest.join(',')}`]
}
