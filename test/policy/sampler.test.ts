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

test.each([
  [undefined, '8', 'ot=th:8'],
  ['a=1,b=2', '8', 'ot=th:8,a=1,b=2'],
  ['a=1, ot=rv:12345678901234;th:c ,b=2', '8', 'ot=th:8;rv:12345678901234,a=1,b=2'],
])('%j with threshold %s is %j', (before, threshold, after) => {
  expect(withThreshold(before, threshold)).toBe(after)
})
