/** What a collector that took a batch says beside that: how much of it is rejected, and why. */
import type { JsonObject } from '../telemetry/otlp-json'
import type { Batch, SendResult, Signal } from './exporter'
import type { ReasonWriter } from './reason'

const signals = {
  traces: { rejected: 'rejectedSpans', noun: 'spans' },
  logs: { rejected: 'rejectedLogRecords', noun: 'log records' },
  metrics: { rejected: 'rejectedDataPoints', noun: 'data points' },
} as const

/** The answer to an export, as the table of OTLP's messages names it. */
export const answers = { traces: 'TracesResponse', logs: 'LogsResponse', metrics: 'MetricsResponse' } as const

/**
 * What became of a batch that was taken. Counts that make no sense are set right.
 * @param answer with the names of OTLP/JSON
 */
export function taken(answer: JsonObject, signal: Signal, batch: Batch, reasons: ReasonWriter): SendResult {
  const { rejected: key, noun } = signals[signal]
  const { [key]: count, errorMessage } = objectIn(answer.partialSuccess)
  const rejected = Math.max(0, Math.min(batch.count, Math.floor(Number(count ?? 0)) || 0))
  const message = typeof errorMessage === 'string' ? reasons.write(errorMessage) : ''
  return { kind: 'ok', rejected, reason: message || (rejected > 0 ? `the collector rejected ${rejected} ${noun}` : '') }
}

/** The members of a value; none where it has none. */
export function objectIn(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {}
}
