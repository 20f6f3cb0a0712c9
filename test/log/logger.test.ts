import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { eachOnceAWhile, type Fields, type LogLevel, onceAWhile } from '../../src/log/logger'

const built = JSON.stringify(join(__dirname, '../../dist/log/logger'))

/** Runs `code` with `log` of that level, in a process of its own. */
function written(level: LogLevel, code: string): { stdout: string; lines: Record<string, unknown>[] } {
  const script = `const log = require(${built}).createLogger('${level}'); ${code}`
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' })
  const lines = stderr.split('\n').filter((line) => line !== '')
  return { stdout, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

const all = "for (const level of ['debug', 'info', 'warn', 'error']) log[level]('it is ' + level)"

describe('the log', () => {
  test.each<[LogLevel, readonly string[]]>([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
  ])('%s: %j are written, to stderr', (level, levels) => {
    const { stdout, lines } = written(level, all)
    expect(stdout).toBe('')
    expect(lines).toEqual(
      levels.map((each) => ({
        level: each,
        message: `it is ${each}`,
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      })),
    )
  })

  test('fields stand beside the message', () => {
    const { lines } = written('info', "log.info('m', { reason: 'a\\nb', 'request.id': 1, deep: { a: [1] } })")
    expect(lines).toEqual([
      expect.objectContaining({ message: 'm', reason: 'a\nb', 'request.id': 1, deep: { a: [1] } }),
    ])
  })

  test('closing waits for the last line', () => {
    const { lines } = written('info', "log.error('last words'); log.close(1000).then(() => process.exit(3))")
    expect(lines.map(({ message }) => message)).toEqual(['last words'])
  })

  test('fields that can not be written do no harm', () => {
    const { lines } = written('info', "const a = {}; a.a = a; log.info('m', { a, big: undefined }); log.info('n')")
    expect(lines.map(({ message }) => message)).toEqual(['m', 'n'])
  })
})

describe('onceAWhile', () => {
  let said: [string, Fields][]
  let tell: (message: string) => void

  beforeEach(() => {
    jest.useFakeTimers()
    said = []
    tell = onceAWhile((message, fields) => said.push([message, fields]), 60_000)
  })

  afterEach(() => jest.useRealTimers())

  test('says the first at once', () => {
    tell('a')
    expect(said).toEqual([['a', {}]])
  })

  test('is silent for the interval, then says how often it was silent', () => {
    for (const message of ['a', 'b', 'c']) tell(message)
    jest.advanceTimersByTime(59_999)
    tell('d')
    expect(said).toEqual([['a', {}]])
    jest.advanceTimersByTime(1)
    tell('e')
    expect(said).toEqual([
      ['a', {}],
      ['e', { repeated: 3 }],
    ])
  })

  test('counts anew after each time it speaks', () => {
    tell('a')
    tell('b')
    jest.advanceTimersByTime(60_000)
    tell('c')
    jest.advanceTimersByTime(60_000)
    tell('d')
    tell('e')
    jest.advanceTimersByTime(60_000)
    tell('f')
    expect(said).toEqual([
      ['a', {}],
      ['c', { repeated: 1 }],
      ['d', {}],
      ['f', { repeated: 1 }],
    ])
  })

  test('the law: every call is said or counted by the next that is said', () => {
    let calls = 0
    for (let step = 0; step < 500; step++) {
      tell(String(step))
      calls++
      jest.advanceTimersByTime((step * 7919) % 9000)
    }
    jest.advanceTimersByTime(60_000)
    tell('last')
    calls++
    const repeated = said.reduce((sum, [, fields]) => sum + Number(fields.repeated ?? 0), 0)
    expect(said.length + repeated).toBe(calls)
    expect(said.length).toBeGreaterThan(2)
  })

  test('two of them do not know of each other', () => {
    const other = onceAWhile((message, fields) => said.push([message, fields]), 60_000)
    tell('a')
    other('b')
    expect(said).toEqual([
      ['a', {}],
      ['b', {}],
    ])
  })
})

test('eachOnceAWhile tells messages apart, up to a number of them', () => {
  const said: string[] = []
  const tell = eachOnceAWhile((message) => said.push(message), 60_000)
  const numbers = Array.from({ length: 100 }, (_, i) => String(i))
  for (const number of [...numbers, ...numbers]) tell(number)
  expect(said).toEqual(numbers.slice(0, 17))
})
