import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LineWriter } from '../../src/export/line-writer'
import { seeded } from '../support/random'

let folder: string
let count = 0

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lines-'))
})

afterAll(() => rmSync(folder, { recursive: true }))

function newPath(): string {
  count++
  return join(folder, `${count}.log`)
}

/** A pipe with a name, and its reading end, which does not wait. */
function makePipe(): { path: string; reader: number } {
  const path = newPath()
  execFileSync('mkfifo', [path])
  return { path, reader: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK) }
}

const buffer = Buffer.alloc(1024 * 1024)

/** What the pipe holds at the moment; undefined at its end. */
function readSome(fd: number): string | undefined {
  try {
    const length = readSync(fd, buffer)
    return length === 0 ? undefined : buffer.toString('latin1', 0, length)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return ''
    throw error
  }
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

async function until(isSo: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 3000
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`${what}: not within 3 s`)
    await pause(2)
  }
}

const never = (message: string): void => {
  throw new Error(message)
}

describe('a file', () => {
  test('gets all lines, in order, each with its line end', async () => {
    const path = newPath()
    const writer = new LineWriter(path, never)
    const random = seeded(7)
    const lines = Array.from(
      { length: 20_000 },
      (_, index) => `${index} ${random.text(random.integer(0, 80), 'abä∑ ')} 🙂`,
    )
    for (const [index, line] of lines.entries()) {
      writer.add(line)
      if (index % 1000 === 0) await pause(1)
    }
    await writer.close(5000)
    const written = readFileSync(path, 'utf8').split('\n')
    expect(written.findIndex((line, index) => line !== (lines[index] ?? ''))).toBe(-1)
    expect(written).toHaveLength(lines.length + 1)
    expect(writer.dropped).toBe(0)
  })

  test('is appended to', async () => {
    const path = newPath()
    writeFileSync(path, 'former\n')
    for (const line of ['first', 'second']) {
      const writer = new LineWriter(path, never)
      writer.add(line)
      await writer.close(5000)
    }
    expect(readFileSync(path, 'utf8')).toBe('former\nfirst\nsecond\n')
  })

  test('is there from the start on', async () => {
    const path = newPath()
    const writer = new LineWriter(path, never)
    expect(readFileSync(path, 'utf8')).toBe('')
    await writer.close(5000)
    expect(readFileSync(path, 'utf8')).toBe('')
  })

  test('has a line soon, without a close', async () => {
    const path = newPath()
    const writer = new LineWriter(path, never)
    writer.add('now')
    await until(() => readFileSync(path, 'utf8') === 'now\n', 'the line')
    writer.add('later')
    await until(() => readFileSync(path, 'utf8') === 'now\nlater\n', 'the next line')
    await writer.close(5000)
  })

  test('has much at once, without waiting for more', async () => {
    const path = newPath()
    const writer = new LineWriter(path, never)
    jest.useFakeTimers({ doNotFake: ['nextTick', 'performance'] })
    try {
      writer.add('x'.repeat(40_000))
    } finally {
      jest.useRealTimers()
    }
    await until(() => readFileSync(path, 'utf8').length === 40_001, 'the line')
    await writer.close(5000)
  })

  test('that can not be opened fails the start', () => {
    expect(() => new LineWriter(join(folder, 'no/such/folder/file'), never)).toThrow(/ENOENT/)
    expect(() => new LineWriter(folder, never)).toThrow(/EISDIR/)
  })

  test('a line after the close is dropped and counted, and does no harm', async () => {
    const path = newPath()
    const writer = new LineWriter(path, never)
    const harm: unknown[] = []
    const onHarm = (error: unknown): void => {
      harm.push(error)
    }
    writer.add('before')
    await writer.close(5000)
    // The timer's own throw would end the process: it is run here, where it can be caught.
    jest.useFakeTimers()
    try {
      writer.add('after')
      jest.advanceTimersByTime(1000)
    } catch (error) {
      onHarm(error)
    } finally {
      jest.useRealTimers()
    }
    expect(harm).toEqual([])
    expect(writer.dropped).toBe(1)
    expect(readFileSync(path, 'utf8')).toBe('before\n')
  })
})

describe('a pipe', () => {
  test('whose reader is slow costs lines, which are counted, and no time', async () => {
    const { path, reader } = makePipe()
    const writer = new LineWriter(path, never)
    const added = 25_000
    const start = performance.now()
    for (let index = 0; index < added; index++) writer.add(`${String(index).padStart(8, '0')} ${'x'.repeat(990)}`)
    expect(performance.now() - start).toBeLessThan(2000)
    expect(writer.dropped).toBeGreaterThan(0)
    let text = ''
    const closed = writer.close(10_000)
    for (let part: string | undefined = ''; part !== undefined; part = readSome(reader)) {
      text += part
      if (part === '') await pause(1)
    }
    await closed
    closeSync(reader)
    const lines = text.trimEnd().split('\n')
    expect(lines.filter((line) => !/^\d{8} x{990}$/.test(line))).toEqual([])
    expect(lines).toEqual(lines.toSorted())
    expect(lines.length + writer.dropped).toBe(added)
    // Bounded: what waited is no more than 8 MiB, beside what the pipe itself holds.
    expect(text.length).toBeLessThan(10 * 1024 * 1024)
    expect(text.length).toBeGreaterThan(4 * 1024 * 1024)
  }, 20_000)

  test('whose reader takes nothing holds up the close for the time given and no longer', async () => {
    const { path, reader } = makePipe()
    const writer = new LineWriter(path, () => {})
    for (let index = 0; index < 200; index++) writer.add('x'.repeat(1000))
    const start = performance.now()
    await writer.close(200)
    const took = performance.now() - start
    expect(took).toBeGreaterThan(150)
    expect(took).toBeLessThan(1500)
    // Lets the write that still waits come to its end.
    while (readSome(reader) !== undefined) await pause(1)
    closeSync(reader)
  })

  test('whose reader leaves is told as trouble', async () => {
    const { path, reader } = makePipe()
    const troubles: string[] = []
    const writer = new LineWriter(path, (message) => troubles.push(message))
    closeSync(reader)
    writer.add('lost')
    await until(() => troubles.length > 0, 'the trouble')
    expect(troubles[0]).toContain('EPIPE')
    await writer.close(100)
  })
})

describe('a full disk', () => {
  test('is told as trouble, and what is lost is counted at the latest at the close', async () => {
    const troubles: string[] = []
    const writer = new LineWriter('/dev/full', (message) => troubles.push(message))
    for (let index = 0; index < 5; index++) writer.add('lost')
    await until(() => troubles.length > 0, 'the trouble')
    expect(troubles[0]).toContain('ENOSPC')
    await writer.close(200)
    expect(writer.dropped).toBe(5)
  })

  test('does not hold up the close for its whole time', async () => {
    const troubles: string[] = []
    const writer = new LineWriter('/dev/full', (message) => troubles.push(message))
    writer.add('lost')
    await until(() => troubles.length > 0, 'the trouble')
    const start = performance.now()
    await writer.close(2000)
    expect(performance.now() - start).toBeLessThan(1000)
  })

  test('costs no more memory than the bound', async () => {
    const troubles: string[] = []
    const writer = new LineWriter('/dev/full', (message) => troubles.push(message))
    const added = 20_000
    for (let index = 0; index < added; index++) writer.add('x'.repeat(999))
    expect(writer.dropped).toBeGreaterThan(added - 9 * 1024)
    await writer.close(100)
  })
})

test('stdout and stderr are the streams of the process, which stay open', async () => {
  const build = `
    const { LineWriter } = require(${JSON.stringify(join(__dirname, '../../dist/export/line-writer'))})
    const out = new LineWriter('stdout', (message) => process.exit(9))
    const err = new LineWriter('stderr', (message) => process.exit(9))
    out.add('to stdout')
    err.add('to stderr')
    Promise.all([out.close(1000), err.close(1000)]).then(() => {
      process.stdout.write('still open\\n')
      process.stderr.write('still open\\n')
    })`
  const text = execFileSync('sh', ['-c', '"$0" -e "$1" 2>"$2"', process.execPath, build, join(folder, 'err')], {
    encoding: 'utf8',
  })
  expect(text).toBe('to stdout\nstill open\n')
  expect(readFileSync(join(folder, 'err'), 'utf8')).toBe('to stderr\nstill open\n')
})
