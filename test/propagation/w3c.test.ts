import { Carrier, type Rejection } from '../../src/propagation/format'
import { w3c } from '../../src/propagation/w3c'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const good = `00-${traceId}-${spanId}-01`

const extract = (...lines: string[]) => w3c.extract(new Carrier(lines))
const arrival = (sampled: boolean, random: boolean) => ({
  traceId,
  width: 32,
  spanId,
  sampled,
  random,
  traceState: undefined,
})

test('owns its two headers', () => {
  expect(w3c).toMatchObject({ name: 'w3c', fields: ['traceparent', 'tracestate'] })
})

describe('traceparent', () => {
  test.each([
    // flags, sampled, random
    ['00', false, false],
    ['01', true, false],
    ['02', false, true],
    ['03', true, true],
    ['04', false, false],
    ['08', false, false],
    ['09', true, false],
    ['0a', false, true],
    ['0f', true, true],
    ['10', false, false],
    ['ef', true, true],
    ['fd', true, false],
    ['fe', false, true],
    ['ff', true, true],
  ])('flags %s: sampled %p, random %p', (flags, sampled, random) => {
    expect(extract(`traceparent: 00-${traceId}-${spanId}-${flags}`)).toEqual(arrival(sampled, random))
  })

  test.each([
    [`traceparent: ${good}`],
    [`Traceparent: ${good}`],
    [`TRACEPARENT: ${good}`],
    [`TraceParent:${good}`],
    [`traceparent:   ${good}   `],
    [`traceparent:\t ${good}\t \t`],
    // A later version is read by its first four fields.
    [`traceparent: 01-${traceId}-${spanId}-01`],
    [`traceparent: cc-${traceId}-${spanId}-01`],
    [`traceparent: fe-${traceId}-${spanId}-01`],
    [`traceparent: 01-${traceId}-${spanId}-01-`],
    [`traceparent: cc-${traceId}-${spanId}-01-what-the-future-will-be-like`],
    [`traceparent: cc-${traceId}-${spanId}-01-WHAT,ever=it is`],
  ])('%j carries a context', (line) => {
    expect(extract(line)).toEqual(arrival(true, false))
  })

  test.each<[string, Rejection]>([
    ['', 'malformed'],
    [' ', 'malformed'],
    ['-', 'malformed'],
    ['---', 'malformed'],
    ['00', 'malformed'],
    ['00-', 'malformed'],
    [`00-${traceId}`, 'malformed'],
    [`00-${traceId}-${spanId}`, 'malformed'],
    [`00-${traceId}-${spanId}-`, 'malformed'],
    // Lengths.
    [`0-${traceId}-${spanId}-01`, 'malformed'],
    [`000-${traceId}-${spanId}-01`, 'malformed'],
    [`-${traceId}-${spanId}-01`, 'malformed'],
    [`${traceId}-${spanId}-01`, 'malformed'],
    [`00-${traceId.slice(1)}-${spanId}-01`, 'malformed'],
    [`00-${traceId}0-${spanId}-01`, 'malformed'],
    [`00-${traceId.slice(16)}-${spanId}-01`, 'malformed'],
    [`00-${traceId}-${spanId.slice(1)}-01`, 'malformed'],
    [`00-${traceId}-${spanId}0-01`, 'malformed'],
    [`00-${traceId}-${spanId}-1`, 'malformed'],
    [`00-${traceId}-${spanId}-001`, 'malformed'],
    // Version 00 has four fields.
    [`${good}-`, 'malformed'],
    [`${good}-01`, 'malformed'],
    [`${good}-what-the-future-will-be-like`, 'malformed'],
    [`${good}.`, 'malformed'],
    [`${good}x`, 'malformed'],
    [`${good} x`, 'malformed'],
    // A later version goes on with a dash or not at all.
    [`01-${traceId}-${spanId}-01.what-the-future-will-not-be-like`, 'malformed'],
    [`cc-${traceId}-${spanId}-012`, 'malformed'],
    [`cc-${traceId}-${spanId}-01 `.concat('x'), 'malformed'],
    [`cc-${traceId}-${spanId}-0`, 'malformed'],
    [`cc-${traceId}-${spanId}`, 'malformed'],
    [`cc-${traceId}-${spanId}-x1-x`, 'malformed'],
    // Lower-case hexadecimal digits only.
    [good.toUpperCase(), 'malformed'],
    [`00-${traceId.toUpperCase()}-${spanId}-01`, 'malformed'],
    [`00-${traceId}-${spanId.toUpperCase()}-01`, 'malformed'],
    [`00-${traceId}-${spanId}-0A`, 'malformed'],
    [`CC-${traceId}-${spanId}-01`, 'malformed'],
    [`FF-${traceId}-${spanId}-01`, 'malformed'],
    [`0g-${traceId}-${spanId}-01`, 'malformed'],
    [`.0-${traceId}-${spanId}-01`, 'malformed'],
    [`00-${traceId.replace('0', '.')}-${spanId}-01`, 'malformed'],
    [`00-${traceId.replace('0', 'g')}-${spanId}-01`, 'malformed'],
    [`00-${traceId}-${spanId.replace('b', '-')}-01`, 'malformed'],
    [`00-${traceId}-${spanId.replace('b', '\xb7')}-01`, 'malformed'],
    [`00-${traceId}-${spanId}-0x`, 'malformed'],
    [`00-${traceId}-${spanId}-.0`, 'malformed'],
    [`00-${traceId}-${spanId}- 1`, 'malformed'],
    // Separators.
    [`00_${traceId}_${spanId}_01`, 'malformed'],
    [`00 ${traceId} ${spanId} 01`, 'malformed'],
    [`00--${traceId}-${spanId}-01`, 'malformed'],
    [`00-${traceId}${spanId}-01`, 'malformed'],
    [`"${good}"`, 'malformed'],
    [`${good},${good}`, 'malformed'],
    [`${good}, ${good}`, 'malformed'],
    [`\xa0${good}`, 'malformed'],
    [`${good}\x0b`, 'malformed'],
    // Zeros.
    [`00-${'0'.repeat(32)}-${spanId}-01`, 'all_zero'],
    [`00-${traceId}-${'0'.repeat(16)}-01`, 'all_zero'],
    [`00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`, 'all_zero'],
    [`cc-${'0'.repeat(32)}-${spanId}-01-x`, 'all_zero'],
    // The version that is forbidden.
    [`ff-${traceId}-${spanId}-01`, 'unknown_version'],
    [`ff-${traceId}-${spanId}-01-x`, 'unknown_version'],
  ])('%j: %s', (value, reason) => {
    expect(extract(`traceparent: ${value}`)).toBe(reason)
  })

  test('values of 8 KiB are read in no time, and only a later version may be so long', () => {
    for (const value of ['x'.repeat(8192), '0'.repeat(8192), `${good}-${'-'.repeat(8192)}`, '\xff'.repeat(8192)]) {
      expect(extract(`traceparent: ${value}`)).toBe('malformed')
    }
    expect(extract(`traceparent: 01-${traceId}-${spanId}-01-${'x'.repeat(8192)}`)).toEqual(arrival(true, false))
  })

  test('ids that are nearly zero are ids', () => {
    const one = `${'0'.repeat(31)}1`
    expect(extract(`traceparent: 00-${one}-${'0'.repeat(15)}1-00`)).toMatchObject({
      traceId: one,
      spanId: '0000000000000001',
    })
  })

  test.each([
    [['traceparent: '.concat(good), 'traceparent: '.concat(good)]],
    [['traceparent: '.concat(good), 'X: y', `TraceParent: 00-${traceId}-00f067aa0ba902b7-01`]],
    [['traceparent: '.concat(good), 'traceparent:']],
    [['traceparent: x', 'traceparent: y']],
  ])('on several lines is repeated: %j', (lines) => {
    expect(extract(...lines)).toBe('repeated')
  })

  test.each([
    [[]],
    [['tracestate: a=1']],
    [[`traceparents: ${good}`]],
    [[`trace-parent: ${good}`]],
    [[`trace_parent: ${good}`]],
    [[`x-traceparent: ${good}`]],
  ])('is not there: %j', (lines) => {
    expect(extract(...lines)).toBeUndefined()
  })
})

describe('tracestate', () => {
  test('comes with traceparent', () => {
    expect(extract(`traceparent: ${good}`, 'tracestate: a=1')).toEqual({ ...arrival(true, false), traceState: 'a=1' })
  })

  test('comes with a later version of traceparent, too', () => {
    expect(extract(`traceparent: cc-${traceId}-${spanId}-01-x`, 'tracestate: a=1')).toMatchObject({ traceState: 'a=1' })
  })

  test('that is invalid leaves traceparent as it is', () => {
    expect(extract(`traceparent: ${good}`, 'tracestate: A=1')).toEqual({
      ...arrival(true, false),
      also: 'malformed_tracestate',
    })
  })

  test('on several lines is one list, in order', () => {
    const lines = ['Tracestate: a=1,b=2', `traceparent: ${good}`, 'TRACESTATE:  ', 'tracestate: c=3']
    expect(extract(...lines)).toMatchObject({ traceState: 'a=1,b=2,c=3' })
  })
})

describe('what goes out', () => {
  const rest = { width: undefined, nuance: undefined, baggage: [], notations: [], carriesTraceState: false }
  const context = { traceId, spanId, parentSpanId: undefined, format: 'w3c', traceState: undefined, ...rest }

  test.each([
    [false, false, '00'],
    [true, false, '01'],
    [false, true, '02'],
    [true, true, '03'],
  ])('sampled %p, random %p: flags %s', (sampled, random, flags) => {
    const lines = w3c.inject({ ...context, sampled, random }, new Carrier([]))
    expect(lines).toEqual([`traceparent: 00-${traceId}-${spanId}-${flags}`])
  })

  test('is version 00, with tracestate as it came', () => {
    const lines = w3c.inject({ ...context, sampled: true, random: false, traceState: 'b=2 , a=1,' }, new Carrier([]))
    expect(lines).toEqual([`traceparent: ${good}`, 'tracestate: b=2 , a=1,'])
  })
})
