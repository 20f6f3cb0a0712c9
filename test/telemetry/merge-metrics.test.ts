import { mergeMetrics } from '../../src/telemetry/merge-metrics'
import { type HistogramMetric, type NumberMetric, single } from '../../src/telemetry/metrics'

const exchanges = (points: NumberMetric['points']): NumberMetric => ({
  kind: 'counter',
  name: 'exchanges',
  unit: '{exchange}',
  description: 'Exchanges.',
  points,
})

test('what has the same name and attributes is added up, and the rest stands beside it', () => {
  const one = [
    single('gauge', 'open', '{connection}', 'Open.', 2),
    exchanges([
      { attributes: { method: 'GET' }, value: 3 },
      { attributes: { method: 'GET', error: 'x' }, value: 1 },
    ]),
  ]
  const other = [
    exchanges([{ attributes: { method: 'GET' }, value: 4 }]),
    single('gauge', 'open', '{connection}', 'Open.', 5),
  ]
  expect(mergeMetrics([one, other, []])).toEqual([
    single('gauge', 'open', '{connection}', 'Open.', 7),
    exchanges([
      { attributes: { method: 'GET' }, value: 7 },
      { attributes: { method: 'GET', error: 'x' }, value: 1 },
    ]),
  ])
  expect(one[0]?.points[0]?.value).toBe(2)
})

test('nothing is nothing', () => {
  expect(mergeMetrics([])).toEqual([])
})

test('of what does not add up, the most counts', () => {
  const delay = (value: number): NumberMetric => ({ ...single('gauge', 'delay', 's', 'Delay.', value), merge: 'max' })
  expect(mergeMetrics([[delay(0.1)], [delay(0.3)], [delay(0.2)]])).toEqual([delay(0.3)])
})

test('histograms are added up by attributes', () => {
  const durations = (points: HistogramMetric['points']): HistogramMetric => ({
    kind: 'histogram',
    name: 'duration',
    unit: 's',
    description: 'Duration.',
    bounds: [1, 2],
    points,
  })
  const a = { host: 'a' }
  const b = { host: 'b' }
  const merged = mergeMetrics([
    [durations([{ attributes: a, count: 3, sum: 4.5, counts: [1, 1, 1], min: 0.5, max: 3 }])],
    [durations([])],
    [
      durations([
        { attributes: b, count: 1, sum: 1, counts: [1, 0, 0] },
        { attributes: a, count: 1, sum: 0.25, counts: [1, 0, 0], min: 0.25, max: 0.25 },
      ]),
    ],
    [durations([{ attributes: b, count: 2, sum: 5, counts: [0, 0, 2] }])],
  ])
  expect(merged).toEqual([
    durations([
      { attributes: a, count: 4, sum: 4.75, counts: [2, 1, 1], min: 0.25, max: 3 },
      { attributes: b, count: 3, sum: 6, counts: [1, 0, 2] },
    ]),
  ])
  // As workers send them.
  expect(mergeMetrics(JSON.parse(JSON.stringify([merged])))).toEqual(merged)
})
