/** An exchange as a readable block, for people who look at what a program does: its span, and its phases on a time line. */
import type { Exchange } from '../model/exchange'
import { accessWords } from './access-words'
import { spanAttributes } from './attributes'

const WIDTH = 30

/** Ends with an empty line. */
export function debugBlock(exchange: Exchange): string {
  const { context } = exchange
  const lines = [accessWords(exchange)]
  if (context) {
    const parent = context.parentSpanId === undefined ? 'a trace starts here' : `parent ${context.parentSpanId}`
    lines.push(`  trace ${context.traceId}  span ${context.spanId}  ${parent}${context.sampled ? '' : '  not sampled'}`)
  }
  for (const [key, read] of spanAttributes) {
    const value = read(exchange)
    if (value !== undefined) lines.push(`  ${key.padEnd(WIDTH)} ${value}`)
  }
  for (const { key, value } of exchange.attributes) lines.push(`  ${key.padEnd(WIDTH)} ${value}`)
  for (const [name, milliseconds] of phasesOf(exchange)) {
    if (milliseconds !== undefined) lines.push(`  ${name.padEnd(WIDTH)} ${milliseconds.toFixed(2)} ms`)
  }
  return `${lines.join('\n')}\n\n`
}

function phasesOf(x: Exchange): [name: string, milliseconds: number | undefined][] {
  const hasHead = x.responseHeadMark > 0
  const sent = x.requestSentMark || x.responseHeadMark
  return [
    ['dns', x.dnsTime],
    ['connect', x.connectTime],
    ['wait', hasHead ? Math.max(0, x.responseHeadMark - sent) : undefined],
    ['receive', hasHead ? x.endMark - x.responseHeadMark : undefined],
    ['in all', x.endMark - x.startMark],
  ]
}
