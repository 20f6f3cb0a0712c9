/** What holds for every format on the list. */
import { b3WithTraceState } from '../../src/propagation/b3'
import { Carrier, type Format } from '../../src/propagation/format'
import { formats, formatsByName } from '../../src/propagation/formats'
import { seeded } from '../support/random'
import { anyContext, context, propagationOf, spanId, through, traceId } from './contexts'

const list = [...formats.map((format) => [format.name, format] as const), ['b3 by name', b3WithTraceState] as const]

test('the formats on the list', () => {
  const names = ['w3c', 'b3', 'b3-single', 'jaeger', 'ot', 'datadog', 'aws', 'gcp', 'instana', 'sentry']
  expect(formats.map(({ name }) => name)).toEqual(names)
  expect([...formatsByName.keys()]).toEqual(names)
})

const isTraceId = /^(?!0{32})[0-9a-f]{32}$/
const isSpanId = /^(?!0{16})[0-9a-f]{16}$/

const anyByte = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte))
  .filter((character) => !/[\r\n\0]/.test(character))
  .join('')

/** Lines as the format writes them, damaged here and there. */
function damaged(format: Format, seed: number): () => string[] {
  const random = seeded(seed)
  const contexts = anyContext(seed)
  const names = [...format.fields, 'uberctx-a', 'ot-baggage-b', 'tracestate']
  const damage = (line: string): string => {
    const start = line.indexOf(':') + 1
    if (random.chance(0.6)) return line
    if (random.chance(0.1)) return `${line.slice(0, start)}${random.text(random.pick([0, 1, 64]), anyByte).repeat(128)}`
    if (random.chance(0.1)) return `${line.slice(0, start)} ${line.slice(start).replace(/[1-9a-f]/g, '0')}`
    if (random.chance(0.1)) return line.slice(0, start) + line.slice(start).toUpperCase()
    const at = random.integer(start, line.length)
    return line.slice(0, at) + random.text(random.integer(0, 2), anyByte) + line.slice(at + random.integer(0, 3))
  }
  return () => {
    const lines = [...format.inject(contexts(), new Carrier([]))].filter(() => random.chance(0.9)).map(damage)
    if (random.chance(0.1)) lines.push(random.pick(lines.length ? lines : ['a: b']))
    while (random.chance(0.2)) lines.push(`${random.pick(names)}: ${random.text(random.integer(0, 40), anyByte)}`)
    return lines
  }
}

describe.each(list)('%s', (_name, format) => {
  test('law (seed 60): extract never throws, and no invalid id comes of it', () => {
    const next = damaged(format, 60)
    let found = 0
    for (let i = 0; i < 10_000; i++) {
      const lines = next()
      const arrival = format.extract(new Carrier(lines))
      if (typeof arrival !== 'object' || arrival.traceId === undefined) continue
      found++
      const isSound =
        isTraceId.test(arrival.traceId) &&
        (arrival.spanId === undefined || isSpanId.test(arrival.spanId)) &&
        (arrival.width === 32 || arrival.traceId.startsWith('0'.repeat(16)))
      if (!isSound) expect({ lines, arrival }).toBe('sound')
    }
    expect(found).toBeGreaterThan(1000)
    expect(found).toBeLessThan(9500)
  })

  test('law (seed 61): what is injected is extracted again, with the span id of this hop', () => {
    const next = anyContext(61)
    for (let i = 0; i < 1000; i++) {
      const given = next()
      const lines = format.inject(given, new Carrier([]))
      // ot has 64 bits unless more came in.
      const isCut = format.name === 'ot' && given.width === undefined
      const expected = isCut ? given.traceId.slice(16).padStart(32, '0') : given.traceId
      expect(format.extract(new Carrier(lines))).toMatchObject({
        traceId: expected,
        spanId: given.spanId,
        sampled: given.sampled,
      })
      expect(lines.join()).toContain(format.traceIdText(given))
    }
  })

  test('law: headers of its own only, each once', () => {
    const names = format.inject({ ...context, parentSpanId: spanId }, new Carrier([])).map((line) => line.split(':')[0])
    expect(format.fields).toEqual(expect.arrayContaining(names))
    expect(new Set(names).size).toBe(names.length)
  })

  test('law: an all-zero trace id, and a repeated line, are no context', () => {
    const zero = format.inject({ ...context, traceId: '0'.repeat(32) }, new Carrier([]))
    expect(format.extract(new Carrier(zero))).toBe('all_zero')
    const lines = format.inject(context, new Carrier([]))
    expect(format.extract(new Carrier([...lines, ...lines]))).toBe('repeated')
  })

  test('law (seed 62): all other lines stay, in order', () => {
    const random = seeded(62)
    const propagation = propagationOf({ extract: [format], inject: [format], defaultFormat: format })
    const next = damaged(format, 62)
    for (let i = 0; i < 1000; i++) {
      const others = ['Host: a', 'baggage: sentry-a=b', 'x-datadog-origin: rum', 'uberctx-a: 1', 'ot-baggage-a: 2']
      const kept = others.filter(() => random.chance(0.5))
      const head = [...kept]
      for (const line of next().filter(
        (made) => propagation.fields.hold(made) && !/^(?:uberctx|ot-b|trace)/.test(made),
      )) {
        head.splice(random.integer(0, head.length), 0, line)
      }
      expect(through(propagation, head).head.filter((line) => others.includes(line))).toEqual(kept)
    }
  })
})

test('law (seed 63): all formats at once tell of one trace', () => {
  const next = anyContext(63)
  const all = propagationOf({ inject: formats })
  for (let i = 0; i < 500; i++) {
    const given = { ...next(), format: 'w3c', width: 32 as const }
    const head: string[] = []
    all.inject(head, [], given)
    const { context: found, conflicts, refusals } = all.extract(head)
    expect({ conflicts, refusals }).toEqual({ conflicts: [], refusals: [] })
    expect(found).toMatchObject({ traceId: given.traceId, parentSpanId: given.spanId, sampled: given.sampled })
  }
})

test('names are told in any case', () => {
  for (const format of formats) {
    const lines = format.inject(context, new Carrier([])).map((line) => {
      const [name = '', ...value] = line.split(':')
      return `${name.toUpperCase()}:${value.join(':')}`
    })
    expect(propagationOf({}).extract(lines).context.traceId.slice(16)).toBe(traceId.slice(16))
  }
})
