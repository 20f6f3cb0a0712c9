import { Backoff } from '../../src/export/backoff'
import { addLedgers, crashed, Ledger } from '../../src/export/ledger'

test('a ledger shows the reasons that came, is read back as it was, and adds up', () => {
  const ledger = new Ledger()
  Object.assign(ledger, { observed: 10, exported: 4, sampledOut: 1, queued: 2, spooled: 1 })
  ledger.dropped.refused = 1
  ledger.filtered.mine = 1
  const shown = JSON.parse(JSON.stringify(ledger))
  expect(shown).toEqual({
    observed: 10,
    exported: 4,
    sampled_out: 1,
    filtered: { mine: 1 },
    dropped: { refused: 1 },
    queued: 2,
    spooled: 1,
  })
  expect(Ledger.from(shown)).toEqual(ledger)
  expect(addLedgers([ledger, Ledger.from(shown), new Ledger()]).toJSON()).toEqual({
    observed: 20,
    exported: 8,
    sampled_out: 2,
    filtered: { mine: 2 },
    dropped: { refused: 2 },
    queued: 4,
    spooled: 2,
  })
})

test('of a process that died, what it held is lost, and what is on disk is left to its heir', () => {
  const last = Object.assign(new Ledger(), { observed: 10, exported: 4, queued: 2, spooled: 3 })
  last.dropped.crash = 1
  expect(crashed(last).toJSON()).toMatchObject({
    observed: 7,
    exported: 4,
    dropped: { crash: 3 },
    queued: 0,
    spooled: 0,
  })
  expect(last.queued).toBe(2)
})

describe('backoff', () => {
  beforeEach(() => jest.useFakeTimers())
  afterEach(() => jest.useRealTimers())

  test('delays double up to the longest, a fifth apart either way', () => {
    const delays = (chance: number) => {
      const backoff = new Backoff({ firstDelay: 100, longestDelay: 500 }, () => chance)
      return [1, 2, 3, 4].map(() => {
        backoff.failed(undefined)
        return Math.round(backoff.wait)
      })
    }
    expect(delays(0.5)).toEqual([100, 200, 400, 500])
    expect(delays(0)).toEqual([80, 160, 320, 400])
    expect(delays(1)).toEqual([120, 240, 480, 600])
  })

  test('nobody comes sooner than was asked for, and success ends it', () => {
    const backoff = new Backoff({ firstDelay: 100, longestDelay: 500 }, () => 0.5)
    expect([backoff.isOn, backoff.wait]).toEqual([false, 0])
    backoff.failed(3000)
    expect(backoff.wait).toBe(3000)
    jest.advanceTimersByTime(2999)
    expect([backoff.isOn, backoff.wait]).toEqual([true, 1])
    backoff.worked()
    expect([backoff.isOn, backoff.wait]).toEqual([false, 0])
  })
})
