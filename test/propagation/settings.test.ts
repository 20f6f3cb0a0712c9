/** Propagation as settings say: order, conflicts, several formats, clear, tracestate, baggage, signed requests. */
import { nameOf } from '../../src/model/field-line'
import { aws } from '../../src/propagation/aws'
import { b3, b3WithTraceState } from '../../src/propagation/b3'
import { b3Single } from '../../src/propagation/b3-single'
import { datadog } from '../../src/propagation/datadog'
import { formats } from '../../src/propagation/formats'
import { jaeger } from '../../src/propagation/jaeger'
import { ot } from '../../src/propagation/ot'
import { w3c } from '../../src/propagation/w3c'
import { processorTime } from '../support/processor-time'
import { hop, lowerDecimal, propagationOf, spanDecimal, spanId, through, traceId } from './contexts'

const lower = traceId.slice(16)
const other = '4bf92f3577b34da6a3ce929d0e0e4736'
const parent = `traceparent: 00-${traceId}-${spanId}-01`
const single = `b3: ${other}-${spanId}-1`
const dd = [`x-datadog-trace-id: ${lowerDecimal}`, `x-datadog-parent-id: ${spanDecimal}`]
const all = propagationOf({})
const started = `traceparent: 00-${'1'.repeat(32)}-${hop}`

describe('the first context wins', () => {
  test.each<[string[], string, string | undefined]>([
    [[single, parent], 'w3c', traceId],
    [[`traceparent: x`, single], 'b3-single', other],
    [[`x-b3-traceid: ${other}`, `x-b3-spanid: ${spanId}`], 'b3', other],
    [['b3: 0', `uber-trace-id: ${other}:1:0:1`], 'jaeger', other],
    [['x-datadog-sampling-priority: 1', `sentry-trace: ${other}-${spanId}`], 'sentry', other],
  ])('%j: %s', (lines, format, id) => {
    expect(through(all, lines).context).toMatchObject({ format, traceId: id })
  })

  test.each<[string[], boolean, string]>([
    [['b3: 0'], false, `${started}-02`],
    [['x-datadog-sampling-priority: 2', 'b3: 0'], false, `${started}-02`],
    [['x-instana-l: 0', 'x-datadog-sampling-priority: 2'], true, `${started}-03`],
    [['b3: x', 'ot-tracer-sampled: 0'], false, `${started}-02`],
  ])('%j: the first decision that stands alone is for the new trace', (lines, sampled, line) => {
    const result = through(all, lines)
    expect(result.context).toMatchObject({ sampled, format: undefined, parentSpanId: undefined })
    expect(result.arrived).toBe(sampled)
    expect(result.head).toContain(line)
  })

  test('a malformed b3 is refused once', () => {
    expect(through(all, ['b3: x']).refusals).toEqual([{ format: 'b3', reason: 'malformed' }])
    expect(through(propagationOf({ extract: [b3Single, b3] }), ['b3: x']).refusals).toHaveLength(2)
  })

  test('tracestate alone is nothing to b3, unless it was asked for by name', () => {
    const lines = [`tracestate: a=1, b3=${other}-${spanId}-d`]
    expect(through(all, lines)).toMatchObject({ context: { format: undefined }, refusals: [] })
    const byName = propagationOf({ extract: [b3WithTraceState] })
    expect(through(byName, lines).context).toMatchObject({ traceId: other, nuance: 'debug', format: 'b3-single' })
    expect(through(byName, [...lines, `b3: ${traceId}-${spanId}`]).context.traceId).toBe(traceId)
  })
})

test.each<[string[], readonly { format: string; traceId: string }[]]>([
  [[parent, single], [{ format: 'b3', traceId: other }]],
  [[parent, `b3: ${traceId}-${spanId}`], []],
  [[parent, 'b3: 0', 'uber-trace-id: x'], []],
  // The lower half of the same id.
  [[parent, ...dd], []],
  [[parent, `b3: ${lower}-${spanId}`], []],
  [[parent, 'x-datadog-trace-id: 7'], [{ format: 'datadog', traceId: '7'.padStart(32, '0') }]],
  [
    [parent, single, `uber-trace-id: ${other}:1:0:1`],
    [
      { format: 'b3', traceId: other },
      { format: 'jaeger', traceId: other },
    ],
  ],
])('conflicts in %j', (lines, conflicts) => {
  const result = through(all, lines)
  expect(result.conflicts).toEqual(conflicts)
  expect(result.context.traceId).toBe(traceId)
})

describe('sampling', () => {
  const asked: unknown[] = []
  const never = propagationOf({}, (...question) => {
    asked.push(question)
    return { sampled: false, traceState: question[2] }
  })

  beforeEach(() => {
    asked.length = 0
  })

  test('the sampler hears the id, the decision and tracestate', () => {
    through(never, [parent, 'tracestate: a=1'])
    through(never, [`b3: ${other}-${spanId}`])
    through(never, [])
    expect(asked).toEqual([
      [traceId, true, 'a=1'],
      [other, undefined, undefined],
      ['1'.repeat(32), undefined, undefined],
    ])
  })

  test.each<[string, string[], string]>([
    ['debug forces it', [`b3: ${traceId}-${spanId}-d`], `b3: ${traceId}-${hop}-d-${spanId}`],
    ['debug of jaeger', [`uber-trace-id: ${traceId}:${spanId}:0:3`], `uber-trace-id: ${traceId}:${hop}:${spanId}:03`],
    ['a user is overruled', [...dd, 'x-datadog-sampling-priority: 2'], 'x-datadog-sampling-priority: 0'],
    ['a user agrees', [...dd, 'x-datadog-sampling-priority: -1'], 'x-datadog-sampling-priority: -1'],
  ])('%s', (_name, lines, expected) => {
    expect(through(never, lines).head).toContain(expected)
  })

  test.each<[string[], string]>([
    [[...dd, 'x-datadog-sampling-priority: 2'], 'x-datadog-sampling-priority: 2'],
    [[`x-amzn-trace-id: Root=1-12345678-${'1'.repeat(24)};Sampled=?`], `;Parent=${hop};Sampled=1`],
    [[`x-cloud-trace-context: ${traceId}/1`], `/${BigInt(`0x${hop}`)};o=1`],
    [[`sentry-trace: ${traceId}-${spanId}`], `${hop}-1`],
  ])('without a sampler the parent is obeyed, and an open decision is yes: %j', (lines, expected) => {
    expect(through(all, lines).head.join()).toContain(expected)
  })
})

describe('injection', () => {
  test.each<[Parameters<typeof propagationOf>[0], string[], string[]]>([
    [{ inject: ['preserve', w3c] }, [parent], ['traceparent']],
    [{ inject: [w3c, 'preserve'] }, [single], ['traceparent', 'b3']],
    [{ inject: [b3, 'preserve'] }, [], ['x-b3-traceid', 'x-b3-spanid', 'x-b3-sampled', 'traceparent']],
    [{ inject: ['preserve'], defaultFormat: b3Single }, [], ['b3']],
    [{ inject: [] }, [parent, 'tracestate: a=1'], ['traceparent', 'tracestate']],
    [{ extract: [], inject: [w3c] }, [parent, 'tracestate: a=1'], ['traceparent']],
    [{ inject: [b3] }, [single], ['x-b3-traceid', 'x-b3-spanid', 'x-b3-parentspanid', 'x-b3-sampled']],
    // Headers of others stay.
    [{ inject: ['preserve'] }, [parent, single], ['traceparent', 'b3']],
    [{ inject: ['preserve'] }, ['b3: x'], ['b3', 'traceparent']],
  ])('%#: %j', (settings, lines, names) => {
    const { head } = through(propagationOf(settings), lines)
    expect(head.map(nameOf).sort()).toEqual([...names].sort())
  })

  test('nothing is touched when nothing is injected', () => {
    const lines = ['TraceParent:  x', 'tracestate: old', 'B3: 0']
    expect(through(propagationOf({ inject: [] }), lines).head).toEqual(lines)
  })

  test('every format gives its own notation', () => {
    const { context } = through(propagationOf({ inject: [w3c, b3, b3Single, datadog, aws] }), [single])
    const texts = context.notations.map((notation) => [notation.key, notation.traceIdText(context)])
    expect(Object.fromEntries(texts)).toEqual({
      w3c: other,
      b3: other,
      datadog: String(BigInt(`0x${other.slice(16)}`)),
      aws: `1-${other.slice(0, 8)}-${other.slice(8)}`,
    })
  })
})

test.each<[string[], string[], string[]]>([
  [
    ['X-Old', 'b3'],
    ['x-old: 1', single, 'A: b', 'X-OLD: 2'],
    ['A: b', `b3: ${other}-${hop}-1-${spanId}`],
  ],
  [['traceparent'], [parent], [`traceparent: 00-${traceId}-${hop}-01`]],
  [
    ['x-datadog-tags', 'host'],
    ['Host: a', 'x-datadog-tags: a=b'],
    ['Host: a', `${started}-03`],
  ],
])('clear %j in %j', (clear, lines, expected) => {
  const { head } = through(propagationOf({ clear }), lines)
  expect([...head].sort()).toEqual([...expected].sort())
})

test('what is cleared is not written again', () => {
  const { head } = through(propagationOf({ clear: ['X-Datadog-Tags'] }), [...dd, 'x-datadog-tags: a=b'])
  expect(head.join()).not.toContain('a=b')
})

describe('tracestate', () => {
  const state = 'tracestate: a=1'
  test.each<[string, Parameters<typeof propagationOf>[0], string[], boolean]>([
    ['goes with its trace', {}, [parent, state], true],
    [
      'goes when another format told of the same trace first',
      { extract: [b3, w3c] },
      [`b3: ${traceId}-1111111111111112`, parent, state],
      true,
    ],
    [
      'goes when nobody follows traceparent, and the trace is the same',
      { extract: [b3] },
      [`b3: ${traceId}-${spanId}`, parent, state],
      true,
    ],
    ['goes untouched when only b3 is written', { inject: [b3] }, [parent, state], true],
    ['is removed when another trace goes on', { extract: [b3, w3c] }, [single, parent, state], false],
    ['is removed without traceparent', {}, [single, state], false],
    ['is removed when a trace starts', {}, [state], false],
    ['is removed when a trace starts in another format', { inject: [b3] }, [state], false],
    ['is removed when it is invalid', { inject: [b3] }, [parent, 'tracestate: A=1'], false],
  ])('%s', (_name, settings, lines, goes) => {
    const { head, context } = through(propagationOf(settings), lines)
    expect(head.filter((line) => line.startsWith('tracestate'))).toEqual(goes ? [state] : [])
    expect(context.traceState).toBe(goes ? 'a=1' : undefined)
  })

  test('of no trace is removed also when the sampler writes one', () => {
    const settings = propagationOf({ inject: [b3] }, () => ({ sampled: true, traceState: 'ot=th:8' }))
    expect(through(settings, [state, 'x: y']).head.join()).not.toContain('tracestate')
  })
})

describe('baggage', () => {
  const uber = `uber-trace-id: ${traceId}:${spanId}:0:1`
  const otLines = [`ot-tracer-traceid: ${traceId}`, `ot-tracer-spanid: ${spanId}`]
  test.each<[string, Parameters<typeof propagationOf>[0], string[], string[]]>([
    ['passes', {}, [uber, 'UberCtx-a:  b%20c'], ['UberCtx-a:  b%20c']],
    ['passes where nothing is extracted', {}, ['uberctx-a: b', 'ot-baggage-c: d'], ['uberctx-a: b', 'ot-baggage-c: d']],
    [
      'crosses from jaeger to ot',
      { inject: [ot] },
      [uber, 'uberctx-A:  b%20c'],
      ['uberctx-A:  b%20c', 'ot-baggage-A:  b%20c'],
    ],
    [
      'crosses from ot to jaeger',
      { inject: [jaeger] },
      [...otLines, 'ot-baggage-a: b+c'],
      ['ot-baggage-a: b+c', 'uberctx-a: b+c'],
    ],
    [
      'replaces its own name only',
      { inject: [ot] },
      [uber, 'uberctx-a: 1', 'OT-Baggage-A: 2', 'ot-baggage-b: 3'],
      ['uberctx-a: 1', 'ot-baggage-a: 1', 'ot-baggage-b: 3'],
    ],
    ['does not cross when it is cleared', { inject: [ot], clear: ['uberctx-A'] }, [uber, 'UberCtx-a: b'], []],
    [
      'does not cross when the other is cleared',
      { inject: [ot], clear: ['ot-baggage-a'] },
      [uber, 'uberctx-a: b', 'uberctx-b: c'],
      ['uberctx-a: b', 'uberctx-b: c', 'ot-baggage-b: c'],
    ],
    [
      'with a star at its end is no pattern',
      { inject: [ot] },
      [uber, 'uberctx-*: 1', 'ot-baggage-b: 3'],
      ['uberctx-*: 1', 'ot-baggage-*: 1', 'ot-baggage-b: 3'],
    ],
    ['does not cross to others', { inject: [w3c] }, [uber, 'uberctx-a: b'], ['uberctx-a: b']],
    [
      'of W3C is nobody else’s',
      { inject: formats },
      [parent, 'Baggage: sentry-a=1,  b=2;c'],
      ['Baggage: sentry-a=1,  b=2;c'],
    ],
  ])('%s', (_name, settings, lines, expected) => {
    const { head } = through(propagationOf(settings), lines)
    expect(head.filter((line) => /^(?:uberctx|ot-baggage|baggage)/i.test(line)).sort()).toEqual([...expected].sort())
  })
})

describe('signed headers', () => {
  const aws4 = (names: string) =>
    `Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/eu/s3/aws4_request, SignedHeaders=${names}, Signature=ab`
  test.each<[string, string[], string[], string[]]>([
    ['of AWS', [aws4('host;traceparent'), parent], [parent], ['traceparent']],
    ['that are not there are not added', [aws4('host;traceparent')], [], ['traceparent']],
    ['that are cleared', [aws4('x-old;host'), 'X-Old: 1'], ['X-Old: 1', `${started}-03`], ['x-old']],
    [
      'of RFC 9421',
      ['Signature-Input: s=("@method" "TraceParent";sf "host");keyid="a"', parent],
      [parent],
      ['traceparent'],
    ],
    [
      'behind an escaped quote',
      ['Signature-Input: s=("x\\"y" "traceparent");keyid="a"', parent],
      [parent],
      ['traceparent'],
    ],
    [
      'are no parameters',
      ['Signature-Input: s=("host";key="traceparent");keyid="traceparent"', parent],
      [`traceparent: 00-${traceId}-${hop}-01`],
      [],
    ],
    [
      'of a format that can not be whole then',
      [aws4('x-b3-traceid'), `X-B3-TraceId: ${other}`, 'X-B3-SpanId: 1', 'X-B3-Sampled: 0'],
      [`X-B3-TraceId: ${other}`, 'X-B3-SpanId: 1', 'X-B3-Sampled: 0', `${started}-03`],
      ['x-b3-traceid'],
    ],
    ['of a format of which nothing is there', [aws4('x-b3-sampled')], [`${started}-03`], ['x-b3-sampled']],
    ['end in no star', [aws4('trace*'), parent], [`traceparent: 00-${traceId}-${hop}-01`], []],
    ['that concern others', [aws4('host;x-amz-date'), parent], [`traceparent: 00-${traceId}-${hop}-01`], []],
    [
      'of nobody',
      ['Authorization: Bearer SignedHeaders=traceparent', parent],
      [`traceparent: 00-${traceId}-${hop}-01`],
      [],
    ],
    ['and tracestate', [aws4('tracestate'), 'tracestate: a=1'], ['tracestate: a=1', `${started}-03`], ['tracestate']],
  ])('%s', (_name, lines, expected, names) => {
    const injected = /x-b3/.test(lines.join()) ? [b3, 'preserve' as const] : ['preserve' as const]
    const { head, leftAlone } = through(propagationOf({ clear: ['x-old'], inject: injected }), lines)
    expect(head.filter((line) => !/^(?:authorization|signature-input)/i.test(line))).toEqual(expected)
    expect(leftAlone).toEqual(names)
  })

  test('an endless string costs no more than its length', () => {
    const line = `Signature-Input: s=("${'\\"'.repeat(32_000)}`
    const work = (): void => {
      for (let i = 0; i < 10; i++) through(propagationOf({}), [line, parent])
    }
    // Quadratic, one takes a second.
    expect(processorTime(work)).toBeLessThan(1000)
  })
})

test('what goes out nowhere has a name in the log all the same', () => {
  const { context } = through(propagationOf({ inject: [] }), [])
  expect(context.notations.map(({ key }) => key)).toEqual(['w3c'])
})

test.each<[string[], { format: string; reason: string }[], string[]]>([
  [['x-b3-traceid: zz', 'x-b3-spanid: 1', 'b3: 1'], [{ format: 'b3', reason: 'malformed' }], []],
  [[`x-b3-traceid: ${traceId}`, `x-b3-spanid: ${spanId}`, 'b3: zzz'], [{ format: 'b3', reason: 'malformed' }], []],
  [[single, `x-b3-traceid: ${traceId}`, `x-b3-spanid: ${spanId}`], [], [traceId]],
  [[single, `x-b3-traceid: ${other}`, `x-b3-spanid: ${spanId}`], [], []],
  [[parent, 'tracestate: \xe9=1'], [{ format: 'w3c', reason: 'malformed_tracestate' }], []],
  [[parent, 'tracestate:'], [], []],
  [
    [`x-b3-traceid: ${traceId}`, `x-b3-spanid: ${spanId}`, 'x-b3-sampled: maybe'],
    [{ format: 'b3', reason: 'malformed_decision' }],
    [],
  ],
  [[...dd, 'x-datadog-sampling-priority: 1.0'], [{ format: 'datadog', reason: 'malformed_decision' }], []],
  [
    [`x-instana-t: ${traceId}`, `x-instana-s: ${spanId}`, 'x-instana-l: 7'],
    [{ format: 'instana', reason: 'malformed_decision' }],
    [],
  ],
  [
    [`ot-tracer-traceid: ${traceId}`, `ot-tracer-spanid: ${spanId}`, 'ot-tracer-sampled: 7'],
    [{ format: 'ot', reason: 'malformed_decision' }],
    [],
  ],
])('%j: what else a format holds is told', (lines, refusals, conflicts) => {
  const found = through(all, lines)
  expect(found.refusals).toEqual(refusals)
  expect(found.conflicts.map((conflict) => conflict.traceId)).toEqual(conflicts)
})
