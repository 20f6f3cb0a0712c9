/** An exporter only sends. Batches, retries and the flush at the end are the queue's work. */

/** Spans on their way out: encoded, and how many there are. */
export interface SpanBatch {
  /** Entries of OTLP's `ScopeSpans.spans`, one after the other. */
  readonly spans: Buffer
  readonly count: number
}

/** What became of a batch: taken, worth another try later, or refused for good. */
export type SendResult =
  /** `rejected` spans of the batch were not wanted: a partial success, never sent again. */
  | { readonly kind: 'ok'; readonly rejected: number; readonly reason: string }
  | { readonly kind: 'retry'; readonly reason: string }
  | { readonly kind: 'permanent'; readonly reason: string }

export interface Exporter {
  /** Sends a batch. Never rejects. */
  send(batch: SpanBatch): Promise<SendResult>
  /** Lets go of connections. */
  close(): Promise<void>
}
