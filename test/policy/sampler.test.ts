import type { Strategy } from '../../src/config/propagation-kinds'
import { Sampler, withThreshold } from '../../src/policy/sampler'
import { seeded } from '../support/random'

const half = 'aaaaaaaaaaaaaaaaaa80000000000000'
const below = 'aaaaaaaaaaaaaaaaaa7fffffffffffff'
const open = undefined

describe.each<[Strategy, boolean, boolean]>([
  // What becomes of a sampled and of an unsampled parent when the probability says the opposite.
  ['parent_probability_fallback', true, false],
  ['parent_drop_probability_fallback', false, false],
  ['probability', false, true],
])('%s', (strategy, ofSampledAtZero, ofUnsampledAtOne) => {
  test('a sampled parent at rate 0', () => {
    expect(new Sampler({ rate: 0, strategy }).decide(half, true, undefined).sampled).toBe(ofSampledAtZero)
  })

  test('an unsampled parent at rate 1', () => {
    expect(new Sampler({ rate: 1, strategy }).decide(half, false, undefined).sampled).toBe(ofUnsampledAtOne)
  })

  test('without a decision the low 56 bits decide', () => {
    const sampler = new Sampler({ rate: 0.5, strategy })
    expect(sampler.decide(half, open, undefined)).toEqual({ sampled: true, traceState: 'ot=th:8' })
    expect(sampler.decide(below, open, undefined)).toEqual({ sampled: false, traceState: undefined })
  })
})

test.each([
  [1, '00000000000000', true],
  [0, 'ffffffffffffff', false],
  [0.25, 'bfffffffffffff', false],
  [0.25, 'c0000000000000', true],
  [0.1, 'e6666666666668', true],
  [0.1, 'e6666666666600', false],
])('rate %d and randomness %s', (rate, randomness, isSampled) => {
  const sampler = new Sampler({ rate, strategy: 'probability' })
  expect(sampler.decide(`${'0'.repeat(18)}${randomness}`, open, undefined).sampled).toBe(isSampled)
})

describe('what tracestate says of the threshold', () => {
  const stale = 'a=1,ot=th:c;rv:80000000000000'
  test.each<[string, Strategy, number, boolean | undefined, string, string | undefined]>([
    ['the parent is obeyed', 'parent_probability_fallback', 0.5, true, stale, stale],
    ['a no is obeyed', 'parent_drop_probability_fallback', 0.5, false, stale, stale],
    ['our yes', 'probability', 0.5, true, stale, 'ot=th:8;rv:80000000000000,a=1'],
    ['our no', 'probability', 0.25, true, stale, 'ot=rv:80000000000000,a=1'],
    ['all', 'probability', 1, false, stale, 'ot=th:0;rv:80000000000000,a=1'],
    ['all, and nothing was said', 'probability', 1, false, 'a=1, b=2', 'a=1, b=2'],
    [
      'both have chosen, and the parent was stricter',
      'parent_drop_probability_fallback',
      0.9,
      true,
      'ot=th:8',
      'ot=th:8',
    ],
    ['both have chosen, and the rate is 1', 'parent_drop_probability_fallback', 1, true, 'ot=th:8', 'ot=th:8'],
    [
      'both have chosen, and we are stricter',
      'parent_drop_probability_fallback',
      0.75,
      true,
      'ot=th:2;x:9',
      'ot=th:4;x:9',
    ],
    ['both have chosen, the parent by an unknown share', 'parent_drop_probability_fallback', 0.75, true, 'a=1', 'a=1'],
    ['two members', 'probability', 0, true, 'ot=th:8,ot=th:4,x=y', 'x=y'],
    [
      'two members of ours',
      'probability',
      0.5,
      true,
      'ot=th:4;rv:80000000000000,ot=th:4,x=y',
      'ot=th:8;rv:80000000000000,x=y',
    ],
    ['none', 'probability', 0, true, stale, 'ot=rv:80000000000000,a=1'],
    ['none, and nothing is left', 'probability', 0, true, 'ot=th:c', undefined],
    ['none, and nothing was said', 'probability', 0, true, 'a=1 , ot=rv:1', 'a=1 , ot=rv:1'],
    ['an open decision', 'parent_probability_fallback', 0.5, open, stale, 'ot=th:8;rv:80000000000000,a=1'],
  ])('%s', (_name, strategy, rate, arrived, before, after) => {
    expect(new Sampler({ rate, strategy }).decide(below, arrived, before).traceState).toBe(after)
  })
})

test('explicit randomness in the tracestate counts in place of the trace id', () => {
  const sampler = new Sampler({ rate: 0.5, strategy: 'probability' })
  expect(sampler.decide(below, open, 'a=1,ot=th:0;rv:80000000000000').sampled).toBe(true)
  expect(sampler.decide(half, open, 'ot=rv:7fffffffffffff').sampled).toBe(false)
  expect(sampler.decide(half, open, 'ot=rv:7fff').sampled).toBe(true)
})

test('a lower rate samples a part of what a higher one samples (seed 7), and the share is right', () => {
  const random = seeded(7)
  const rates = [0.01, 0.1, 0.5, 0.9]
  const samplers = rates.map((rate) => new Sampler({ rate, strategy: 'probability' }))
  const counts = rates.map(() => 0)
  for (let i = 0; i < 20_000; i++) {
    const traceId = random.hex(16)
    const verdicts = samplers.map((sampler) => sampler.decide(traceId, open, undefined).sampled)
    expect(verdicts).toEqual([...verdicts].sort())
    for (const [index, isSampled] of verdicts.entries()) if (isSampled) counts[index] = (counts[index] ?? 0) + 1
  }
  for (const [index, rate] of rates.entries()) expect((counts[index] ?? 0) / 20_000).toBeCloseTo(rate, 1)
})

const full = Array.from({ length: 32 }, (_, index) => `k${index}=1`)

test.each([
  [undefined, '8', 'ot=th:8'],
  ['a=1,b=2', '8', 'ot=th:8,a=1,b=2'],
  ['a=1, ot=rv:12345678901234;th:c ,b=2', '8', 'ot=th:8;rv:12345678901234,a=1,b=2'],
  // A list of 32 makes room, and a member that would grow too long goes on without.
  [full.join(','), '8', ['ot=th:8', ...full.slice(0, 31)].join(',')],
  [[...full.slice(1), 'ot=x:1'].join(','), '8', ['ot=th:8;x:1', ...full.slice(1)].join(',')],
  [`ot=x:${'y'.repeat(254)}`, '8', `ot=x:${'y'.repeat(254)}`],
  [`ot=x:${'y'.repeat(250)};th:c`, '8'.repeat(14), `ot=x:${'y'.repeat(250)}`],
])('%j with threshold %s is %j', (before, threshold, after) => {
  expect(withThreshold(before, threshold)).toBe(after)
})
