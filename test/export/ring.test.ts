import { Ring } from '../../src/export/ring'
import type { Exchange } from '../../src/model/exchange'
import { finishedExchange } from './finished-exchange'

test('an empty ring has none', () => {
  expect(new Ring(3).newest()).toEqual([])
})

test.each([1, 2, 3, 8, 128])('capacity %d: the newest, newest first, after every step', (capacity) => {
  const ring = new Ring(capacity)
  const all: Exchange[] = []
  for (let step = 0; step < capacity * 3 + 1; step++) {
    const exchange = finishedExchange()
    ring.add(exchange)
    all.push(exchange)
    const expected = all.slice(-capacity).reverse()
    const newest = ring.newest()
    expect(newest).toHaveLength(expected.length)
    expect(newest.every((each, index) => each === expected[index])).toBe(true)
  }
})

test('what was handed out does not change', () => {
  const ring = new Ring(2)
  const [first, second] = [finishedExchange(), finishedExchange()]
  ring.add(first)
  const newest = ring.newest()
  ring.add(second)
  newest.length = 0
  expect(ring.newest().map(({ requestId }) => requestId)).toEqual([second.requestId, first.requestId])
})

test.each([1, 2, 3, 5])('resized to %d: the newest stay, and what comes is added', (capacity) => {
  for (const held of [0, 1, 2, 3, 4, 7]) {
    const ring = new Ring(3)
    const all = Array.from({ length: held }, () => finishedExchange())
    for (const exchange of all) ring.add(exchange)
    const kept = ring.newest().slice(0, capacity)
    ring.resize(capacity)
    expect(ring.newest()).toEqual(kept)
    for (let step = 0; step < capacity + 2; step++) {
      const exchange = finishedExchange()
      kept.unshift(exchange)
      ring.add(exchange)
      const newest = ring.newest()
      expect(newest).toHaveLength(Math.min(capacity, kept.length))
      expect(newest.every((each, index) => each === kept[index])).toBe(true)
    }
  }
})
