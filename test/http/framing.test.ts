import { sortFields } from '../../src/http/field-sort'
import { type Framing, isFraming, isPersistent, requestFraming, responseFraming } from '../../src/http/framing'
import type { FaultCode } from '../../src/model/fault'

type Verdict = Framing | FaultCode

const length = (value: string) => `Content-Length: ${value}`
const coding = (value: string) => `Transfer-Encoding: ${value}`

/** What no party may have to guess at, on requests and responses alike. */
const badLengths = [
  '',
  ' ',
  '+5',
  '-5',
  '-0',
  '0x5',
  '5.0',
  '5e1',
  '5 5',
  '5,5',
  '5, 5',
  '5,6',
  ',5',
  '5,',
  '1_000',
  '5;',
  '"5"',
  'five',
  'Infinity',
  'NaN',
  '\xb2',
  '5\x0b',
  '5\xa0',
  '9007199254740993',
  '18446744073709551616',
  '9'.repeat(40),
]

describe('a request', () => {
  test.each<[string[], Verdict]>([
    [[], 0],
    [[length('0')], 0],
    [[length('00')], 0],
    [[length('5')], 5],
    [[length('005')], 5],
    [['content-length:\t5 '], 5],
    [[length('999999999999999')], 999999999999999],
    [[coding('chunked')], 'chunked'],
    [[coding('Chunked')], 'chunked'],
    [[coding('CHUNKED')], 'chunked'],
    [['transfer-encoding:\t chunked  '], 'chunked'],
  ])('HTTP/1.1 with %j: %p', (lines, expected) => {
    expect(requestFraming(sortFields(lines), 1)).toBe(expected)
  })

  test.each(badLengths)('with Content-Length %j: bad_length', (value) => {
    expect(requestFraming(sortFields([length(value)]), 1)).toBe('bad_length')
    expect(requestFraming(sortFields([length(value)]), 0)).toBe('bad_length')
  })

  test.each<[string[]]>([
    [[length('5'), length('5')]],
    [[length('5'), length('6')]],
    [[length('5'), 'content-length:5']],
    [[length('5'), length('')]],
    [[length(''), length('5')]],
    // White space by the grammar, part of the value to llhttp.
    [['Content-Length: 5\t']],
    [['Content-Length: 5\t ']],
    [['Content-Length: 5 \t']],
  ])('HTTP/1.1 with %j: bad_length', (lines) => {
    expect(requestFraming(sortFields(lines), 1)).toBe('bad_length')
    expect(responseFraming(sortFields(lines), 200, 1, 'GET')).toBe('bad_response')
  })

  test.each<[string[]]>([
    [['Transfer-Encoding: chunked\t']],
    [['Transfer-Encoding: chunked\t ']],
    [[length('5'), coding('chunked')]],
    [[coding('chunked'), length('5')]],
    [[coding('chunked'), length('0')]],
    [[coding('chunked'), length('x')]],
    [[coding('gzip, chunked'), length('5')]],
    [[coding('')]],
    [[coding(' ')]],
    [[coding(','), coding('chunked')]],
    [[coding('identity')]],
    [[coding('chunked, identity')]],
    [[coding('xchunked')]],
    [[coding('chunkedx')]],
    [[coding('chunke')]],
    [[coding('x-chunked')]],
    [[coding('"chunked"')]],
    [[coding("'chunked'")]],
    [[coding('chunked;')]],
    [[coding('chunked;q=1')]],
    [[coding('chunked\xa0')]],
    [[coding('ch\xfcnked')]],
    [[coding('chunked chunked')]],
    [[coding('chunked, chunked')]],
    [[coding('chunked'), coding('chunked')]],
    [[coding('chunked'), coding('')]],
    [[coding(''), coding('chunked')]],
    [[coding('chunked,')]],
    [[coding(',chunked')]],
    [[coding('chunked, gzip')]],
    [[coding('chunked'), coding('gzip')]],
    [[coding('gzip')]],
    [[coding('deflate, gzip')]],
    [[coding('gzip, chunked, chunked')]],
    [[coding('chunked, gzip, chunked')]],
    [[coding('gz ip, chunked')]],
    [[coding('gzip\xa0, chunked')]],
    [[coding('"gzip", chunked')]],
    [[coding(';q=1, chunked')]],
    [[coding('gzip,, chunked')]],
    [[coding('identity, chunked;q=1')]],
    [[coding('identity, xchunked')]],
  ])('HTTP/1.1 with %j: bad_framing', (lines) => {
    expect(requestFraming(sortFields(lines), 1)).toBe('bad_framing')
  })

  // RFC 9112 §6.1: 501 for a coding that isn't understood, as long as chunked ends the message.
  test.each<[string[]]>([
    [[coding('gzip, chunked')]],
    [[coding('GZIP,Chunked')]],
    [[coding('gzip'), coding('chunked')]],
    [[coding('x-gzip ,\tchunked')]],
    [[coding('deflate, chunked')]],
    [[coding('compress, chunked')]],
    [[coding('deflate, gzip, chunked')]],
    [[coding('identity, chunked')]],
    [[coding('identity'), coding('chunked')]],
    [[coding('xchunked, chunked')]],
    [[coding('gzip;level=9, chunked')]],
  ])('HTTP/1.1 with %j: unknown_transfer_coding', (lines) => {
    expect(requestFraming(sortFields(lines), 1)).toBe('unknown_transfer_coding')
  })

  test.each<[string[], Verdict]>([
    [[], 0],
    [[length('5')], 5],
    [[coding('chunked')], 'bad_framing'],
    [[coding('gzip, chunked')], 'bad_framing'],
    [[coding('identity')], 'bad_framing'],
    [[coding('identity, chunked')], 'bad_framing'],
    [[coding('')], 'bad_framing'],
    [[coding('chunked'), length('5')], 'bad_framing'],
  ])('HTTP/1.0 with %j: %p', (lines, expected) => {
    expect(requestFraming(sortFields(lines), 0)).toBe(expected)
  })

  test('Connection does not take its length away', () => {
    expect(requestFraming(sortFields(['Connection: content-length', length('5')]), 1)).toBe(5)
    expect(requestFraming(sortFields([coding('chunked'), 'Connection: transfer-encoding']), 1)).toBe('chunked')
  })
})

describe('a response', () => {
  test.each<[string, number, string[], Verdict]>([
    ['GET', 200, [], 'until_close'],
    ['GET', 200, [length('0')], 0],
    ['GET', 200, [length('5')], 5],
    ['GET', 200, [coding('chunked')], 'chunked'],
    ['GET', 200, [coding('Chunked')], 'chunked'],
    ['GET', 404, [], 'until_close'],
    ['GET', 500, [length('7')], 7],
    ['GET', 206, [length('7')], 7],
    ['GET', 205, [length('0')], 0],
    ['GET', 203, [coding('chunked')], 'chunked'],
    ['GET', 999, [length('7')], 7],
    ['POST', 201, [], 'until_close'],
    ['head', 200, [length('5')], 5],
    // RFC 9112 §6.3, first rule: these end with their heads, whatever the fields say.
    ['HEAD', 200, [], 0],
    ['HEAD', 200, [length('5')], 0],
    ['HEAD', 200, [coding('chunked')], 0],
    ['HEAD', 404, [length('5')], 0],
    ['GET', 304, [], 0],
    ['GET', 304, [length('5')], 0],
    ['GET', 304, [coding('chunked')], 0],
    ['GET', 204, [], 0],
    ['GET', 204, [length('0')], 0],
    ['HEAD', 204, [], 0],
    ['GET', 100, [], 0],
    ['GET', 103, [length('5')], 0],
    ['GET', 199, [coding('chunked')], 0],
    ['HEAD', 100, [], 0],
    ['GET', 100, [length('x')], 'bad_response'],
    ['GET', 100, [coding('gzip')], 'bad_response'],
    ['GET', 100, [length('5'), coding('chunked')], 'bad_response'],
  ])('to %s with status %i and %j: %p', (method, status, lines, expected) => {
    expect(responseFraming(sortFields(lines), status, 1, method)).toBe(expected)
  })

  // RFC 9110 §8.6 and RFC 9112 §6.1 forbid a 204 to announce a body: where one follows, two readers would part ways.
  test.each([[[length('5')]], [[coding('chunked')]]])('204 with %j: bad_response', (lines) => {
    expect(responseFraming(sortFields(lines), 204, 1, 'GET')).toBe('bad_response')
  })

  test.each(badLengths)('with Content-Length %j: bad_response', (value) => {
    for (const status of [200, 204, 304]) {
      expect(responseFraming(sortFields([length(value)]), status, 1, 'GET')).toBe('bad_response')
    }
    expect(responseFraming(sortFields([length(value)]), 200, 1, 'HEAD')).toBe('bad_response')
  })

  test.each<[string[]]>([
    [[length('5'), length('5')]],
    [[length('5'), length('6')]],
    [['Transfer-Encoding: chunked\t']],
    [[length('5'), coding('chunked')]],
    [[coding('chunked'), length('0')]],
    [[coding('')]],
    [[coding('identity')]],
    [[coding('gzip')]],
    [[coding('gzip, chunked')]],
    [[coding('identity, chunked')]],
    [[coding('chunked, chunked')]],
    [[coding('chunked'), coding('chunked')]],
    [[coding('xchunked')]],
    [[coding('chunked\xa0')]],
    [[coding('chunked;q=1')]],
  ])('with %j: bad_response', (lines) => {
    expect(responseFraming(sortFields(lines), 200, 1, 'GET')).toBe('bad_response')
  })

  test.each<[string[], Verdict]>([
    [[], 'until_close'],
    [[length('5')], 5],
    [[coding('chunked')], 'bad_response'],
    [[coding('chunked'), length('5')], 'bad_response'],
  ])('HTTP/1.0 with %j: %p', (lines, expected) => {
    expect(responseFraming(sortFields(lines), 200, 0, 'GET')).toBe(expected)
    expect(responseFraming(sortFields(lines), 100, 0, 'GET')).toBe('bad_response')
  })
})

describe('a connection lives on', () => {
  test.each<[string[], 0 | 1, boolean]>([
    [[], 1, true],
    [['Connection: keep-alive'], 1, true],
    [['Connection: close'], 1, false],
    [['Connection: Close'], 1, false],
    [['Connection: keep-alive, close'], 1, false],
    [['Connection: close', 'Connection: keep-alive'], 1, false],
    [['Connection: upgrade'], 1, true],
    [['Proxy-Connection: close'], 1, false],
    [['Keep-Alive: timeout=0'], 1, true],
    [[], 0, false],
    [['Connection: keep-alive'], 0, true],
    [['Connection: Keep-Alive, x'], 0, true],
    [['Proxy-Connection: Keep-Alive'], 0, true],
    [['Connection: keep-alive, close'], 0, false],
    [['Keep-Alive: timeout=5'], 0, false],
    [['Connection: upgrade'], 0, false],
  ])('after %j in HTTP/1.%i: %p', (lines, minor, expected) => {
    expect(isPersistent(sortFields(lines), minor)).toBe(expected)
  })
})

test.each<[Verdict, boolean]>([
  [0, true],
  [5, true],
  ['chunked', true],
  ['until_close', true],
  ['bad_framing', false],
  ['bad_response', false],
  ['unknown_transfer_coding', false],
])('%p is a framing: %p', (verdict, expected) => {
  expect(isFraming(verdict)).toBe(expected)
})
