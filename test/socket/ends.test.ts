import { endsOf } from '../../src/socket/ends'

test('an address is the same however it is written', () => {
  expect(endsOf('::ffff:127.0.0.1', 1, '127.0.0.1', 2)).toBe(endsOf('127.0.0.1', 1, '::ffff:127.0.0.1', 2))
})

test('both ends count, and which is which', () => {
  const ends = [
    endsOf('127.0.0.1', 1, '127.0.0.1', 2),
    endsOf('127.0.0.1', 1, '127.0.0.1', 3),
    endsOf('127.0.0.1', 2, '127.0.0.1', 1),
    endsOf('127.0.0.2', 1, '127.0.0.1', 2),
  ]
  expect(new Set(ends).size).toBe(ends.length)
})
