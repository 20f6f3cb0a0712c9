/** An exporter only sends. Queue, batches, retries and the flush at the end are the queue's work. */
import type { Exchange } from '../model/exchange'

/** What became of a batch: taken, worth another try later, or refused for good. */
export type SendResult =
  | { readonly kind: 'ok' }
  | { readonly kind: 'retry'; readonly reason: string }
  | { readonly kind: 'permanent'; readonly reason: string }

export interface Exporter {
  /** Sends a batch. Never rejects. */
  send(batch: readonly Exchange[]): Promise<SendResult>
  /** Lets go of connections. */
  close(): Promise<void>
}
