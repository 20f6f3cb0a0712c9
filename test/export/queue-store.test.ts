/** The queue and a place to keep what can't be sent: a store that does as the test says. */
import { ExportQueue, type QueueSettings } from '../../src/export/export-queue'
import type { Batch, Exporter, SendResult } from '../../src/export/exporter'
import { Ledger } from '../../src/export/ledger'
import type { Store, StoredBatch } from '../../src/export/store'
import type { ProtobufWriter } from '../../src/telemetry/protobuf'

const ok: SendResult = { kind: 'ok', rejected: 0, reason: '' }
const away: SendResult = { kind: 'retry', reason: 'away' }

/** Entries are single bytes: what was sent is text. */
class Letters implements Exporter {
  sent: string[] = []
  verdict: SendResult = ok
  /** Answers that are held back. */
  holds = false
  readonly held: (() => void)[] = []

  async send(batch: Batch): Promise<SendResult> {
    const { verdict } = this
    const text = batch.bytes.toString('latin1')
    if (this.holds) await new Promise<void>((resolve) => this.held.push(resolve))
    if (verdict.kind === 'ok') this.sent.push(text)
    return verdict
  }

  async close(): Promise<void> {}
}

class Memory implements Store {
  readonly batches: StoredBatch[] = []
  isFull = false
  dropped = 0
  damagedEntries = 0
  recovered = 0
  ready = Promise.resolve()
  closed = 0
  #id = 0

  get entries(): number {
    return this.batches.reduce((all, { batch }) => all + batch.count, 0)
  }

  async append(batch: Batch): Promise<boolean> {
    await null
    if (this.isFull) return false
    this.batches.push({ id: String(++this.#id), batch: { ...batch, bytes: Buffer.from(batch.bytes) } })
    return true
  }

  async first(): Promise<StoredBatch | undefined> {
    return this.batches[0]
  }

  async remove(id: string, onForgotten: () => void): Promise<void> {
    this.batches.splice(
      this.batches.findIndex((each) => each.id === id),
      1,
    )
    onForgotten()
  }

  async close(): Promise<void> {
    this.closed++
  }
}

const settings: QueueSettings = {
  batchSize: 2,
  delay: 100,
  capacity: 100,
  maxBytes: 1000,
  firstDelay: 1000,
  longestDelay: 8000,
  retryTime: 0,
  concurrency: 1,
}

function make(store: Memory | undefined, changes: Partial<QueueSettings> = {}) {
  const exporter = new Letters()
  const books = new Ledger()
  const queue = new ExportQueue(
    exporter,
    { ...settings, ...changes },
    books,
    () => {},
    store,
    () => 0.5,
  )
  const add = (text: string) => {
    for (const letter of text) queue.add((to: ProtobufWriter, byte: string) => to.ascii(byte), letter)
  }
  return { exporter, books, queue, add }
}

function expectBalance({ observed, exported, sampledOut, dropped, queued, spooled }: Ledger): void {
  const lost = Object.values(dropped).reduce((all, each) => all + each, 0)
  expect(exported + sampledOut + lost + queued + spooled).toBe(observed)
}

const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds)

beforeEach(() => jest.useFakeTimers())
afterEach(() => jest.useRealTimers())

test('what can not be sent goes to the store, what follows too, and all comes out in order', async () => {
  const store = new Memory()
  const { exporter, books, add } = make(store)
  exporter.verdict = away
  add('abcdef')
  await pass(0)
  expect([books.queued, books.spooled, store.batches.length]).toEqual([0, 6, 3])
  expectBalance(books)
  add('gh')
  exporter.verdict = ok
  await pass(3000)
  expect(exporter.sent.join('')).toBe('abcdefgh')
  expect([books.exported, books.queued, books.spooled]).toEqual([8, 0, 0])
  add('ij')
  await pass(0)
  expect(exporter.sent.at(-1)).toBe('ij')
})

test('what a store holds from before is sent, and observed', async () => {
  const store = new Memory()
  await store.append({ bytes: Buffer.from('xy'), count: 2 })
  store.recovered = 2
  const { exporter, books, add } = make(store)
  add('ab')
  await pass(0)
  expect(exporter.sent.join('')).toBe('xyab')
  expect([books.observed, books.exported]).toEqual([4, 4])
  expectBalance(books)
})

test('a store that takes nothing: it waits in memory, within the bounds, and is tried again', async () => {
  const store = new Memory()
  store.isFull = true
  const { exporter, books, add } = make(store, { capacity: 6 })
  exporter.verdict = away
  add('abcdefghijklmnopqrst')
  await pass(0)
  expect(books.queued).toBeLessThanOrEqual(2 * 6 + 2)
  expect(books.dropped.queue_full).toBeGreaterThan(0)
  expectBalance(books)
  exporter.verdict = ok
  await pass(10_000)
  expect(exporter.sent.join('')).toMatch(/qrst$/)
  expect(books.queued).toBe(0)
  expectBalance(books)
})

test('at the end what is in memory goes to the store, and what is there stays there', async () => {
  const store = new Memory()
  const { exporter, books, queue, add } = make(store)
  exporter.verdict = away
  add('abc')
  await pass(0)
  add('d')
  const closed = queue.close(5000)
  await pass(5000)
  await closed
  expect(store.batches.map(({ batch }) => batch.bytes.toString()).join('')).toBe('abcd')
  expect([books.spooled, books.queued, books.dropped.shutdown, store.closed]).toEqual([4, 0, 0, 1])
  expectBalance(books)
})

test('at the end a collector that hangs costs nothing that a store can hold', async () => {
  const store = new Memory()
  const { exporter, books, queue, add } = make(store)
  exporter.holds = true
  add('abcde')
  const closed = queue.close(5000)
  await pass(5000)
  await closed
  expect(store.batches.map(({ batch }) => batch.bytes.toString()).join('')).toBe('abcde')
  expect([books.spooled, books.queued, books.dropped.shutdown]).toEqual([5, 0, 0])
  expectBalance(books)
})

test('at the end what is on its way from the store has its answer, and is not left to be sent again', async () => {
  const store = new Memory()
  const { exporter, books, queue, add } = make(store)
  exporter.verdict = away
  add('abcd')
  await pass(0)
  exporter.verdict = ok
  exporter.holds = true
  await pass(3000)
  expect(exporter.held).toHaveLength(1)
  const closed = queue.close(5000)
  await pass(100)
  exporter.held[0]?.()
  await closed
  expect(exporter.sent).toEqual(['ab'])
  expect(store.batches.map(({ batch }) => batch.bytes.toString())).toEqual(['cd'])
  expect([books.exported, books.spooled, store.closed]).toEqual([2, 2, 1])
  expectBalance(books)
})

test('while a collector hangs, the store takes what is too much for memory', async () => {
  const store = new Memory()
  const { exporter, books, add } = make(store, { capacity: 4 })
  exporter.holds = true
  for (const letters of ['abcd', 'efgh', 'ijkl', 'mnop', 'qrst']) {
    add(letters)
    await pass(10)
    expectBalance(books)
  }
  expect(books.dropped.queue_full).toBe(0)
  expect(books.spooled).toBeGreaterThan(10)
  exporter.holds = false
  for (const release of exporter.held) release()
  await pass(1000)
  expect(exporter.sent.join('').split('').sort().join('')).toBe('abcdefghijklmnopqrst')
  expect(books.exported).toBe(20)
})

describe('tighter bounds while a collector hangs', () => {
  const text = 'abcdefghijklmnopqrstuvwxyz'
  const tight = { ...settings, capacity: 2, maxBytes: 4 }

  test('what waits goes to the store, and nothing is lost', async () => {
    const store = new Memory()
    const { exporter, books, queue, add } = make(store)
    exporter.holds = true
    add(text)
    await pass(0)
    expect([books.queued, books.spooled]).toEqual([26, 0])
    queue.renew(tight)
    add('01')
    await pass(10)
    expect(books).toMatchObject({ queued: 2, spooled: 26, dropped: { queue_full: 0 } })
    expectBalance(books)
    exporter.holds = false
    for (const release of exporter.held) release()
    await pass(1000)
    expect(exporter.sent.join('')).toBe(`${text}01`)
  })

  test('where the store takes nothing, they hold at once', async () => {
    const store = new Memory()
    store.isFull = true
    const { exporter, books, queue, add } = make(store)
    exporter.holds = true
    add(text)
    queue.renew(tight)
    await pass(10)
    expect(books.queued).toBeLessThanOrEqual(2 * tight.capacity + 2)
    expectBalance(books)
  })
})

test('several at once, as many as may be', async () => {
  const { exporter, books, add } = make(undefined, { concurrency: 3 })
  exporter.holds = true
  add('abcdefghij')
  await pass(0)
  expect(exporter.held).toHaveLength(3)
  exporter.holds = false
  for (const release of exporter.held) release()
  await pass(0)
  expect(exporter.sent.join('').split('').sort().join('')).toBe('abcdefghij')
  expectBalance(books)
})

test('bytes that wait are bounded like entries', async () => {
  const { exporter, books, add } = make(undefined, { maxBytes: 4, capacity: 1000 })
  exporter.verdict = away
  add('abcdefghij')
  await pass(0)
  expect(books.queued).toBeLessThanOrEqual(6)
  expectBalance(books)
})

test('a batch is given up when its time is over, not before', async () => {
  const { exporter, books, add } = make(undefined, { retryTime: 2500 })
  exporter.verdict = away
  add('ab')
  await pass(2000)
  expect(books.dropped.retry_time).toBe(0)
  await pass(2000)
  expect([books.dropped.retry_time, books.queued]).toEqual([2, 0])
})

test('nobody comes back before the collector wants it', async () => {
  const { exporter, add } = make(undefined)
  exporter.verdict = { kind: 'retry', reason: 'busy', after: 60_000 }
  add('ab')
  await pass(0)
  exporter.verdict = ok
  await pass(59_000)
  expect(exporter.sent).toEqual([])
  await pass(1000)
  expect(exporter.sent).toEqual(['ab'])
})
