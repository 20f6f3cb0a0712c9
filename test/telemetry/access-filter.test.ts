import { accessFilter } from '../../src/telemetry/access-filter'
import { seeded } from '../support/random'
import { exchangeOf, type Facts } from './exchanges'

const nothing = { statuses: [], slowerThan: undefined, failures: false, sample: undefined }

test('all are logged where nothing is asked for, and where one in one is', () => {
  expect(accessFilter(nothing)).toBeUndefined()
  expect(accessFilter({ ...nothing, sample: 1 })).toBeUndefined()
  expect(accessFilter({ ...nothing, statuses: ['404'], sample: 1 })).toBeUndefined()
})

const took = (milliseconds: number): Facts => ({ startMark: 1000, endMark: 1000 + milliseconds })

test.each<[string, Partial<typeof nothing> | { statuses?: string[]; slowerThan?: number }, Facts, boolean]>([
  ['a status', { statuses: ['404', '500-599'] }, { clientStatus: 404 }, true],
  ['the first of a range', { statuses: ['404', '500-599'] }, { clientStatus: 500 }, true],
  ['the last of a range', { statuses: ['404', '500-599'] }, { clientStatus: 599 }, true],
  ['another status', { statuses: ['404', '500-599'] }, { clientStatus: 403 }, false],
  [
    'what the client was told, not what came',
    { statuses: ['500-599'] },
    { upstreamStatus: 200, clientStatus: 502 },
    true,
  ],
  ['a client that was told nothing', { statuses: ['100-999'] }, { clientStatus: 0 }, false],
  ['slower', { slowerThan: 100 }, took(100.5), true],
  ['as slow', { slowerThan: 100 }, took(100), false],
  ['a failure with 200', { failures: true }, { clientStatus: 200, fault: 'response_truncated' }, true],
  ['a client that left', { failures: true }, { fault: 'client_closed' }, true],
  ['an answer of 500', { failures: true }, { upstreamStatus: 500, clientStatus: 500 }, false],
  ['either of two: one', { statuses: ['404'], slowerThan: 100 }, { clientStatus: 404, ...took(1) }, true],
  ['either of two: the other', { statuses: ['404'], slowerThan: 100 }, { clientStatus: 200, ...took(200) }, true],
  ['neither of two', { statuses: ['404'], slowerThan: 100 }, { clientStatus: 200, ...took(1) }, false],
])('%s', (_, settings, facts, isLogged) => {
  expect(accessFilter({ ...nothing, ...settings })?.(exchangeOf(facts))).toBe(isLogged)
})

test('one in so many of the others, whatever is named', () => {
  const random = seeded(3)
  const ids = Array.from({ length: 20_000 }, () => random.text(32, '0123456789abcdef'))
  for (const statuses of [[], ['404']]) {
    const isLogged = accessFilter({ ...nothing, statuses, sample: 10 })
    const logged = ids.filter((requestId) => isLogged?.(exchangeOf({ requestId, clientStatus: 200 }))).length
    expect(logged).toBeGreaterThan(1800)
    expect(logged).toBeLessThan(2200)
  }
  const named = accessFilter({ ...nothing, statuses: ['404'], sample: 10 })
  expect(ids.every((requestId) => named?.(exchangeOf({ requestId, clientStatus: 404 })))).toBe(true)
})
