import { ExportQueue, type QueueSettings } from '../../src/export/export-queue'
import type { Batch, Exporter, SendResult } from '../../src/export/exporter'
import { Ledger } from '../../src/export/ledger'
import type { Exchange } from '../../src/model/exchange'
import { spanWriter } from '../../src/telemetry/otlp-span'
import { decodedSpans } from '../support/collector'
import { seeded } from '../support/random'
import { finishedExchange } from './finished-exchange'

const writeSpan = spanWriter('stable')

const ok: SendResult = { kind: 'ok', rejected: 0, reason: '' }
const retry: SendResult = { kind: 'retry', reason: 'unavailable' }
const partial: SendResult = { kind: 'ok', rejected: 1, reason: '' }
const permanent: SendResult = { kind: 'permanent', reason: 'invalid' }

/** An exporter that answers when and as the test says. */
class Scripted implements Exporter {
  /** Every batch that it was asked to send, by span ids. */
  readonly batches: string[][] = []
  readonly bytes: number[] = []
  /** What it answers at once; without it, `answer` does. */
  verdict: SendResult | undefined
  closed = 0
  closing: Promise<void> = Promise.resolve()
  most = 0
  #pending: ((result: SendResult) => void)[] = []

  send(batch: Batch): Promise<SendResult> {
    const ids = decodedSpans(batch.bytes).map(({ spanId }) => spanId)
    expect(ids).toHaveLength(batch.count)
    this.batches.push(ids)
    this.bytes.push(batch.bytes.length)
    if (this.verdict) return Promise.resolve(this.verdict)
    return new Promise((resolve) => {
      this.#pending.push(resolve)
      this.most = Math.max(this.most, this.#pending.length)
    })
  }

  close(): Promise<void> {
    this.closed++
    return this.closing
  }

  get pending(): number {
    return this.#pending.length
  }

  async answer(result: SendResult): Promise<void> {
    this.#pending.shift()?.(result)
    await settle()
  }
}

/** Lets promises that are ready go on; no time passes. */
async function settle(): Promise<void> {
  await jest.advanceTimersByTimeAsync(0)
}

interface Made {
  readonly queue: ExportQueue
  readonly books: Ledger
  readonly exporter: Scripted
  readonly said: string[]
}

function makeQueue(settings: Partial<QueueSettings> = {}): Made {
  const exporter = new Scripted()
  const said: string[] = []
  const books = new Ledger()
  const whole = { ...defaults, ...settings }
  const queue = new ExportQueue(
    exporter,
    whole,
    books,
    (message) => said.push(message),
    undefined,
    () => 0.5,
  )
  return { queue, books, exporter, said }
}

const defaults: QueueSettings = {
  batchSize: 3,
  delay: 1000,
  capacity: 100,
  maxBytes: 1 << 30,
  firstDelay: 1000,
  longestDelay: 30_000,
  retryTime: 0,
  concurrency: 1,
}

/** Adds exchanges. @returns their span ids */
function add(queue: ExportQueue, count: number, facts: Partial<Exchange> = {}): string[] {
  const exchanges = Array.from({ length: count }, () => finishedExchange(facts))
  for (const exchange of exchanges) queue.add(writeSpan, exchange)
  return exchanges.map(({ context }) => context?.spanId as string)
}

const sizes = (exporter: Scripted) => exporter.batches.map((batch) => batch.length)
const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((all, each) => all + each, 0)

function expectLawToHold(books: Ledger): void {
  const { observed, exported, dropped, queued } = books
  expect({ observed, exported, dropped, queued, sum: exported + sum(dropped) + queued }).toEqual({
    observed,
    exported,
    dropped,
    queued,
    sum: observed,
  })
}

beforeEach(() => jest.useFakeTimers())
afterEach(() => {
  jest.clearAllTimers()
  jest.useRealTimers()
})

describe('batches', () => {
  test('one that is not full waits for the delay of its first exchange', async () => {
    const { queue, exporter } = makeQueue()
    const [first] = add(queue, 1)
    await jest.advanceTimersByTimeAsync(600)
    const [second] = add(queue, 1)
    await jest.advanceTimersByTimeAsync(399)
    expect(exporter.batches).toEqual([])
    await jest.advanceTimersByTimeAsync(1)
    expect(exporter.batches).toEqual([[first, second]])
  })

  test('a full one goes at once', () => {
    const { queue, exporter } = makeQueue()
    add(queue, 2)
    expect(exporter.batches).toEqual([])
    add(queue, 1)
    expect(sizes(exporter)).toEqual([3])
  })

  test('go out in order, none twice, none larger than the size', async () => {
    const { queue, books, exporter } = makeQueue()
    exporter.verdict = ok
    const all = add(queue, 10)
    await jest.advanceTimersByTimeAsync(1000)
    expect(exporter.batches.flat()).toEqual(all)
    expect(sizes(exporter)).toEqual([3, 3, 3, 1])
    expect([books.exported, books.queued]).toEqual([10, 0])
  })

  test('go one at a time', async () => {
    const { queue, books, exporter } = makeQueue()
    add(queue, 9)
    await jest.advanceTimersByTimeAsync(60_000)
    expect([exporter.batches.length, exporter.pending]).toEqual([1, 1])
    await exporter.answer(ok)
    expect([exporter.batches.length, exporter.pending]).toEqual([2, 1])
    expect(books.exported).toBe(3)
  })

  test('what came while one was sent and fills none waits for the delay', async () => {
    const { queue, exporter } = makeQueue()
    add(queue, 5)
    await exporter.answer(ok)
    expect(sizes(exporter)).toEqual([3])
    await jest.advanceTimersByTimeAsync(1000)
    expect(sizes(exporter)).toEqual([3, 2])
  })

  test('without a delay, what is there goes with the next turn', async () => {
    const { queue, exporter } = makeQueue({ delay: 0 })
    add(queue, 2)
    expect(exporter.batches).toEqual([])
    await jest.advanceTimersByTimeAsync(1)
    expect(sizes(exporter)).toEqual([2])
  })

  test('one of long spans is closed before it is larger than collectors take', () => {
    const { queue, books, exporter } = makeQueue({ batchSize: 65_536, capacity: 65_536 })
    add(queue, 80, { url: `http://example.com/${'a'.repeat(60_000)}` })
    expect(exporter.batches).toHaveLength(1)
    expect(exporter.bytes[0]).toBeLessThan(4 * 1024 * 1024)
    expect(exporter.bytes[0]).toBeGreaterThan(1024 * 1024)
    expectLawToHold(books)
  })

  test('a collector that asks for a day is tried again after an hour', async () => {
    const { queue, exporter } = makeQueue()
    add(queue, 3)
    await exporter.answer({ kind: 'retry', reason: 'later', after: 86_400_000 })
    await jest.advanceTimersByTimeAsync(3_599_999)
    expect(sizes(exporter)).toEqual([3])
    await jest.advanceTimersByTimeAsync(1)
    expect(sizes(exporter)).toEqual([3, 3])
  })

  test('nothing is sent when there is nothing', async () => {
    const { queue, exporter } = makeQueue()
    add(queue, 3)
    await exporter.answer(ok)
    await jest.advanceTimersByTimeAsync(600_000)
    expect(sizes(exporter)).toEqual([3])
    expect(jest.getTimerCount()).toBe(0)
  })
})

describe('retries', () => {
  test('the same batch, with delays that grow to half a minute', async () => {
    const { queue, books, exporter, said } = makeQueue()
    exporter.verdict = retry
    const all = add(queue, 3)
    const delays: number[] = []
    let before = Date.now()
    for (let tries = 1; tries < 9; tries++) {
      while (exporter.batches.length === tries) await jest.advanceTimersByTimeAsync(100)
      delays.push(Date.now() - before)
      before = Date.now()
    }
    expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
    for (const batch of exporter.batches) expect(batch).toEqual(all)
    expect(said).toEqual(exporter.batches.map(() => 'unavailable'))
    expect([books.queued, books.exported, sum(books.dropped)]).toEqual([3, 0, 0])
  })

  test('keep the batch as it is, whatever else comes, and do not hurry', async () => {
    const { queue, exporter } = makeQueue()
    exporter.verdict = retry
    const first = add(queue, 2)
    await jest.advanceTimersByTimeAsync(1000)
    expect(exporter.batches).toEqual([first])
    add(queue, 50)
    await jest.advanceTimersByTimeAsync(999)
    expect(exporter.batches).toEqual([first])
    await jest.advanceTimersByTimeAsync(1)
    expect(exporter.batches).toEqual([first, first])
  })

  test('once it is taken, the rest follows in order and the delay starts anew', async () => {
    const { queue, exporter } = makeQueue()
    exporter.verdict = retry
    const all = add(queue, 7)
    await jest.advanceTimersByTimeAsync(3000)
    expect(sizes(exporter)).toEqual([3, 3, 3])
    exporter.verdict = ok
    await jest.advanceTimersByTimeAsync(4000)
    expect(sizes(exporter)).toEqual([3, 3, 3, 3, 3])
    await jest.advanceTimersByTimeAsync(1000)
    expect(exporter.batches.slice(3).flat()).toEqual(all)
    exporter.verdict = retry
    add(queue, 3)
    await settle()
    const tries = exporter.batches.length
    await jest.advanceTimersByTimeAsync(1000)
    expect(exporter.batches.length).toBe(tries + 1)
  })

  test('a batch that is refused for good is dropped and counted, and the next one goes', async () => {
    const { queue, books, exporter, said } = makeQueue()
    const all = add(queue, 6)
    await exporter.answer(permanent)
    expect(books.dropped).toMatchObject({ queue_full: 0, refused: 3, shutdown: 0 })
    expect(said).toEqual(['invalid'])
    await exporter.answer(ok)
    expect(exporter.batches).toEqual([all.slice(0, 3), all.slice(3)])
    expect([books.exported, books.queued]).toEqual([3, 0])
  })

  test('a batch that is taken in part counts both ways, and says why', async () => {
    const { queue, books, exporter, said } = makeQueue()
    add(queue, 3)
    await exporter.answer({ kind: 'ok', rejected: 2, reason: 'too old' })
    expect([books.exported, books.dropped.refused, books.queued]).toEqual([1, 2, 0])
    expect(said).toEqual(['too old'])
    expect(jest.getTimerCount()).toBe(0)
  })

  test('a refusal for good ends the growing of delays', async () => {
    const { queue, books, exporter } = makeQueue()
    exporter.verdict = retry
    add(queue, 6)
    await jest.advanceTimersByTimeAsync(3000)
    exporter.verdict = permanent
    await jest.advanceTimersByTimeAsync(4000)
    expect(books.dropped.refused).toBe(6)
  })
})

describe('a full queue', () => {
  test('drops the oldest that wait, counts them, and keeps the newest', async () => {
    const { queue, books, exporter } = makeQueue({ batchSize: 3, capacity: 16 })
    const all = add(queue, 40)
    expect(books.dropped.queue_full).toBeGreaterThan(0)
    expectLawToHold(books)
    await exporter.answer(ok)
    exporter.verdict = ok
    await exporter.answer(ok)
    await jest.advanceTimersByTimeAsync(1000)
    const sent = exporter.batches.flat()
    expect(sent).toEqual([...all.slice(0, 3), ...all.slice(3 + books.dropped.queue_full)])
    expect(sent.length).toBeGreaterThanOrEqual(3 + 10)
  })

  test.each([1, 2, 7, 8, 9, 100])('of %d never holds more than that, and one batch that is on its way', (capacity) => {
    const { queue, books } = makeQueue({ batchSize: 1, capacity })
    for (let count = 0; count < capacity * 3 + 5; count++) {
      add(queue, 1)
      expect(books.queued).toBeLessThanOrEqual(capacity + 1)
      expectLawToHold(books)
    }
    expect(books.dropped.queue_full).toBeGreaterThan(0)
    expect(books.queued).toBeGreaterThan((capacity * 3) / 4)
  })

  test('drops no more at once than it must', () => {
    const { queue, books } = makeQueue({ batchSize: 10, capacity: 80 })
    add(queue, 200)
    expect(books.queued).toBeGreaterThan(80 - 10)
  })

  test('of a size that batches do not divide keeps to its bound all the same', () => {
    const { queue, books } = makeQueue({ batchSize: 7, capacity: 10 })
    for (let count = 0; count < 200; count++) {
      add(queue, 1)
      expect(books.queued).toBeLessThanOrEqual(10 + 7)
    }
  })

  test('loses nothing of what came together last, and what came before only if it must', async () => {
    const { queue, books, exporter } = makeQueue({ batchSize: 3, capacity: 6 })
    const groups: string[][] = []
    for (let group = 0; group < 3; group++) queue.addTogether(() => groups.push(add(queue, 12)))
    expect([books.queued, books.dropped.queue_full]).toEqual([15, 21])
    expectLawToHold(books)
    exporter.verdict = ok
    await exporter.answer(ok)
    expect(exporter.batches.flat()).toEqual([...(groups[0]?.slice(0, 3) ?? []), ...(groups[2] ?? [])])
    expect([books.exported, books.queued]).toEqual([15, 0])
  })

  test('does not give up the batch that is on its way', async () => {
    const { queue, books, exporter } = makeQueue({ batchSize: 4, capacity: 4 })
    const [first] = [add(queue, 4), add(queue, 40)]
    await exporter.answer(ok)
    expect(exporter.batches[0]).toEqual(first)
    expect(books.exported).toBe(4)
    expectLawToHold(books)
  })

  test('that waits for a retry gives up the batch that failed, for it is the oldest', async () => {
    const { queue, books, exporter } = makeQueue({ batchSize: 4, capacity: 8 })
    exporter.verdict = retry
    const all = add(queue, 4)
    await settle()
    all.push(...add(queue, 8))
    exporter.verdict = ok
    await jest.advanceTimersByTimeAsync(1000)
    expect(exporter.batches.slice(1).flat()).toEqual(all.slice(4))
    expect(books.dropped.queue_full).toBe(4)
  })
})

test.each([
  ['short', 1000],
  ['long', 10_000],
])('in an outage the memory of what is dropped takes what comes: %s entries', async (_, size) => {
  const { queue, exporter, books } = makeQueue({ capacity: 768, batchSize: 256 })
  const entry = 'x'.repeat(size)
  const addEntries = (count: number) => {
    for (let i = 0; i < count; i++) queue.add((to, text) => to.ascii(text), entry)
  }
  exporter.send = async () => retry
  addEntries(256 * 8)
  const made = jest.spyOn(Buffer, 'allocUnsafeSlow')
  const copied = jest.spyOn(Buffer, 'from')
  addEntries(256 * 20)
  expect(books.dropped.queue_full).toBe(256 * 25)
  expect([made.mock.calls.length, copied.mock.calls.length]).toEqual([0, 0])
  jest.restoreAllMocks()
})

describe('close', () => {
  test('sends what is left, batch after batch, and then closes the exporter', async () => {
    const { queue, books, exporter } = makeQueue()
    exporter.verdict = ok
    const all = add(queue, 8)
    await queue.close(5000)
    expect(exporter.batches.flat()).toEqual(all)
    expect([books.exported, books.queued, exporter.closed]).toEqual([8, 0, 1])
    expect(sum(books.dropped)).toBe(0)
  })

  test('waits for the batch that is on its way', async () => {
    const { queue, books, exporter } = makeQueue()
    add(queue, 3)
    const closed = queue.close(5000)
    await jest.advanceTimersByTimeAsync(4000)
    expect(exporter.closed).toBe(0)
    await exporter.answer(ok)
    await closed
    expect([books.exported, exporter.closed, exporter.batches.length]).toEqual([3, 1, 1])
  })

  test('with nothing left is done at once', async () => {
    const { queue, exporter } = makeQueue()
    await queue.close(5000)
    expect([exporter.closed, exporter.batches.length]).toEqual([1, 0])
  })

  test('does not wait for the time of a retry: the batch is tried once more', async () => {
    const { queue, books, exporter } = makeQueue()
    exporter.verdict = retry
    add(queue, 3)
    await jest.advanceTimersByTimeAsync(3000)
    exporter.verdict = ok
    const tries = exporter.batches.length
    await queue.close(5000)
    expect(exporter.batches.length).toBe(tries + 1)
    expect(books.exported).toBe(3)
  })

  test('what can not be sent now is dropped as shutdown, each batch after one try', async () => {
    const { queue, books, exporter } = makeQueue()
    exporter.verdict = retry
    add(queue, 7)
    await settle()
    const closed = queue.close(5000)
    await jest.advanceTimersByTimeAsync(5000)
    await closed
    expect(books.dropped).toMatchObject({ queue_full: 0, refused: 0, shutdown: 7 })
    expect([books.queued, exporter.closed]).toEqual([0, 1])
  })

  test('what is refused for good is still counted as refused', async () => {
    const { queue, books, exporter } = makeQueue()
    exporter.verdict = permanent
    add(queue, 4)
    await queue.close(5000)
    expect(books.dropped).toMatchObject({ queue_full: 0, refused: 4, shutdown: 0 })
  })

  test('gives up an exporter that hangs when the time is up', async () => {
    const { queue, books, exporter } = makeQueue()
    add(queue, 7)
    let isClosed = false
    const closed = queue.close(5000).then(() => {
      isClosed = true
    })
    await jest.advanceTimersByTimeAsync(4999)
    expect(isClosed).toBe(false)
    await jest.advanceTimersByTimeAsync(1)
    expect(isClosed).toBe(true)
    await closed
    expect(books.dropped).toMatchObject({ queue_full: 0, refused: 0, shutdown: 7 })
    expect([books.queued, exporter.closed]).toEqual([0, 1])
  })

  test('gives up an exporter whose own close hangs when the time is up', async () => {
    const { queue, exporter } = makeQueue()
    exporter.closing = new Promise(() => {})
    add(queue, 1)
    let isClosed = false
    void queue.close(5000).then(() => {
      isClosed = true
    })
    await jest.advanceTimersByTimeAsync(6000)
    expect(isClosed).toBe(true)
  })

  test('an answer that comes too late changes no count', async () => {
    const { queue, books, exporter } = makeQueue()
    add(queue, 3)
    const closed = queue.close(1000)
    await jest.advanceTimersByTimeAsync(1000)
    await closed
    await exporter.answer(ok)
    expect([books.exported, books.dropped.shutdown]).toEqual([0, 3])
    expectLawToHold(books)
  })

  test('what comes afterwards is dropped as shutdown and never sent', async () => {
    const { queue, books, exporter } = makeQueue()
    exporter.verdict = ok
    await queue.close(1000)
    add(queue, 7)
    await jest.advanceTimersByTimeAsync(600_000)
    expect(sizes(exporter)).toEqual([])
    expect([books.queued, books.dropped.shutdown]).toEqual([0, 7])
  })
})

describe('the law: observed = exported + dropped + queued, at every moment', () => {
  test.each(Array.from({ length: 25 }, (_, index) => index + 1))('seed %d', async (seed) => {
    const random = seeded(seed)
    const settings = { batchSize: random.integer(1, 8), delay: random.integer(0, 500), capacity: random.integer(8, 40) }
    const { queue, books, exporter, said } = makeQueue(settings)
    const verdicts = { ok: 0, retry: 0, permanent: 0 }
    const answer = async (): Promise<void> => {
      if (exporter.pending === 0) return
      const result = random.pick([ok, ok, partial, retry, permanent])
      verdicts[result.kind]++
      await exporter.answer(result)
    }
    for (let step = 0; step < 300; step++) {
      const dice = random.fraction()
      if (dice < 0.5) add(queue, random.integer(1, 6))
      else if (dice < 0.75) await jest.advanceTimersByTimeAsync(random.integer(0, 2000))
      else await answer()
      expectLawToHold(books)
      expect(books.queued).toBeLessThanOrEqual(settings.capacity + settings.batchSize)
    }
    const closed = queue.close(random.integer(0, 3000))
    expectLawToHold(books)
    for (let step = 0; step < 20; step++) {
      if (random.chance(0.5)) await answer()
      else await jest.advanceTimersByTimeAsync(random.integer(0, 500))
      expectLawToHold(books)
    }
    await jest.advanceTimersByTimeAsync(3000)
    await closed
    expectLawToHold(books)
    expect([books.queued, exporter.closed, exporter.most]).toEqual([0, 1, 1])
    expect(Math.max(...sizes(exporter))).toBeLessThanOrEqual(settings.batchSize)
    expect(verdicts.ok).toBeGreaterThan(0)
    // Every refusal that came in time was told.
    expect(said.length).toBeGreaterThanOrEqual(verdicts.retry + verdicts.permanent - 1)
    expect(said.length).toBeLessThanOrEqual(verdicts.retry + verdicts.permanent)
  })
})
