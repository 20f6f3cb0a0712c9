import { ByteWriter } from '../../src/model/byte-writer'
import { timeWriter } from '../../src/telemetry/time-format'

function format(text: string, ...times: number[]): string[] {
  const write = timeWriter(text)
  return times.map((time) => {
    const writer = new ByteWriter()
    write(writer, time)
    return writer.take().toString()
  })
}

const time = Date.UTC(2024, 1, 9, 3, 4, 5, 67) + 0.089

test.each([
  ['%Y-%m-%dT%H:%M:%S.%3f%z', '2024-02-09T03:04:05.067+0000'],
  ['%d/%b/%Y:%T %z', '09/Feb/2024:03:04:05 +0000'],
  ['%a %e %b %y, day %j, %F %Z', 'Fri  9 Feb 24, day 040, 2024-02-09 UTC'],
  ['%s.%3f', '1707447845.067'],
  ['%1f %6f %9f %f', '0 067089 067089000 067089000'],
  ['ä %% %%Y', 'ä % %Y'],
  ['', ''],
])('%s', (text, written) => {
  expect(format(text, time)).toEqual([written])
})

test('goes on from second to second, and back', () => {
  const [first, second, third] = [
    Date.UTC(2023, 11, 31, 23, 59, 59, 999),
    Date.UTC(2024, 0, 1),
    Date.UTC(2023, 11, 31, 23, 59, 59, 1),
  ]
  expect(format('%F %T.%3f', first, second, third)).toEqual([
    '2023-12-31 23:59:59.999',
    '2024-01-01 00:00:00.000',
    '2023-12-31 23:59:59.001',
  ])
})

test('each of several writers has its own second', () => {
  const writers = ['%S', '%M'].map(timeWriter)
  const texts = [0, 61_000].flatMap((at) =>
    writers.map((write) => {
      const writer = new ByteWriter()
      write(writer, at)
      return writer.take().toString()
    }),
  )
  expect(texts).toEqual(['00', '00', '01', '01'])
})
