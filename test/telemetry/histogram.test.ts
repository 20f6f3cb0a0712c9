import { addedUp, Histogram } from '../../src/telemetry/histogram'
import { seeded } from '../support/random'

const attributes = { a: 'b' }

test('nothing recorded is no point', () => {
  expect(new Histogram([1]).point(attributes)).toBeUndefined()
})

test.each([
  [-1, 0],
  [0, 0],
  [0.5, 1],
  [1, 1],
  [1.001, 2],
  [10, 2],
  [10.5, 3],
  [1e12, 3],
])('%d lies in bucket %d: the upper bound belongs to it', (value, bucket) => {
  const histogram = new Histogram([0, 1, 10])
  histogram.record(value)
  const counts = [0, 0, 0, 0]
  counts[bucket] = 1
  expect(histogram.point(attributes)).toEqual({ attributes, count: 1, sum: value, counts, min: value, max: value })
})

test('a point that was read does not change', () => {
  const histogram = new Histogram([1])
  histogram.record(1)
  const point = histogram.point(attributes)
  histogram.record(2)
  expect(point).toMatchObject({ count: 1, counts: [1, 0] })
})

test('two parts added up are the whole', () => {
  const { fraction } = seeded(1)
  const bounds = [0.1, 0.5, 0.9]
  const [one, other, whole] = [new Histogram(bounds), new Histogram(bounds), new Histogram(bounds)]
  for (let i = 0; i < 1000; i++) {
    const value = fraction()
    ;(i % 3 === 0 ? one : other).record(value)
    whole.record(value)
  }
  const sum = addedUp(one.point(attributes) as never, other.point(attributes) as never)
  expect({ ...sum, sum: 0 }).toEqual({ ...whole.point(attributes), sum: 0 })
  expect(sum.sum).toBeCloseTo(whole.point(attributes)?.sum as number, 9)
})
