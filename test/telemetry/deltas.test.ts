import { Deltas, type Temporality } from '../../src/telemetry/deltas'
import { Histogram, type HistogramPoint } from '../../src/telemetry/histogram'
import { type Metric, type Point, single, Tally } from '../../src/telemetry/metrics'
import { seeded } from '../support/random'
import { answered, exchangeOf, get } from './exchanges'

const histogramOf = (histogram: Histogram): Metric => {
  const point = histogram.point({ a: 1 })
  const points = point ? [point] : []
  return { kind: 'histogram', name: 'h', unit: 's', description: '', bounds: histogram.bounds, points }
}

const counter = (value: number) => single('counter', 'c', '{x}', '', value)

test.each<[Temporality, string[]]>([
  ['cumulative', []],
  ['lowmemory', ['h']],
  ['delta', ['c', 'h']],
])('%s: deltas are %j', (temporality, names) => {
  const histogram = new Histogram([1])
  histogram.record(2)
  const metrics = [
    counter(1),
    single('updown', 'u', '{x}', '', 1),
    single('gauge', 'g', 's', '', 1),
    histogramOf(histogram),
  ]
  const told = new Deltas(temporality).since(metrics)
  expect(told.filter(({ isDelta }) => isDelta).map(({ name }) => name)).toEqual(names)
  expect(told.map(({ name }) => name)).toEqual(['c', 'u', 'g', 'h'])
})

test('what does not move is left out, and what begins later counts from nothing', () => {
  const deltas = new Deltas('delta')
  expect(deltas.since([counter(3)])).toMatchObject([{ points: [{ value: 3 }] }])
  expect(deltas.since([counter(3)])).toEqual([])
  const later = {
    ...counter(5),
    points: [
      { attributes: {}, value: 5 },
      { attributes: { a: 1 }, value: 4 },
    ],
  }
  expect(deltas.since([later])).toMatchObject([{ points: [{ value: 2 }, { value: 4 }] }])
})

test('counts of exchanges that go on counting: each delta has what came since', () => {
  const tally = new Tally()
  const deltas = new Deltas('delta')
  const told = [2, 3, 0, 1].map((exchanges) => {
    for (let i = 0; i < exchanges; i++) tally.add(exchangeOf({ ...get, ...answered }))
    const metric = deltas.since(tally.metrics()).find(({ name }) => name === 'outspan.exchanges')
    return (metric?.points as readonly Point[] | undefined)?.map(({ value }) => value)
  })
  expect(told).toEqual([[2], [3], undefined, [1]])
})

test('the law: deltas add up to what was counted', () => {
  const random = seeded(7)
  const deltas = new Deltas('delta')
  const histogram = new Histogram([0.1, 0.5])
  const sum = { count: 0, sum: 0, counts: [0, 0, 0], value: 0 }
  let counted = 0
  for (let turn = 0; turn < 50; turn++) {
    for (let i = random.integer(0, 3); i > 0; i--) histogram.record(random.fraction())
    counted += random.integer(0, 2)
    for (const { points, kind } of deltas.since([counter(counted), histogramOf(histogram)])) {
      if (kind === 'counter') sum.value += (points[0] as Point).value
      else {
        const point = points[0] as HistogramPoint
        expect(point.counts.reduce((all, each) => all + each)).toBe(point.count)
        expect([point.min, point.max]).toEqual([undefined, undefined])
        sum.count += point.count
        sum.sum += point.sum
        sum.counts = sum.counts.map((count, bucket) => count + (point.counts[bucket] as number))
      }
    }
  }
  const whole = histogram.point({}) as HistogramPoint
  expect(sum).toMatchObject({ count: whole.count, counts: whole.counts, value: counted })
  expect(sum.sum).toBeCloseTo(whole.sum, 9)
})
