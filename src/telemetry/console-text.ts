/** Log records and metrics in readable form, for people who look at what a program does. Spans have debug-block.ts. */
import type { Exchange } from '../model/exchange'
import { timeOf } from '../model/exchange'
import { accessWords } from './access-words'
import { eventOf, eventWords, type FailedRequest } from './failed-request'
import type { HistogramPoint } from './histogram'
import type { Labels, Metric, Point } from './metrics'
import { type Severity, severityOf } from './otlp-log'

/** The access-log record of an exchange as one line: when it ended, how bad it is, the words, and its place in a trace. */
export function recordLine(exchange: Exchange): string {
  return lineOf(exchange, severityOf(exchange), accessWords(exchange))
}

/** The event of a failed request as such a line. */
export function eventLine(failed: FailedRequest): string {
  const { name, severity } = eventOf(failed)
  return lineOf(failed.exchange, severity, `${name} ${eventWords(failed)}`)
}

function lineOf(exchange: Exchange, severity: Severity, words: string): string {
  const { context } = exchange
  const time = new Date(timeOf(exchange, exchange.endMark)).toISOString()
  const ids = context ? `  trace ${context.traceId}  span ${context.spanId}` : ''
  return `${time} ${severity.toUpperCase()} ${words}${ids}\n`
}

/** Metrics as a block, a point a line; ends with an empty line. @param now Unix milliseconds */
export function metricsBlock(metrics: readonly Metric[], now: number): string {
  const lines = [`metrics at ${new Date(now).toISOString()}`]
  for (const metric of metrics) {
    for (const point of metric.points) {
      const value = 'counts' in point ? summary(point, metric.unit) : `${(point as Point).value} ${metric.unit}`
      lines.push(`  ${metric.name}${labels(point.attributes)} ${value}`)
    }
  }
  return `${lines.join('\n')}\n\n`
}

function summary({ count, sum, min, max }: HistogramPoint, unit: string): string {
  const range = min === undefined ? '' : `, ${rounded(min)} to ${rounded(max as number)}`
  return `${count} times, ${rounded(sum / count)} ${unit} on average${range}`
}

function rounded(value: number): number {
  return Number(value.toPrecision(3))
}

function labels(attributes: Labels): string {
  const pairs = Object.entries(attributes).map(([key, value]) => `${key}=${value}`)
  return pairs.length === 0 ? '' : `{${pairs.join(', ')}}`
}
