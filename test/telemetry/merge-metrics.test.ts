import { mergeMetrics } from '../../src/telemetry/merge-metrics'
import { type Metric, single } from '../../src/telemetry/metrics'

const exchanges = (points: Metric['points']): Metric => ({
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
