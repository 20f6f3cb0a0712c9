/** Where batches wait that can't be sent now, and outlive the process: what a queue needs of it. */
import type { Batch } from './exporter'

export interface StoredBatch {
  readonly id: string
  readonly batch: Batch
}

export interface Store {
  /** Puts a batch at the end. Resolves true when it is safe, false when it could not be kept. Never rejects. */
  append(batch: Batch): Promise<boolean>
  /** The oldest batch; undefined when there is none. Never rejects. */
  first(): Promise<StoredBatch | undefined>
  /** The batch is done with. @param onForgotten called in the moment in which it is no longer counted */
  remove(id: string, onForgotten: () => void): Promise<void>
  /** Entries that wait there. */
  readonly entries: number
  /** Entries lost because the oldest had to go, and because they could not be read any more. */
  readonly dropped: number
  readonly damagedEntries: number
  /** Entries that earlier processes left. */
  readonly recovered: number
  /** Resolves when what earlier processes left has been taken over. Never rejects. */
  readonly ready: Promise<void>
  /** Lets go. What waits stays for others. */
  close(): Promise<void>
}
