import { createContextKey, ROOT_CONTEXT, type TextMapPropagator, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { adapt } from '../../src/propagation/adapter'
import { b3 } from '../../src/propagation/b3'
import { b3Single } from '../../src/propagation/b3-single'
import { Carrier } from '../../src/propagation/format'
import { context, propagationOf, spanId, through, traceId } from './contexts'

const adapted = adapt('w3c-otel', new W3CTraceContextPropagator())
const line = `traceparent: 00-${traceId}-${spanId}-03`

test('a propagator is a format', () => {
  expect(adapted).toMatchObject({ name: 'w3c-otel', fields: ['traceparent', 'tracestate'] })
  expect(adapted.traceIdText(context)).toBe(traceId)
})

test.each([
  [[], undefined],
  [['traceparent: x'], 'malformed'],
  [[line], { traceId, width: 32, spanId, sampled: true, random: true, traceState: undefined }],
  [
    [line, 'tracestate: a=1', 'tracestate: b=2'],
    { traceId, width: 32, spanId, sampled: true, random: true, traceState: 'a=1,b=2' },
  ],
])('extracts %j', (lines, expected) => {
  expect(adapted.extract(new Carrier(lines))).toEqual(expected)
})

test('injects', () => {
  const lines = adapted.inject({ ...context, random: true, traceState: 'a=1' }, new Carrier([]))
  expect(lines).toEqual([line, 'tracestate: a=1'])
})

test('serves in a propagation', () => {
  const { head, context: found } = through(propagationOf({ extract: [adapted] }), ['Host: a', line])
  expect(found).toMatchObject({ traceId, parentSpanId: spanId, format: 'w3c-otel' })
  expect(head).toEqual(['Host: a', `traceparent: 00-${traceId}-${found.spanId}-03`])
})

test.each([true, false])(
  'of two formats that write one header the first does, the adapted one: %s',
  (isAdaptedFirst) => {
    const mine = adapt('mine', {
      fields: () => ['traceparent'],
      extract: (into) => into,
      inject: (_context, carrier, setter) => setter.set(carrier, 'traceparent', 'mine'),
    })
    const inject = isAdaptedFirst ? [mine, adapted] : [adapted, mine]
    const ours = through(propagationOf({ inject: [b3, b3Single] }), ['Host: a']).head
    expect(ours.filter((line) => /^(?:b3|x-b3-traceid):/i.test(line))).toHaveLength(2)
    const { head } = through(propagationOf({ inject }), ['Host: a'])
    expect(head).toEqual([
      'Host: a',
      expect.stringMatching(isAdaptedFirst ? /^traceparent: mine$/ : /^traceparent: 00-/),
    ])
  },
)

const throwing: TextMapPropagator = {
  fields: () => ['X-Bad'],
  extract: () => {
    throw new Error('no')
  },
  inject: () => {
    throw new Error('no')
  },
}

test('what a propagator throws is no context', () => {
  const bad = adapt('bad', throwing)
  expect(bad.extract(new Carrier(['x-bad: 1']))).toBe('malformed')
  expect(bad.inject(context, new Carrier([]))).toEqual([])
})

test('what would break out of its line is not written, and invalid ids are none', () => {
  const wild: TextMapPropagator = {
    fields: () => [],
    extract: (into, carrier, getter) => {
      const id = getter.get(carrier, 'X-ID')
      const ids = getter.keys(carrier).length === 2 ? String(id) : ''
      return trace.setSpanContext(into.setValue(createContextKey('a'), 1), { traceId: ids, spanId, traceFlags: 0 })
    },
    inject: (_context, carrier, setter) => {
      setter.set(carrier, 'a b', 'x')
      setter.set(carrier, 'c', 'x\r\nHost: evil')
      setter.set(carrier, 'd', 'of nobody')
      setter.set(carrier, 'c', undefined as unknown as string)
      setter.set(carrier, 'c', {} as unknown as string)
      setter.set(carrier, 'x-id', 'first')
      setter.set(carrier, 'X-ID', 'fine')
    },
  }
  const format = adapt('wild', wild, ['X-Id', 'c'])
  expect(format.inject(context, new Carrier([]))).toEqual(['X-ID: fine'])
  expect(format.extract(new Carrier(['x-id: zz']))).toBe('malformed')
  expect(format.extract(new Carrier([`x-id: ${'0'.repeat(32)}`]))).toBe('all_zero')
  expect(format.extract(new Carrier([`x-id: ${traceId}`]))).toMatchObject({ traceId, sampled: false })
  expect(trace.getSpanContext(ROOT_CONTEXT)).toBeUndefined()
})
