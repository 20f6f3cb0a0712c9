/** An exchange as a readable block, for people who look at what a program does: its span, and its phases on a time line. */
import type { Exchange } from '../model/exchange'
import { phases } from '../model/phase'
import type { SpanExtras } from '../model/span-extras'
import { accessWords } from './access-words'
import { spanAttributes } from './attributes'
import { childSpans, extraSpans } from './child-spans'
import { eventOf, type FailedRequest, ownAttributes } from './failed-request'

const WIDTH = 30
const all = new Set(phases)

/** Ends with an empty line. @param failed the event that it is, if it is one: what that says beyond the span is shown as well */
export function debugBlock(exchange: Exchange, failed?: FailedRequest): string {
  const { context } = exchange
  const lines = [accessWords(exchange)]
  if (context) {
    const parent = context.parentSpanId === undefined ? 'a trace starts here' : `parent ${context.parentSpanId}`
    lines.push(`  trace ${context.traceId}  span ${context.spanId}  ${parent}${context.sampled ? '' : '  not sampled'}`)
  }
  for (const [key, read] of spanAttributes) {
    const value = read(exchange)
    if (value !== undefined && !exchange.extras?.notes.attributes.has(key))
      lines.push(`  ${key.padEnd(WIDTH)} ${value}`)
  }
  for (const { key, value } of exchange.attributes) lines.push(`  ${key.padEnd(WIDTH)} ${value}`)
  for (const { name, startMark, endMark, error } of [...childSpans(exchange, all), ...extraSpans(exchange)]) {
    const at = (startMark - exchange.startMark).toFixed(2)
    lines.push(`  ${name.padEnd(WIDTH)} ${(endMark - startMark).toFixed(2)} ms, at ${at}${error ? `: ${error}` : ''}`)
  }
  lines.push(`  ${'in all'.padEnd(WIDTH)} ${(exchange.endMark - exchange.startMark).toFixed(2)} ms`)
  if (exchange.extras) lines.push(...extraLines(exchange.extras))
  if (failed) lines.push(...eventLines(failed))
  return `${lines.join('\n')}\n\n`
}

/** What the user's code had to say. */
function extraLines({ notes, droppedBy }: SpanExtras): string[] {
  const { name, status, attributes, events } = notes
  const text = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value))
  return [
    ...(name === undefined ? [] : [`  span name ${name}`]),
    ...(status === undefined ? [] : [`  span status ${status.code} ${status.message}`.trimEnd()]),
    ...[...attributes].map(([key, value]) => `  ${key.padEnd(WIDTH)} ${text(value)}`),
    ...events.map((event) => `  event ${event.name}`),
    ...(droppedBy === undefined ? [] : [`  no span leaves: ${droppedBy} wants none`]),
  ]
}

function eventLines(failed: FailedRequest): string[] {
  const lines = [`  event ${eventOf(failed).name}`]
  for (const [key, value] of ownAttributes(failed)) {
    const text = typeof value === 'object' ? JSON.stringify(value) : value
    lines.push(`    ${key.padEnd(WIDTH)} ${text}`)
  }
  for (const { method, url, status, fault, duration } of failed.breadcrumbs)
    lines.push(`    before: ${method} ${url} ${fault ?? status} in ${Math.round(duration)} ms`)
  return lines
}
