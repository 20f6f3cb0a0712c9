import type { Random } from '../../src/model/clock'
import type { TraceContext } from '../../src/model/trace-context'
import { Carrier, type Format } from '../../src/propagation/format'
import { type Extraction, Propagation } from '../../src/propagation/propagate'
import { w3c } from '../../src/propagation/w3c'
import { type Seeded, seeded } from '../support/random'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const good = `00-${traceId}-${spanId}-01`

function randomOf(source: Seeded): Random {
  return { hex: (bytes) => source.hex(bytes) }
}

const propagation = new Propagation(
  { extract: [w3c], clear: [], inject: ['preserve'], defaultFormat: w3c },
  randomOf(seeded(50)),
)

const owned = (lines: readonly string[], { fields } = propagation) => lines.filter((line) => fields.hold(line))
const extract = (lines: readonly string[], by = propagation) => by.extract(owned(lines, by))

/** The lines of a head with the context on them. */
function inject(lines: readonly string[], context: TraceContext, by = propagation): string[] {
  const head = [...lines]
  const indexes = [...head.keys()].filter((index) => by.fields.hold(head[index] as string))
  by.inject(head, indexes, context)
  return head
}

function isStarted({ context }: Extraction): boolean {
  return context.parentSpanId === undefined && context.format === undefined
}

describe('a trace goes on', () => {
  test('with its id, its decision and a span of this hop', () => {
    const { context, refusals } = extract(['Host: a', `Traceparent: ${good}`, 'Tracestate: a=1, b=2'])
    expect(context).toEqual({
      traceId,
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      width: 32,
      parentSpanId: spanId,
      sampled: true,
      nuance: undefined,
      random: false,
      traceState: 'a=1, b=2',
      carriesTraceState: true,
      baggage: [],
      format: 'w3c',
      notations: [w3c],
    })
    expect(context.spanId).not.toBe(spanId)
    expect(refusals).toEqual([])
  })

  test('each request gets a span id of its own', () => {
    const ids = Array.from({ length: 100 }, () => extract([`traceparent: ${good}`]).context.spanId)
    expect(new Set(ids).size).toBe(100)
  })
})

describe('a trace starts here', () => {
  test('when none arrives: sampled, random, without tracestate', () => {
    const { context, refusals } = extract(['Host: a', 'baggage: a=1', 'tracestate: a=1'])
    expect(context).toEqual({
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      width: undefined,
      parentSpanId: undefined,
      sampled: true,
      nuance: undefined,
      random: true,
      traceState: undefined,
      carriesTraceState: false,
      baggage: [],
      format: undefined,
      notations: [w3c],
    })
    expect(refusals).toEqual([])
  })

  test.each([
    [['traceparent: x'], 'malformed'],
    [[`traceparent: ${good.toUpperCase()}`], 'malformed'],
    [[`traceparent: 00-${'0'.repeat(32)}-${spanId}-01`], 'all_zero'],
    [[`traceparent: 00-${traceId}-${'0'.repeat(16)}-01`], 'all_zero'],
    [[`traceparent: ff-${traceId}-${spanId}-01`], 'unknown_version'],
    [[`traceparent: ${good}`, `traceparent: ${good}`], 'repeated'],
  ])('when %j carries no context, and the reason is told: %s', (lines, reason) => {
    const extraction = extract([...lines, 'tracestate: a=1'])
    expect(isStarted(extraction)).toBe(true)
    expect(extraction.context.traceState).toBeUndefined()
    expect(extraction.context.traceId).not.toBe(traceId)
    expect(extraction.refusals).toEqual([{ format: 'w3c', reason }])
  })
})

const context: TraceContext = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  width: undefined,
  parentSpanId: undefined,
  sampled: true,
  nuance: undefined,
  random: true,
  traceState: undefined,
  carriesTraceState: false,
  baggage: [],
  format: undefined,
  notations: [],
}
const injected = 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03'

describe('injection', () => {
  test.each<[string[], string[]]>([
    [[], [injected]],
    [
      ['Host: a', 'X: y'],
      ['Host: a', 'X: y', injected],
    ],
    // What is written takes the place of what was there.
    [[`traceparent: ${good}`], [injected]],
    [
      ['A: 1', `TraceParent:${good}`, 'B: 2'],
      ['A: 1', injected, 'B: 2'],
    ],
    [
      [`TraceParent:${good}`, 'A: 1', `TRACEPARENT: ${good}`, 'B: 2', 'traceparent:'],
      [injected, 'A: 1', 'B: 2'],
    ],
    [
      ['A: 0', 'tracestate: a=1', 'A: 1', 'Tracestate: b=2', 'TRACESTATE:', `traceparent: ${good}`, 'B: 1'],
      ['A: 0', injected, 'A: 1', 'B: 1'],
    ],
    // Lines of others.
    [
      ['baggage: a=1', 'Baggage:  b=2;p ', 'X: 1'],
      ['baggage: a=1', 'Baggage:  b=2;p ', 'X: 1', injected],
    ],
    [
      ['traceparents: a', 'xtraceparent: b', 'trace-parent: c', 'tracestat: d'],
      ['traceparents: a', 'xtraceparent: b', 'trace-parent: c', 'tracestat: d', injected],
    ],
    [
      ['b: 2', 'B: 1', 'b: 2', 'a:\t0 '],
      ['b: 2', 'B: 1', 'b: 2', 'a:\t0 ', injected],
    ],
    [
      ['b3: 0', 'x-b3-traceid: 1', 'uber-trace-id: 2'],
      ['b3: 0', 'x-b3-traceid: 1', 'uber-trace-id: 2', injected],
    ],
  ])('into %j gives %j', (lines, expected) => {
    expect(inject(lines, context)).toEqual(expected)
  })

  test.each<[string[], string[]]>([
    [['X: y'], ['X: y', injected, 'tracestate: a=1,b=2']],
    [
      ['tracestate: old=1', 'X: y', 'traceparent: old'],
      [injected, 'X: y', 'tracestate: a=1,b=2'],
    ],
    [
      ['X: y', 'traceparent: old', 'Z: z'],
      ['X: y', injected, 'Z: z', 'tracestate: a=1,b=2'],
    ],
    [
      ['traceparent: 1', 'tracestate: 2', 'traceparent: 3', 'tracestate: 4', 'Z: z'],
      [injected, 'tracestate: a=1,b=2', 'Z: z'],
    ],
  ])('with a tracestate into %j gives %j', (lines, expected) => {
    expect(inject(lines, { ...context, traceState: 'a=1,b=2', format: 'w3c' })).toEqual(expected)
  })

  test('an unsampled trace goes on with its decision', () => {
    const { context: unsampled } = extract([`traceparent: 00-${traceId}-${spanId}-00`])
    expect(inject([], unsampled)).toEqual([`traceparent: 00-${traceId}-${unsampled.spanId}-00`])
  })
})

const format = (name: string, decision: boolean | undefined): Format => ({
  name,
  key: name,
  fields: [`x-${name}`],
  extract: (carrier) => {
    const [value] = carrier.values(`x-${name}`)
    if (value === undefined) return undefined
    return value === 'bad' ? 'malformed' : { traceId: value, width: 32, spanId, sampled: decision }
  },
  inject: ({ traceId: id }) => [`x-${name}: ${id}`],
  traceIdText: ({ traceId: id }) => id,
})
const first = format('first', false)
const second = format('second', undefined)
const both = new Propagation(
  { extract: [first, second], clear: [], inject: ['preserve'], defaultFormat: w3c },
  randomOf(seeded(51)),
)

describe('several formats', () => {
  test.each<[string[], string, boolean, string[]]>([
    [['X-First: 1'], '1', false, []],
    [['x-second: 2', 'x-first: 1'], '1', false, []],
    [['x-first: bad', 'x-second: 2'], '2', true, ['first']],
  ])('%j: the first that carries a context wins', (lines, id, sampled, refused) => {
    const { context: found, refusals } = extract(lines, both)
    expect(found).toMatchObject({ traceId: id, sampled })
    expect(refusals.map((refusal) => refusal.format)).toEqual(refused)
  })

  test('all refusals are told when nobody wins', () => {
    const extraction = extract(['x-second: bad', 'x-first: bad'], both)
    expect(isStarted(extraction)).toBe(true)
    expect(extraction.refusals).toEqual([
      { format: 'first', reason: 'malformed' },
      { format: 'second', reason: 'malformed' },
    ])
  })

  test('what was extracted is what is injected; the headers of others stay', () => {
    const lines = ['x-first: 1', 'x-second: 2', `traceparent: ${good}`]
    const { context: found } = extract(['x-second: 2'], both)
    expect(inject(lines, found, both)).toEqual(['x-first: 1', 'x-second: 2', `traceparent: ${good}`])
  })

  test('the default format is injected when nothing was extracted', () => {
    const { context: started } = extract([], both)
    const lines = inject(['x-first: bad', `traceparent: ${good}`], started, both)
    expect(lines).toEqual(['x-first: bad', `traceparent: 00-${started.traceId}-${started.spanId}-03`])
  })

  test('a format sees the lines of its own names only', () => {
    const seen: (readonly string[])[] = []
    const nosy: Format = {
      ...first,
      extract: (carrier) => {
        seen.push(carrier.values('x-first'), carrier.values('cookie'))
        return undefined
      },
    }
    extract(
      ['Cookie: secret', 'X-FIRST: a', 'x-first:b'],
      new Propagation({ extract: [nosy], clear: [], inject: ['preserve'], defaultFormat: nosy }, randomOf(seeded(52))),
    )
    expect(seen).toEqual([['a', 'b'], []])
  })
})

test('the headers of all formats in use are known by name', () => {
  const lines = ['X-First: 1', 'x-second: 2', 'TraceParent: 3', 'tracestate: 4', 'x-third: 5', 'baggage: 6']
  expect(owned(lines, both)).toEqual(lines.slice(0, 4))
  expect(owned(lines)).toEqual(lines.slice(2, 4))
  expect(new Carrier([]).values('a')).toEqual([])
})

const anyByte = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte))
  .filter((character) => !/[\r\n\0]/.test(character))
  .join('')

/** A header that is nearly right, or not at all. */
function anyTraceparent(random: Seeded): string {
  if (random.chance(0.1)) return random.text(random.integer(0, 80), '0123456789abcdef-')
  if (random.chance(0.1)) return random.text(random.pick([10, 55, 56, 64]), anyByte).repeat(random.pick([1, 1, 128]))
  const digits = random.chance(0.8) ? '0123456789abcdef' : '000000000000000A'
  const field = (length: number) => (random.chance(0.1) ? '0'.repeat(length) : random.text(length, digits))
  const version = random.pick(['00', '00', '00', '01', 'cc', 'ff', 'FE', '0', ''])
  let value = `${version}-${field(32)}-${field(16)}-${field(2)}`
  if (random.chance(0.2)) value += random.pick(['-', '-x', 'x', '-01', ' ', '\xe4', `-${'x'.repeat(8192)}`])
  if (random.chance(0.2)) {
    const at = random.integer(0, value.length)
    value = value.slice(0, at) + random.text(1, anyByte) + value.slice(at + random.integer(0, 1))
  }
  return value
}

function anyTraceState(random: Seeded): string {
  if (random.chance(0.1)) return random.text(random.pick([3, 40, 64]), anyByte).repeat(random.pick([1, 1, 128]))
  const member = () =>
    `${random.text(random.integer(0, 3), 'ab0@_')}${random.pick(['=', '=', '=', ' ='])}${random.text(random.integer(0, 4), 'x 1:;')}`
  return Array.from({ length: random.integer(0, 4) }, member).join(random.pick([',', ' , ', ',,']))
}

describe('laws', () => {
  test('law (seed 53): extract never throws and never yields an invalid id', () => {
    const random = seeded(53)
    let continued = 0
    for (let i = 0; i < 10_000; i++) {
      const lines = [`traceparent:${random.pick(['', ' ', '\t '])}${anyTraceparent(random)}`]
      if (random.chance(0.05)) lines.push(`TraceParent: ${anyTraceparent(random)}`)
      while (random.chance(0.5)) lines.push(`tracestate: ${anyTraceState(random)}`)
      const { context: found, refusals } = extract(lines)
      const isSound =
        /^(?!0{32})[0-9a-f]{32}$/.test(found.traceId) &&
        /^(?!0{16})[0-9a-f]{16}$/.test(found.spanId) &&
        (found.parentSpanId === undefined || /^(?!0{16})[0-9a-f]{16}$/.test(found.parentSpanId)) &&
        (found.traceState === undefined || /^[\t\x20-\x7e]+$/.test(found.traceState)) &&
        (found.format === undefined
          ? refusals.length === 1 && found.parentSpanId === undefined && found.traceState === undefined
          : refusals.every(({ reason }) => reason === 'malformed_tracestate') && found.parentSpanId !== undefined)
      if (!isSound) expect({ lines, found, refusals }).toBe('a sound context')
      if (found.format !== undefined) continued++
    }
    expect(continued).toBeGreaterThan(1500)
  })

  test('law (seed 54): what was injected is extracted again', () => {
    const random = seeded(54)
    for (let i = 0; i < 5000; i++) {
      const traceState = random.chance(0.5)
        ? undefined
        : Array.from({ length: random.integer(1, 32) }, (_, k) => `k${k}=${random.text(3, 'ab:;')}`).join(
            random.pick([',', ', ']),
          )
      const given: TraceContext = {
        traceId: `${random.hex(15)}01`,
        spanId: `${random.hex(7)}10`,
        parentSpanId: random.chance(0.5) ? undefined : random.hex(8),
        sampled: random.chance(0.5),
        random: random.chance(0.5),
        traceState,
        carriesTraceState: traceState !== undefined,
        width: undefined,
        nuance: undefined,
        baggage: [],
        format: random.pick(['w3c', undefined]),
        notations: [],
      }
      const { context: found, refusals } = extract(inject(['X: y'], given))
      const { spanId: own, ...rest } = found
      expect(rest).toEqual({
        traceId: given.traceId,
        parentSpanId: given.spanId,
        sampled: given.sampled,
        random: given.random,
        traceState,
        carriesTraceState: traceState !== undefined,
        width: 32,
        nuance: undefined,
        baggage: [],
        format: 'w3c',
        notations: [w3c],
      })
      expect(own).not.toBe(given.spanId)
      expect(refusals).toEqual([])
    }
  })

  test('law (seed 55): injection drops the stale lines, keeps all others in order, and adds its own', () => {
    const random = seeded(55)
    const anyCase = (name: string) => [...name].map((c) => (random.chance(0.5) ? c.toUpperCase() : c)).join('')
    const stale = ['traceparent', 'tracestate']
    const others = ['baggage', 'host', 'traceparenu', 'tracestat', 'cookie', 'x']
    for (let i = 0; i < 3000; i++) {
      const lines: string[] = []
      const kept: string[] = []
      for (let n = random.integer(0, 10); n > 0; n--) {
        const isStale = random.chance(0.4)
        const line = `${anyCase(random.pick(isStale ? stale : others))}:${random.text(random.integer(0, 5), 'a \xe4=:')}`
        lines.push(line)
        if (!isStale) kept.push(line)
      }
      const traceState = random.pick([undefined, 'a=1'])
      const own = traceState === undefined ? [injected] : [injected, 'tracestate: a=1']
      const made = inject(lines, { ...context, traceState })
      expect(made.filter((line) => !own.includes(line))).toEqual(kept)
      expect(made.filter((line) => own.includes(line))).toEqual(own)
      // The first of them stands where a stale line stood first, if one did.
      const first = lines.findIndex((line) => /^trace(?:parent|state):/i.test(line))
      expect(made.indexOf(injected)).toBe(first < 0 ? kept.length : first)
    }
  })
})
