import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LineWriter } from '../../src/log/line-writer'
import { seeded } from '../support/random'

function addLine(writer: LineWriter, line: string): void {
  writer.add((to, text) => to.utf8(`${text}\n`, Buffer.byteLength(text) + 1), line)
}

let folder: string
let count = 0
/** What a test has opened: a writer that is left with lines for a pipe would keep the process alive. */
const writers: LineWriter[] = []
const readers = new Set<number>()

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lines-'))
})

afterEach(async () => {
  await Promise.all(writers.splice(0).map((writer) => writer.close(0)))
  for (const reader of readers) closeReader(reader)
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
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  readers.add(reader)
  return { path, reader }
}

function closeReader(reader: number): void {
  readers.delete(reader)
  closeSync(reader)
}

function writerTo(output: string, onTrouble: (message: string) => void): LineWriter {
  const writer = new LineWriter(output, onTrouble)
  writers.push(writer)
  return writer
}

const buffer = Buffer.alloc(1024 * 1024)

/** What the pipe holds at the moment; undefined at its end. */
function readSome(reader: number): Buffer | undefined {
  try {
    const length = readSync(reader, buffer)
    return length === 0 ? undefined : Buffer.from(buffer.subarray(0, length))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return Buffer.alloc(0)
    throw error
  }
}

/** All that comes until nobody holds the writing end any more. */
async function readToEnd(reader: number): Promise<Buffer> {
  const parts: Buffer[] = []
  await until(() => {
    const part = readSome(reader)
    parts.push(part ?? Buffer.alloc(0))
    return part === undefined
  }, 'the end of the pipe')
  return Buffer.concat(parts)
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

async function until(isSo: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 20_000
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`${what}: not within 20 s`)
    await pause(2)
  }
}

const never = (message: string): void => {
  throw new Error(message)
}

describe('a file', () => {
  test('gets all lines, in order, each with its line end', async () => {
    const path = newPath()
    const writer = writerTo(path, never)
    const random = seeded(7)
    const lines = Array.from(
      { length: 20_000 },
      (_, index) => `${index} ${random.text(random.integer(0, 80), 'abä∑ ')} 🙂`,
    )
    for (const [index, line] of lines.entries()) {
      addLine(writer, line)
      if (index % 1000 === 0) await pause(1)
    }
    await writer.close(20_000)
    const written = readFileSync(path, 'utf8').split('\n')
    expect(written.findIndex((line, index) => line !== (lines[index] ?? ''))).toBe(-1)
    expect(written).toHaveLength(lines.length + 1)
    expect(writer.dropped).toBe(0)
  })

  test('is appended to', async () => {
    const path = newPath()
    writeFileSync(path, 'former\n')
    for (const line of ['first', 'second']) {
      const writer = writerTo(path, never)
      addLine(writer, line)
      await writer.close(20_000)
    }
    expect(readFileSync(path, 'utf8')).toBe('former\nfirst\nsecond\n')
  })

  test('whose last line has no end gets one first', async () => {
    const path = newPath()
    writeFileSync(path, 'whole\ntor')
    for (const line of ['first', 'second']) {
      const writer = writerTo(path, never)
      addLine(writer, line)
      await writer.close(20_000)
    }
    expect(readFileSync(path, 'utf8')).toBe('whole\ntor\nfirst\nsecond\n')
  })

  test('is there from the start on', async () => {
    const path = newPath()
    const writer = writerTo(path, never)
    expect(readFileSync(path, 'utf8')).toBe('')
    await writer.close(20_000)
    expect(readFileSync(path, 'utf8')).toBe('')
  })

  test('has a line soon, without a close', async () => {
    const path = newPath()
    const writer = writerTo(path, never)
    addLine(writer, 'now')
    await until(() => readFileSync(path, 'utf8') === 'now\n', 'the line')
    addLine(writer, 'later')
    await until(() => readFileSync(path, 'utf8') === 'now\nlater\n', 'the next line')
    await writer.close(20_000)
  })

  test('has much at once, without waiting for more', async () => {
    const path = newPath()
    const writer = writerTo(path, never)
    jest.useFakeTimers({ doNotFake: ['nextTick', 'performance'] })
    try {
      addLine(writer, 'x'.repeat(300_000))
    } finally {
      jest.useRealTimers()
    }
    await until(() => readFileSync(path, 'utf8').length === 300_001, 'the line')
    await writer.close(20_000)
  })

  test('that can not be opened fails the start', () => {
    expect(() => new LineWriter(join(folder, 'no/such/folder/file'), never)).toThrow(/ENOENT/)
    expect(() => new LineWriter(folder, never)).toThrow(/EISDIR/)
  })

  test('a line after the close is dropped and counted, and does no harm', async () => {
    const path = newPath()
    const writer = writerTo(path, never)
    const harm: unknown[] = []
    const onHarm = (error: unknown): void => {
      harm.push(error)
    }
    addLine(writer, 'before')
    await writer.close(20_000)
    // The timer's own throw would end the process: it is run here, where it can be caught.
    jest.useFakeTimers()
    try {
      addLine(writer, 'after')
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
  test('gets all lines, in order, from one that waits for more', async () => {
    const { path, reader } = makePipe()
    const writer = writerTo(path, never)
    const lines = Array.from({ length: 3000 }, (_, index) => `${index} ä∑🙂 ${'x'.repeat(index % 500)}`)
    for (const line of lines) addLine(writer, line)
    const closed = writer.close(20_000)
    const bytes = await readToEnd(reader)
    await closed
    expect(bytes.toString()).toBe(`${lines.join('\n')}\n`)
    expect(writer.dropped).toBe(0)
  })

  test('whose reader is slow costs lines, which are counted, and no time', async () => {
    const { path, reader } = makePipe()
    const troubles = new Set<string>()
    const writer = writerTo(path, (message) => troubles.add(message))
    const added = 25_000
    const start = performance.now()
    for (let index = 0; index < added; index++) addLine(writer, `${String(index).padStart(8, '0')} ${'x'.repeat(990)}`)
    // Nobody reads meanwhile: to wait for the reader would take for ever, and a millisecond a line much longer than this.
    expect(performance.now() - start).toBeLessThan(8000)
    expect(writer.dropped).toBeGreaterThan(0)
    expect([...troubles]).toEqual([expect.stringContaining('slow')])
    const closed = writer.close(20_000)
    const text = (await readToEnd(reader)).toString()
    await closed
    const lines = text.trimEnd().split('\n')
    expect(lines.filter((line) => !/^\d{8} x{990}$/.test(line))).toEqual([])
    expect(lines).toEqual(lines.toSorted())
    expect(lines.length + writer.dropped).toBe(added)
    // Bounded: what waited is no more than 8 MiB, and no less than that by more than a block.
    expect(text.length).toBeLessThanOrEqual(8 * 1024 * 1024)
    expect(text.length).toBeGreaterThan(8 * 1024 * 1024 - 512 * 1024)
    expect([...troubles]).toHaveLength(1)
  })

  test('whose reader was slow and is no more has the next lines again', async () => {
    const { path, reader } = makePipe()
    const writer = writerTo(path, () => {})
    for (let index = 0; index < 10_000; index++) addLine(writer, 'x'.repeat(999))
    expect(writer.dropped).toBeGreaterThan(0)
    let length = 0
    // The last lines are still being gathered: whether there is room for them shows while this reads.
    await until(() => {
      length += readSome(reader)?.length ?? 0
      return length === (10_000 - writer.dropped) * 1000
    }, 'what waited')
    const { dropped } = writer
    addLine(writer, 'again')
    let text = ''
    await until(() => {
      text += readSome(reader)?.toString() ?? ''
      return text === 'again\n'
    }, 'the next line')
    expect(writer.dropped).toBe(dropped)
    await writer.close(20_000)
  })

  test('whose reader takes nothing holds up the close for the time given and no longer', async () => {
    const { path, reader } = makePipe()
    const writer = writerTo(path, never)
    const added = 200
    for (let index = 0; index < added; index++) addLine(writer, 'x'.repeat(999))
    const start = performance.now()
    await writer.close(200)
    const took = performance.now() - start
    expect(took).toBeGreaterThan(150)
    expect(took).toBeLessThan(7000)
    const whole = (await readToEnd(reader)).toString().split('\n').length - 1
    expect(writer.dropped).toBeGreaterThan(0)
    expect(writer.dropped + whole).toBeGreaterThanOrEqual(added)
    expect(writer.dropped).toBeLessThanOrEqual(added)
  })

  test('for which nothing waits does not hold up the close', async () => {
    const { path, reader } = makePipe()
    const writer = writerTo(path, never)
    addLine(writer, 'taken')
    let text = ''
    await until(() => {
      text += readSome(reader)?.toString() ?? ''
      return text === 'taken\n'
    }, 'the line')
    const start = performance.now()
    await writer.close(20_000)
    expect(performance.now() - start).toBeLessThan(7000)
    expect(readSome(reader)).toBeUndefined()
    expect(writer.dropped).toBe(0)
  })

  test('whose reader leaves is told as trouble, and what is lost is counted', async () => {
    const { path, reader } = makePipe()
    const troubles: string[] = []
    const writer = writerTo(path, (message) => troubles.push(message))
    closeReader(reader)
    for (let index = 0; index < 5; index++) addLine(writer, 'lost')
    await until(() => troubles.length > 0, 'the trouble')
    expect(troubles[0]).toContain('EPIPE')
    expect(writer.dropped).toBe(5)
    // So are the lines that come later, with no more harm.
    addLine(writer, 'lost as well')
    await until(() => writer.dropped === 6, 'the next line')
    const start = performance.now()
    await writer.close(20_000)
    expect(performance.now() - start).toBeLessThan(7000)
    expect(writer.dropped).toBe(6)
  })

  test('without a reader fails the start and does not wait for one', () => {
    const path = newPath()
    execFileSync('mkfifo', [path])
    expect(() => writerTo(path, never)).toThrow(/ENXIO/)
  })
})

describe('a full disk', () => {
  test('is told as trouble, and what is lost is counted at the latest at the close', async () => {
    const troubles: string[] = []
    const writer = writerTo('/dev/full', (message) => troubles.push(message))
    for (let index = 0; index < 5; index++) addLine(writer, 'lost')
    await until(() => troubles.length > 0, 'the trouble')
    expect(troubles[0]).toContain('ENOSPC')
    await writer.close(200)
    expect(writer.dropped).toBe(5)
  })

  test('does not hold up the close for its whole time', async () => {
    const troubles: string[] = []
    const writer = writerTo('/dev/full', (message) => troubles.push(message))
    addLine(writer, 'lost')
    await until(() => troubles.length > 0, 'the trouble')
    const start = performance.now()
    await writer.close(20_000)
    expect(performance.now() - start).toBeLessThan(7000)
  })

  test('costs no more memory than the bound, and every line is counted in the end', async () => {
    const troubles: string[] = []
    const writer = writerTo('/dev/full', (message) => troubles.push(message))
    const added = 20_000
    for (let index = 0; index < added; index++) addLine(writer, 'x'.repeat(999))
    expect(writer.dropped).toBeGreaterThan(added - 9 * 1024)
    await writer.close(100)
    expect(writer.dropped).toBe(added)
  })
})

/** A writer in a process of its own whose files may have so many blocks: it tells what it has lost of the lines. */
function writeLimited(path: string, size: number, keep: number): { whole: number; dropped: number } {
  const script = `
    const { LineWriter } = require(${JSON.stringify(join(__dirname, '../../dist/log/line-writer'))})
    const { readFileSync, truncateSync } = require('node:fs')
    const [path, size, keep] = process.argv.slice(1)
    const line = (to, text) => to.ascii(text)
    const writer = new LineWriter(path, () => {
      // No more is tried than this block. Room is made.
      const whole = readFileSync(path, 'utf8').split('\\n').length - 1
      truncateSync(path, Number(keep))
      writer.add(line, 'next\\n')
      writer.add(line, 'last\\n')
      writer.close(20000).then(() => console.log(JSON.stringify({ whole, dropped: writer.dropped })))
    })
    for (let i = 0; i < 100; i++) writer.add(line, String(i).padStart(size - 1, '.') + '\\n')`
  const command = 'ulimit -f 1; exec "$0" -e "$@"'
  const args = ['-c', command, process.execPath, script, path, String(size), String(keep)]
  return JSON.parse(execFileSync('sh', args, { encoding: 'utf8' }))
}

describe('a disk that is full after half of a line', () => {
  test('has the next line on a line of its own, and whole lines count as written', () => {
    const path = newPath()
    const { whole, dropped } = writeLimited(path, 100, 250)
    expect(whole).toBeGreaterThan(3)
    expect(dropped).toBe(100 - whole)
    const lines = readFileSync(path, 'utf8').split('\n')
    expect(lines.map((line) => line.length)).toEqual([99, 99, 50, 4, 4, 0])
    expect(lines.slice(3)).toEqual(['next', 'last', ''])
  })

  test('or at the end of one, where none is to be mended', () => {
    const path = newPath()
    const { whole, dropped } = writeLimited(path, 128, 256)
    expect(dropped).toBe(100 - whole)
    expect(readFileSync(path, 'utf8').split('\n').slice(2)).toEqual(['next', 'last', ''])
  })
})

describe('opened anew', () => {
  const descriptors = (): number => readdirSync('/proc/self/fd').length

  test('lines so far are in the former file, lines from then on in the new one', async () => {
    const path = newPath()
    const writer = writerTo(path, never)
    addLine(writer, 'waits')
    for (let round = 0; round < 5; round++) {
      addLine(writer, `before ${round}`)
      renameSync(path, `${path}.${round}`)
      writer.reopen()
      addLine(writer, `after ${round}`)
    }
    await writer.close(20_000)
    expect(readFileSync(`${path}.0`, 'utf8')).toBe('waits\nbefore 0\n')
    for (let round = 1; round < 5; round++) {
      expect(readFileSync(`${path}.${round}`, 'utf8')).toBe(`after ${round - 1}\nbefore ${round}\n`)
    }
    expect(readFileSync(path, 'utf8')).toBe('after 4\n')
    expect(writer.dropped).toBe(0)
  })

  test('while much waits: no line is lost, torn or out of order', async () => {
    const path = newPath()
    const writer = writerTo(path, never)
    const before = descriptors()
    const files = [0, 1, 2].map((round) => `${path}.${round}`)
    let count = 0
    for (const file of files) {
      for (let i = 0; i < 2000; i++) addLine(writer, `${count++} ${'x'.repeat(990)}`)
      await pause(count % 3)
      renameSync(path, file)
      writer.reopen()
    }
    addLine(writer, `${count++} last`)
    await until(() => readFileSync(path, 'utf8') !== '', 'the last line')
    await until(() => descriptors() <= before, 'descriptors as before')
    await writer.close(20_000)
    const texts = [...files, path].map((file) => readFileSync(file, 'utf8'))
    expect(texts.map((text) => text.split('\n').length - 1)).toEqual([2000, 2000, 2000, 1])
    const numbers = texts
      .join('')
      .trimEnd()
      .split('\n')
      .map((line) => Number.parseInt(line, 10))
    expect(numbers).toEqual([...numbers.keys()])
    expect(writer.dropped).toBe(0)
  })

  test('where its directory is gone: that is told, and lines go on to the former file', async () => {
    const directory = mkdtempSync(join(folder, 'gone-'))
    const path = join(directory, 'a.log')
    const troubles: string[] = []
    const writer = writerTo(path, (message) => troubles.push(message))
    const reader = openSync(path, 'r')
    rmSync(directory, { recursive: true })
    addLine(writer, 'gone')
    writer.reopen()
    addLine(writer, 'gone too')
    expect(troubles).toEqual([expect.stringMatching(/opened anew.*ENOENT/)])
    await until(() => readFileSync(`/proc/self/fd/${reader}`, 'utf8') === 'gone\ngone too\n', 'both lines')
    // There again, it is found.
    mkdirSync(directory)
    writer.reopen()
    addLine(writer, 'back')
    await writer.close(20_000)
    closeSync(reader)
    expect(readFileSync(path, 'utf8')).toBe('back\n')
    expect(troubles).toHaveLength(1)
    expect(writer.dropped).toBe(0)
  })

  test('a pipe whose reader left works again with another', async () => {
    const { path, reader } = makePipe()
    const troubles: string[] = []
    const writer = writerTo(path, (message) => troubles.push(message))
    closeReader(reader)
    addLine(writer, 'lost')
    await until(() => writer.dropped === 1, 'the loss')
    writer.reopen()
    expect(troubles).toEqual([expect.stringContaining('EPIPE'), expect.stringMatching(/opened anew.*ENXIO/)])
    const next = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    readers.add(next)
    writer.reopen()
    addLine(writer, 'again')
    let text = ''
    await until(() => {
      text += readSome(next)?.toString() ?? ''
      return text === 'again\n'
    }, 'the line')
    await writer.close(20_000)
    expect(writer.dropped).toBe(1)
  })

  test('after a pipe that takes nothing more: what waits for it is bounded, and all is counted', async () => {
    const { path } = makePipe()
    const writer = writerTo(path, () => {})
    for (let i = 0; i < 100; i++) addLine(writer, 'x'.repeat(999))
    for (let i = 0; i < 100; i++) writer.reopen()
    for (let i = 0; i < 20_000; i++) addLine(writer, 'x'.repeat(999))
    const before = descriptors()
    for (let i = 0; i < 100; i++) writer.reopen()
    // The one that the first lines wait for, and the newest.
    await until(() => descriptors() <= before + 1, 'two descriptors')
    await writer.close(50)
    expect(writer.dropped).toBe(20_100)
  })

  test('after the close nothing is opened', async () => {
    const path = newPath()
    const writer = writerTo(path, never)
    await writer.close(20_000)
    rmSync(path)
    writer.reopen()
    expect(existsSync(path)).toBe(false)
  })
})

test.each([
  ['a socket and a file', '"$0" -e "$1" 2>"$2"'],
  ['a pipe and a file', '"$0" -e "$1" 2>"$2" | cat'],
  ['a file and a pipe', '"$0" -e "$1" 2>&1 >"$3" | cat >"$2"; cat "$3"'],
])('stdout and stderr are the streams of the process, which stay open: %s', (_, command) => {
  const build = `
    const { LineWriter } = require(${JSON.stringify(join(__dirname, '../../dist/log/line-writer'))})
    const line = (to, text) => to.ascii(text)
    const out = new LineWriter('stdout', (message) => process.exit(9))
    const err = new LineWriter('stderr', (message) => process.exit(9))
    out.add(line, 'to stdout\\n')
    out.reopen()
    err.reopen()
    err.add(line, 'to stderr\\n')
    Promise.all([out.close(20000), err.close(20000)]).then(() => {
      process.stdout.write('still open\\n')
      process.stderr.write('still open\\n')
    })`
  const stderr = newPath()
  const text = execFileSync('sh', ['-c', command, process.execPath, build, stderr, newPath()], { encoding: 'utf8' })
  expect(text).toBe('to stdout\nstill open\n')
  expect(readFileSync(stderr, 'utf8')).toBe('to stderr\nstill open\n')
})
