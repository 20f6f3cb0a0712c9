/** What the user's code looks at on its way to queues: entries are encoded, changed or dropped one by one, and go to each queue. */
import type { ExportQueue } from '../export/export-queue'
import type { Ledger } from '../export/ledger'
import { BYTES, ProtobufWriter } from '../telemetry/protobuf'
import { ProtobufReader } from '../telemetry/protobuf-reader'

/** The entries of `ScopeSpans.spans` and `ScopeLogs.log_records` have the same number. */
const ENTRY = 2

/** Appends what becomes of the content of an entry, as an entry. @returns false where it is dropped. Never throws. */
export type Change = (bytes: Buffer, to: ProtobufWriter) => boolean

export interface Sink {
  readonly queue: Pick<ExportQueue, 'add'>
  readonly ledger: Ledger
}

export class HookedQueue {
  readonly #sinks: readonly Sink[]
  readonly #hook: string
  readonly #change: Change | undefined
  readonly #encoded = new ProtobufWriter()
  readonly #changed = new ProtobufWriter()

  /** @param hook its name in the books @param change undefined where entries go as they are */
  constructor(sinks: readonly Sink[], hook: string, change: Change | undefined) {
    this.#sinks = sinks
    this.#hook = hook
    this.#change = change
  }

  /** As `ExportQueue.add`. @param count entries that `write` appends */
  add<T>(write: (to: ProtobufWriter, value: T) => void, value: T, count = 1): void {
    if (!this.#change) {
      for (const { queue } of this.#sinks) queue.add(write, value, count)
      return
    }
    write(this.#encoded, value)
    const entries = new ProtobufReader(this.#encoded.take())
    while (entries.next()) this.#addEntry(entries.raw(), this.#change)
  }

  #addEntry(bytes: Buffer, change: Change): void {
    if (!change(bytes, this.#changed)) return this.leaveOut(this.#hook)
    const changed = this.#changed.take()
    for (const { queue } of this.#sinks) queue.add(writeRaw, changed)
  }

  /** An entry that a hook left out. @param name the hook's */
  leaveOut(name: string): void {
    for (const { ledger } of this.#sinks) ledger.leaveOut(name)
  }

  /** A span that is not sampled. */
  sampledOut(): void {
    for (const { ledger } of this.#sinks) {
      ledger.observed++
      ledger.sampledOut++
    }
  }
}

/** Appends the content of an entry as an entry. */
export function writeEntry(writer: ProtobufWriter, bytes: Buffer): void {
  writer.tag(ENTRY, BYTES)
  writer.varint(bytes.length)
  writer.raw(bytes)
}

function writeRaw(writer: ProtobufWriter, bytes: Buffer): void {
  writer.raw(bytes)
}
