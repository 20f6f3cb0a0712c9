/** The memory of what was written: who has it, and when it is written again. */
import { ByteWriter } from '../../src/model/byte-writer'

const written = (writer: ByteWriter, size: number, text = 'x'): Buffer => {
  writer.ascii(text.repeat(size))
  return writer.take()
}

test('little is copied, and lies in nobody else’s memory', () => {
  const writer = new ByteWriter()
  const first = written(writer, 10)
  writer.reuse(first)
  const second = written(writer, 10, 'y')
  expect([first.toString(), second.toString()]).toEqual(['x'.repeat(10), 'y'.repeat(10)])
})

test('much goes with its memory, and stays as it is until it is given back', () => {
  const writer = new ByteWriter()
  const first = written(writer, 200_000)
  const second = written(writer, 200_000, 'y')
  expect(first.toString()).toBe('x'.repeat(200_000))
  writer.reuse(first)
  const third = written(writer, 200_000, 'z')
  const fourth = written(writer, 200_000, 'w')
  expect([second, third, fourth].map((bytes) => bytes.toString('latin1', 0, 1))).toEqual(['y', 'z', 'w'])
  expect(fourth.buffer).toBe(first.buffer)
  expect(third.buffer).not.toBe(first.buffer)
})

test('memory is given back once, and never by another', () => {
  const writer = new ByteWriter()
  const taken = written(writer, 200_000)
  writer.reuse(taken)
  writer.reuse(taken)
  new ByteWriter().reuse(taken)
  const next = [written(writer, 200_000), written(writer, 200_000), written(writer, 200_000)]
  expect(new Set(next.map(({ buffer }) => buffer)).size).toBe(3)
})

test('little in much memory is copied', () => {
  const writer = new ByteWriter()
  written(writer, 200_000)
  const little = written(writer, 5000)
  expect(little.buffer.byteLength).toBeLessThan(100_000)
})
