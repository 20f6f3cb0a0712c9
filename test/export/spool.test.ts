/** Real directories, real processes: what is on disk is what counts. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Batch } from '../../src/export/exporter'
import { Spool } from '../../src/export/spool'
import { seeded } from '../support/random'

const MEGABYTE = 1024 * 1024
const HEADER_BYTES = 24

let directory: string
const said: string[] = []
const opened: Spool[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spool-'))
  said.length = 0
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((spool) => spool.close()))
  rmSync(directory, { recursive: true, force: true })
})

async function open(maxBytes = MEGABYTE): Promise<Spool> {
  const spool = Spool.open({ directory, maxBytes }, 'traces', (message) => said.push(message))
  opened.push(spool)
  await spool.ready
  return spool
}

function batchOf(label: string, size = label.length, count = 1): Batch {
  return { bytes: Buffer.from(label.padEnd(size, ' ')), count }
}

async function append(spool: Spool, ...labels: string[]): Promise<void> {
  for (const label of labels) expect(await spool.append(batchOf(label))).toBe(true)
}

/** Takes everything out. @returns the labels, in order */
async function drain(spool: Spool): Promise<string[]> {
  const labels: string[] = []
  for (let spooled = await spool.first(); spooled; spooled = await spool.first()) {
    labels.push(spooled.batch.bytes.toString().trim())
    await spool.remove(spooled.id)
  }
  return labels
}

/** Names in the directory of the signal that end so. */
function named(ending: string): string[] {
  return existsSync(join(directory, 'traces'))
    ? readdirSync(join(directory, 'traces')).filter((name) => name.endsWith(ending))
    : []
}

function pathOf(name: string | undefined): string {
  return join(directory, 'traces', name as string)
}

/** Runs something as a user who is bound by permissions. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work()
  process.seteuid?.(65534)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}

interface Child {
  kill(): void
  readonly lines: string[]
  /** Resolves when it has ended and all that it said is here. */
  readonly end: Promise<unknown>
}

/** @param limit of the size of a file, in blocks of the shell, which are 512 or 1024 bytes */
function start(errand: string, name: string, limit: number | 'unlimited' = 'unlimited'): Child {
  const command = `ulimit -f ${limit}; exec "$@"`
  const script = join(__dirname, 'spool-child.js')
  const child = spawn('sh', ['-c', command, 'sh', process.execPath, script, errand, directory, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  let text = ''
  child.stdout.on('data', (bytes) => {
    const parts = (text + bytes).split('\n')
    text = parts.pop() as string
    lines.push(...parts)
  })
  return { kill: () => child.kill('SIGKILL'), lines, end: once(child, 'close') }
}

describe('order', () => {
  test('batches come out as they went in', async () => {
    const spool = await open()
    expect(await spool.first()).toBeUndefined()
    const bytes = Buffer.from([0, 255, 10, 128])
    expect(await Promise.all([spool.append({ bytes, count: 7 }), spool.append(batchOf('b'))])).toEqual([true, true])
    const first = await spool.first()
    expect(first?.batch).toEqual({ bytes, count: 7 })
    expect(await spool.first()).toEqual(first)
    expect([spool.files, spool.entries, spool.bytes]).toEqual([2, 8, 2 * HEADER_BYTES + 5])
    await spool.remove(first?.id as string)
    await spool.remove(first?.id as string)
    expect(await drain(spool)).toEqual(['b'])
    expect([spool.files, spool.entries, spool.bytes, named('.batch')]).toEqual([0, 0, 0, []])
    expect(said).toEqual([])
  })

  test('and empty ones too', async () => {
    const spool = await open()
    await spool.append({ bytes: Buffer.alloc(0), count: 0 })
    expect((await spool.first())?.batch).toEqual({ bytes: Buffer.alloc(0), count: 0 })
  })

  test('over restarts, whatever the clock says', async () => {
    const labels = Array.from({ length: 12 }, (_, number) => `batch ${number}`)
    for (let from = 0; from < 12; from += 4) {
      const now = jest.spyOn(Date, 'now').mockReturnValue(1e12 - from * 1e9)
      const spool = await open()
      expect([spool.files, spool.entries, spool.recovered]).toEqual([from, from, from])
      await append(spool, ...labels.slice(from, from + 4))
      await spool.close()
      now.mockRestore()
    }
    expect(await drain(await open())).toEqual(labels)
    expect(said).toEqual([])
  })

  test('signals know nothing of each other', async () => {
    const logs = Spool.open({ directory, maxBytes: MEGABYTE }, 'logs', (message) => said.push(message))
    opened.push(logs)
    const traces = await open()
    await append(traces, 'span')
    await append(logs, 'log')
    await logs.takeOver()
    expect([await drain(logs), await drain(traces)]).toEqual([['log'], ['span']])
  })

  test('files are for their owner alone', async () => {
    await append(await open(), 'a')
    expect(statSync(pathOf(named('.batch')[0])).mode & 0o777).toBe(0o600)
    expect(statSync(pathOf('.')).mode & 0o777).toBe(0o700)
  })
})

describe('bounds', () => {
  const size = 100 + HEADER_BYTES

  test('the oldest go, and are counted', async () => {
    const spool = await open(3 * size)
    for (let number = 0; number < 8; number++) {
      expect(await spool.append(batchOf(`${number}`, 100, 2))).toBe(true)
      expect(spool.bytes).toBeLessThanOrEqual(3 * size)
    }
    expect([spool.dropped, spool.entries, spool.files]).toEqual([10, 6, 3])
    expect(named('.batch')).toHaveLength(3)
    expect(await drain(spool)).toEqual(['5', '6', '7'])
  })

  test('the batch that may be on its way stays', async () => {
    const spool = await open(3 * size)
    await spool.append(batchOf('0', 100))
    const first = await spool.first()
    for (let number = 1; number < 6; number++) await spool.append(batchOf(`${number}`, 100))
    expect(await spool.first()).toEqual(first)
    expect(await drain(spool)).toEqual(['0', '4', '5'])
    expect(spool.dropped).toBe(3)
  })

  test('a batch that is too large is refused, and costs no other', async () => {
    const spool = await open(2 * size)
    await append(spool, 'a', 'b')
    expect(await spool.append(batchOf('c', 2 * size))).toBe(false)
    await spool.first()
    expect(await spool.append(batchOf('d', 2 * size - HEADER_BYTES))).toBe(false)
    expect(said).toEqual([expect.stringContaining('too large'), expect.stringContaining('too large')])
    expect([await drain(spool), spool.dropped]).toEqual([['a', 'b'], 0])
  })

  test('hold for what is taken over', async () => {
    const before = await open()
    await append(before, 'a', 'b', 'c')
    await before.close()
    const spool = await open(2 * HEADER_BYTES + 10)
    expect([spool.recovered, spool.dropped, spool.entries]).toEqual([3, 1, 2])
    expect(await drain(spool)).toEqual(['b', 'c'])
  })
})

describe('damaged files', () => {
  type Damage = (path: string) => void
  const flip = (at: number): Damage => {
    return (path) => {
      const content = readFileSync(path)
      content[at] = (content[at] as number) ^ 4
      writeFileSync(path, content)
    }
  }
  // Each with the entries that are known to be lost.
  test.each<[string, Damage, number]>([
    ['empty', (path) => truncateSync(path, 0), 0],
    ['half a header', (path) => truncateSync(path, 10), 0],
    ['a header only', (path) => truncateSync(path, HEADER_BYTES), 3],
    ['truncated', (path) => truncateSync(path, 60), 3],
    ['longer', (path) => truncateSync(path, 1000), 3],
    ['a bit of the magic', flip(2), 0],
    ['another version', flip(7), 0],
    ['a bit of the count', flip(11), 0],
    ['a bit of the length', flip(14), 0],
    ['a bit of the checksum', flip(17), 0],
    ['a bit of the batch', flip(HEADER_BYTES + 50), 3],
    ['all zeros', (path) => writeFileSync(path, Buffer.alloc(124)), 0],
    ['something else', (path) => writeFileSync(path, 'hello '.repeat(100)), 0],
  ])('%s', async (_, damage, known) => {
    for (const isMeanwhile of [true, false]) {
      let spool = await open()
      for (const label of ['a', 'b', 'c']) await spool.append(batchOf(label, 100, 3))
      if (!isMeanwhile) await spool.close()
      damage(pathOf(named('.batch').sort()[1]))
      if (!isMeanwhile) spool = await open()
      expect(await drain(spool)).toEqual(['a', 'c'])
      // A process that met it sound counted it then.
      expect([spool.damagedFiles, spool.damagedEntries]).toEqual([1, isMeanwhile ? 3 : known])
      expect([spool.files, spool.entries, spool.bytes]).toEqual([0, 0, 0])
      expect([named('.damaged').length, named('.batch').length]).toEqual([isMeanwhile ? 1 : 2, 0])
      expect(said.splice(0)).toEqual([expect.stringContaining('damaged')])
      await spool.close()
    }
  })

  test('only some are kept', async () => {
    const before = await open()
    for (let number = 0; number < 20; number++) await append(before, `${number}`)
    await before.close()
    for (const name of named('.batch')) truncateSync(pathOf(name), 5)
    const spool = await open()
    expect([spool.damagedFiles, spool.files, named('.damaged').length]).toEqual([20, 0, 8])
  })

  test('files of others are left alone', async () => {
    const names = ['README', '1.batch', '000000000001-x@y.batch', 'lost+found', 'x.new', 'x.owner', 'x.damaged']
    mkdirSync(join(directory, 'traces'))
    for (const name of names) writeFileSync(pathOf(name), 'theirs')
    const spool = await open()
    await append(spool, 'a')
    expect([await drain(spool), spool.recovered, said]).toEqual([['a'], 0, []])
    for (const name of names) expect(readFileSync(pathOf(name), 'utf8')).toBe('theirs')
  })

  test('a folder in the place of a file', async () => {
    const spool = await open()
    await append(spool, 'a', 'b')
    const path = pathOf(named('.batch').sort()[0])
    rmSync(path)
    mkdirSync(path)
    expect([await drain(spool), spool.damagedFiles]).toEqual([['b'], 1])
  })
})

describe('trouble', () => {
  test.each(['a file', 'below a file', 'a path that is too long'])('%s is no directory for a spool', (what) => {
    writeFileSync(join(directory, 'file'), '')
    const paths = { 'a file': 'file', 'below a file': 'file/below', 'a path that is too long': 'long/'.repeat(20) }
    const settings = { directory: join(directory, paths[what as keyof typeof paths]), maxBytes: 1 }
    expect(() => Spool.open(settings, 'traces', () => {})).toThrow()
  })

  test('a directory that is read-only from the start', async () => {
    chmodSync(directory, 0o555)
    await asNobody(async () => {
      const settings = { directory, maxBytes: 1 }
      expect(() => Spool.open(settings, 'traces', () => {})).toThrow(/EACCES/)
    })
  })

  test('a directory that becomes read-only: nothing is appended, what is there is given, and given once', async () => {
    chmodSync(directory, 0o777)
    await asNobody(async () => {
      const spool = await open(100)
      await append(spool, 'a', 'b')
      chmodSync(pathOf('.'), 0o500)
      expect(await spool.append(batchOf('c'))).toBe(false)
      expect(await spool.append(batchOf('too much beside the others', 40))).toBe(false)
      expect([spool.entries, spool.dropped]).toEqual([2, 0])
      expect(await drain(spool)).toEqual(['a', 'b'])
      chmodSync(pathOf('.'), 0o700)
      expect(said).toEqual(Array(4).fill(expect.stringContaining('EACCES')))
      await append(spool, 'd')
      expect(await drain(spool)).toEqual(['d'])
    })
  })

  test('a directory that is removed is made again, and what was in it is counted', async () => {
    const spool = await open()
    await append(spool, 'a', 'b')
    rmSync(directory, { recursive: true })
    expect(await spool.first()).toBeUndefined()
    expect([spool.dropped, spool.entries, spool.bytes]).toEqual([2, 0, 0])
    expect(said).toEqual([expect.stringContaining('2 entries')])
    await append(spool, 'c')
    const other = await open()
    expect([await drain(other), await drain(spool)]).toEqual([[], ['c']])
  })

  test('a disk that is full: the batch is refused, leaves nothing, and others are taken', async () => {
    const child = start('limits', 'child', 8)
    await child.end
    expect(child.lines).toEqual(['true', expect.stringMatching(/^! EFBIG/), 'false', 'true', '2'])
    expect(named('.new')).toEqual([])
    expect(await drain(await open())).toEqual(['child.100', 'child.100'])
  })

  test('after its end nothing is appended or given', async () => {
    const spool = await open()
    await append(spool, 'a')
    await spool.close()
    await spool.close()
    expect([await spool.append(batchOf('b')), await spool.first(), named('.owner')]).toEqual([false, undefined, []])
  })
})

describe('several processes', () => {
  test('one that lives keeps its files', async () => {
    const one = await open()
    await append(one, 'a')
    const other = await open()
    await append(other, 'b')
    await Promise.all([one.takeOver(), other.takeOver()])
    expect([one.entries, one.recovered, other.entries, other.recovered]).toEqual([1, 0, 1, 0])
    expect([await drain(other), await drain(one)]).toEqual([['b'], ['a']])
  })

  test('what one leaves is taken by another that lives, and comes before what is newer', async () => {
    const [one, other] = [await open(), await open()]
    await append(one, 'a', 'b')
    await other.takeOver()
    await append(other, 'c')
    await one.close()
    await other.takeOver()
    expect([await drain(other), other.recovered]).toEqual([['a', 'b', 'c'], 2])
  })

  test('of several that try only one gets a batch, and none is left', async () => {
    const before = await open()
    const labels = Array.from({ length: 60 }, (_, number) => `batch ${number}`)
    await append(before, ...labels)
    await before.close()
    const heirs = await Promise.all([open(), open(), open(), open()])
    const drained = await Promise.all(heirs.map(drain))
    expect(drained.flat().sort()).toEqual(labels.sort())
    expect([named('.batch'), said]).toEqual([[], []])
  })

  test('two that append and send at once', async () => {
    const before = await open()
    await append(before, ...Array.from({ length: 40 }, (_, number) => `before.${number}`))
    await before.close()
    const children = [start('both', 'one'), start('both', 'two')]
    await Promise.all(children.map(({ end }) => end))
    const names = ['before', 'one', 'two']
    const labels = names.flatMap((name) => Array.from({ length: 40 }, (_, number) => `${name}.${number}`))
    expect(children.flatMap(({ lines }) => lines).sort()).toEqual(labels.sort())
    for (const { lines } of children) expect(lines.length).toBeGreaterThanOrEqual(40)
    expect(readdirSync(pathOf('.'))).toEqual([])
  })

  test('killed at any moment: what was acknowledged is there, whole, once and in order', async () => {
    const random = seeded(1)
    const acknowledged: string[] = []
    let started = 0
    // Two at a time: each takes over what those before it left.
    for (let round = 0; round < 10; round++) {
      const children = [start('append', `child ${started++}`), start('append', `child ${started++}`)]
      await Promise.all(
        children.map(async ({ kill, lines, end }) => {
          while (lines.length < 5 && round % 3 > 0) await sleep(5)
          await sleep(random.integer(20, 120))
          kill()
          await end
          acknowledged.push(...lines)
        }),
      )
    }
    const spool = await open(1e9)
    expect([acknowledged.filter((line) => line.startsWith('!')), named('.new')]).toEqual([[], []])
    expect([spool.damagedFiles, said, named('.owner').length]).toEqual([0, [], 1])
    const found = await drain(spool)
    expect(new Set(found).size).toBe(found.length)
    expect(acknowledged.filter((label) => !found.includes(label))).toEqual([])
    // A batch may be safe, and its process killed before it said so.
    expect(found.length - acknowledged.length).toBeLessThanOrEqual(started)
    for (let number = 0; number < started; number++) {
      const own = found
        .filter((label) => label.startsWith(`child ${number}.`))
        .map((label) => Number(label.split('.')[1]))
      expect(own).toEqual(own.map((_, index) => index))
    }
    expect(acknowledged.length).toBeGreaterThan(50)
  })
})

test('the law: appended + recovered = removed + dropped + damaged + waiting', async () => {
  const random = seeded(7)
  let spool = await open(2000)
  let [appended, removed] = [0, 0]
  for (let step = 0; step < 300; step++) {
    const dice = random.fraction()
    if (dice < 0.6) {
      const count = random.integer(1, 9)
      if (await spool.append(batchOf('x', random.integer(0, 400), count))) appended += count
    } else if (dice < 0.8) {
      const first = await spool.first()
      if (first && random.chance(0.7)) {
        await spool.remove(first.id)
        removed += first.batch.count
      }
    } else if (dice < 0.9 && spool.files > 0) {
      const path = pathOf(random.pick(named('.batch')))
      if (random.chance(0.5)) truncateSync(path, 40)
      else rmSync(path)
    } else if (dice < 0.93) {
      await spool.close()
      spool = await open(2000)
      ;[appended, removed] = [0, 0]
    }
    expect(appended + spool.recovered).toBe(removed + spool.dropped + spool.damagedEntries + spool.entries)
    expect(spool.bytes).toBeLessThanOrEqual(2000)
    expect(spool.files === 0).toBe(spool.bytes === 0)
  }
})
