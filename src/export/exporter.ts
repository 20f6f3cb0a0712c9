/** An exporter only sends. Batches, retries and the flush at the end are the queue's work. */

/** The kinds of telemetry. */
export type Signal = 'traces' | 'logs' | 'metrics'

/** Entries of one signal on their way out: encoded, and how many there are. */
export interface Batch {
  /**
   * Entries of OTLP's `ScopeSpans.spans`, `ScopeLogs.log_records` or `ScopeMetrics.metrics`, tags and lengths included, one
   * after the other.
   */
  readonly bytes: Buffer
  /** Spans, log records or data points. */
  readonly count: number
}

/** What became of a batch: taken, worth another try later, or refused for good. */
export type SendResult =
  /** `rejected` entries of the batch were not wanted: a partial success, never sent again. */
  | { readonly kind: 'ok'; readonly rejected: number; readonly reason: string }
  /** `after`: the milliseconds that the collector asks to wait. */
  | { readonly kind: 'retry'; readonly reason: string; readonly after?: number }
  | { readonly kind: 'permanent'; readonly reason: string }

/** Sends one signal. */
export interface Exporter {
  /** Sends a batch, whose bytes must not be looked at any more once there is a result. Never rejects. */
  send(batch: Batch): Promise<SendResult>
  /** Lets go of connections. */
  close(): Promise<void>
}
