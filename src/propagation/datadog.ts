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
    lines.push(...tagLines(carrier.lines(TAGS), upper === ZERO ? undefined : upper))
    return lines
  },

  traceIdText,
}

function traceIdText({ traceId }: TraceContext): string {
  return decimalOf(traceId.slice(16))
}

function readPriority(text: string | undefined): Decision {
  if (text === undefined || !priorityDigits.test(text)) return { sampled: undefined }
  const priority = Number(text)
  const sampled = priority > 0
  return priority === 2 || priority === -1 ? { sampled, nuance: 'user' } : { sampled }
}

function priorityOf({ sampled, nuance }: TraceContext): string {
  if (nuance === 'user') return sampled ? '2' : '-1'
  return sampled ? '1' : '0'
}

function isUpper(tag: string): boolean {
  return tag.startsWith(UPPER)
}

function tagsOf(lines: readonly FieldLine[]): readonly string[] {
  return lines.flatMap((line) => fieldValueOf(line).split(',')).map((tag) => trimSpace(tag))
}

/** The upper half of the trace id; undefined when there is none, or not one. */
function readUpper(carrier: Carrier): string | undefined {
  const tag = tagsOf(carrier.lines(TAGS)).find(isUpper)?.slice(UPPER.length)
  return tag !== undefined && upperDigits.test(tag) && tag !== ZERO ? tag : undefined
}

/** The lines of tags with this upper half on them, and left alone where it is there already. */
function tagLines(lines: readonly FieldLine[], upper: string | undefined): readonly FieldLine[] {
  if (lines.length === 0) return upper === undefined ? lines : [`${TAGS}: ${UPPER}${upper}`]
  const tags = tagsOf(lines)
  const uppers = tags.filter(isUpper)
  if (uppers.length === 0 ? upper === undefined : uppers.length === 1 && uppers[0] === UPPER + upper) return lines
  const rest = tags.filter((tag) => tag !== '' && !isUpper(tag))
  if (upper !== undefined) rest.push(UPPER + upper)
  return rest.length === 0 ? [] : [`${TAGS}: ${rest.join(',')}`]
}
