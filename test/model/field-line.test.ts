import { FieldNames, fieldValueOf, isNamed, nameOf, trimSpace, valuesOf } from '../../src/model/field-line'
import { seeded } from '../support/random'

describe('isNamed', () => {
  test.each([
    ['Host: a', 'host', true],
    ['host: a', 'host', true],
    ['HOST:a', 'host', true],
    ['hOsT:', 'host', true],
    ['Content-Length: 5', 'content-length', true],
    ['HTTP2-Settings: x', 'http2-settings', true],
    ['Http2-settings: x', 'http2-settings', true],
    ['X_Trace: 1', 'x_trace', true],
    ['x_trace: 1', 'x_trace', true],
    ['Hos: a', 'host', false],
    ['Hosts: a', 'host', false],
    ['Host : a', 'host', false],
    [' Host: a', 'host', false],
    ['Host', 'host', false],
    ['', 'host', false],
    [':', 'host', false],
    ['X-Host: host', 'host', false],
    ['a: b', '', false],
    ['gost: a', 'host', false],
  ])('%j is %j: %p', (line, name, expected) => {
    expect(isNamed(line, name)).toBe(expected)
  })

  // Letters differ from their capitals in one bit. Others that differ in it are different characters.
  test.each([
    ['X-@: 1', 'x-`'],
    ['x-^y: 1', 'x-~y'],
    ['content\rlength: 5', 'content-length'],
    ['http\x12-settings: x', 'http2-settings'],
    ['x-\x01: 1', 'x-!'],
    ['x\x7ftrace: 1', 'x_trace'],
    ['X-Trace: 1', 'x_trace'],
    ['x_trace: 1', 'x-trace'],
    ['tr\xc1ceparent: 1', 'traceparent'],
    ['trac@parent: 1', 'trac`parent'],
  ])('%j is not %j', (line, name) => {
    expect(isNamed(line, name)).toBe(false)
  })

  const tchar = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

  test('law: two names are one when their lower case is one, for every pair of token characters', () => {
    const wrong: string[] = []
    for (const written of tchar) {
      for (const wanted of tchar.toLowerCase()) {
        const expected = written.toLowerCase() === wanted
        if (isNamed(`x${written}y: 1`, `x${wanted}y`) !== expected) wrong.push(`${written} as ${wanted}`)
      }
    }
    expect(wrong).toEqual([])
  })

  test('law (seed 11): agrees with nameOf', () => {
    const random = seeded(11)
    const letters = 'abcdefABCDEF-_09'
    for (let i = 0; i < 5000; i++) {
      const name = random.text(random.integer(1, 3), letters).toLowerCase()
      const line = `${random.text(random.integer(1, 3), letters)}:${random.text(2, ' x:')}`
      expect([line, name, isNamed(line, name)]).toEqual([line, name, nameOf(line) === name])
    }
  })
})

describe('the value of a line', () => {
  test.each([
    ['A: b', 'b'],
    ['A:b', 'b'],
    ['A:', ''],
    ['A: ', ''],
    ['A: \t ', ''],
    ['A:\t b \t', 'b'],
    ['A: b c\td ', 'b c\td'],
    ['A: b:c', 'b:c'],
    ['A: \u00a0b\u00a0', '\u00a0b\u00a0'],
    ['A: \xff', '\xff'],
    ['A: "  b  "', '"  b  "'],
  ])('%j has the value %j', (line, value) => {
    expect(fieldValueOf(line)).toBe(value)
  })

  test.each([
    ['', ''],
    [' ', ''],
    ['\t \t', ''],
    [' a ', 'a'],
    ['a', 'a'],
    ['\na\r', '\na\r'],
    ['\x0ba\x0c', '\x0ba\x0c'],
  ])('%j without space and tab at its ends is %j', (text, expected) => {
    expect(trimSpace(text)).toBe(expected)
  })

  test('what stands before the start is left out', () => {
    expect(trimSpace('abc  d ', 3)).toBe('d')
  })
})

test.each([
  ['Name: v', 'name'],
  ['X-Y_Z: v', 'x-y_z'],
  ['a:b:c', 'a'],
])('the name of %j is %j', (line, name) => {
  expect(nameOf(line)).toBe(name)
})

test('the values of a name come in order, whatever case it is written in', () => {
  const lines = ['Via: 1', 'Vi: no', 'VIA:  2\t', 'Vias: no', 'x-via: no', 'via:', 'via: 1']
  expect(valuesOf(lines, 'via')).toEqual(['1', '2', '', '1'])
  expect(valuesOf(lines, 'host')).toEqual([])
})

describe('a set of field names', () => {
  const names = new FieldNames(['traceparent', 'tracestate', 'b3', 'b3', 'te'])

  test.each([
    ['traceparent: 1', true],
    ['TRACESTATE:', true],
    ['B3: 1', true],
    ['Te: 1', true],
    ['b4: 1', false],
    ['b3 : 1', false],
    ['baggage: b3', false],
    ['tracestatus: 1', false],
    ['b3', false],
    ['', false],
    [': b3', false],
    ['b3:b3:b3', true],
  ])('holds %j: %p', (line, expected) => {
    expect(names.hold(line)).toBe(expected)
    expect(names.hold(line, line.indexOf(':'))).toBe(expected)
  })

  test.each([
    ['uberctx-a: 1', 3],
    ['UberCtx-A-b:', 3],
    ['uberctx-: 1', -1],
    ['uberctx: uberctx-a', -1],
    ['xuberctx-a: 1', -1],
    ['uberctx-id: 1', 2],
    ['B3: 1', 0],
  ])('may hold names by their beginning: %j', (line, index) => {
    const some = new FieldNames(['b3', 'b3', 'te', 'uberctx-id', 'uberctx-*'])
    expect(some.find(line, line.indexOf(':'))).toBe(index)
    expect(some.names).toEqual(['b3', 'te', 'uberctx-id', 'uberctx-*'])
  })

  test('that is empty holds nothing', () => {
    for (const line of ['a: b', '', ':']) expect(new FieldNames([]).hold(line)).toBe(false)
  })
})
