import { redaction, redactText, redactUrl } from '../../src/telemetry/redact'
import { seeded } from '../support/random'

const secretKeys = [
  'X-Amz-Signature',
  'X-Amz-Credential',
  'X-Amz-Security-Token',
  'AWSAccessKeyId',
  'Signature',
  'sig',
  'X-Goog-Signature',
]

describe('userinfo', () => {
  test.each([
    ['http://user:pass@example.com/', 'http://REDACTED:REDACTED@example.com/'],
    ['http://user:pass@example.com:81/a?b#c', 'http://REDACTED:REDACTED@example.com:81/a?b#c'],
    ['http://user@example.com', 'http://REDACTED:REDACTED@example.com'],
    ['http://:pass@example.com/', 'http://REDACTED:REDACTED@example.com/'],
    ['http://user:@example.com/', 'http://REDACTED:REDACTED@example.com/'],
    ['http://@example.com/', 'http://REDACTED:REDACTED@example.com/'],
    ['HTTP://user:pass@EXAMPLE.com/', 'HTTP://REDACTED:REDACTED@EXAMPLE.com/'],
    ['https://user:pass@example.com/', 'https://REDACTED:REDACTED@example.com/'],
    ['http://user:p@ss@example.com/', 'http://REDACTED:REDACTED@example.com/'],
    ['http://user:p@ss@w@rd@example.com/@x', 'http://REDACTED:REDACTED@example.com/@x'],
    ['http://us@er:pass@example.com/', 'http://REDACTED:REDACTED@example.com/'],
    ['http://user:p%40ss@example.com/', 'http://REDACTED:REDACTED@example.com/'],
    ['http://user:pass@[::1]:81/', 'http://REDACTED:REDACTED@[::1]:81/'],
    ['http://user:pass@example.com?sig=1', 'http://REDACTED:REDACTED@example.com?sig=REDACTED'],
    ['http://user:pass@example.com?a=b@c', 'http://REDACTED:REDACTED@example.com?a=b@c'],
  ])('%s: %s', (target, expected) => {
    expect(redactUrl(target)).toBe(expected)
  })

  test.each([
    'http://example.com/@x',
    'http://example.com/a:b@c',
    'http://example.com/?a=b@c',
    'http://example.com?a@b',
    'http://example.com/mail/user@example.org?x',
    '/a@b',
    '*',
    '',
  ])('%j has none and stays', (target) => {
    expect(redactUrl(target)).toBe(target)
  })
})

describe('secret values in a query', () => {
  test.each(secretKeys)('%s', (key) => {
    expect(redactUrl(`http://example.com/?${key}=secret`)).toBe(`http://example.com/?${key}=REDACTED`)
    expect(redactUrl(`http://example.com?a=b&${key}=secret&c=d`)).toBe(`http://example.com?a=b&${key}=REDACTED&c=d`)
    expect(redactUrl(`http://example.com/?${key}=`)).toBe(`http://example.com/?${key}=REDACTED`)
    expect(redactUrl(`http://example.com/?${key}=a%26b=c%3D+d`)).toBe(`http://example.com/?${key}=REDACTED`)
    expect(redactUrl(`http://example.com/?${key}=1&${key}=2&x=3&${key}=4`)).toBe(
      `http://example.com/?${key}=REDACTED&${key}=REDACTED&x=3&${key}=REDACTED`,
    )
  })

  test.each([
    ['?sig=a&Signature=b&sig=c', '?sig=REDACTED&Signature=REDACTED&sig=REDACTED'],
    ['?sig=a=b', '?sig=REDACTED'],
    ['?sig=a?b', '?sig=REDACTED'],
    ['?sig=a@b', '?sig=REDACTED'],
    ['?sig=$1$&', '?sig=REDACTED&'],
    ['?a&sig=b', '?a&sig=REDACTED'],
    ['?&&sig=b', '?&&sig=REDACTED'],
    ['?sig=a#fragment', '?sig=REDACTED'],
    ['?%73ig=a', '?%73ig=REDACTED'],
    ['?a;sig=b', '?a;sig=REDACTED'],
    ['?a=1;sig=b;c&d', '?a=1;sig=REDACTED&d'],
    ['?a%=1&X%2DAmz%2dSignature=a&b=%73ig', '?a%=1&X%2DAmz%2dSignature=REDACTED&b=%73ig'],
    ['?a?sig=b&%73ig=c', '?a?sig=REDACTED&%73ig=REDACTED'],
  ])('%s: %s', (query, expected) => {
    expect(redactUrl(`http://example.com/x${query}`)).toBe(`http://example.com/x${expected}`)
  })

  test.each([
    // Keys are matched case-sensitively, and whole.
    '?Sig=a',
    '?SIG=a',
    '?signature=a',
    '?x-amz-signature=a',
    '?X-AMZ-SIGNATURE=a',
    '?awsaccesskeyid=a',
    '?mysig=a',
    '?my-sig=a',
    '?xSignature=a',
    '?sigs=a',
    '?sig',
    '?sig&a=b',
    '?a=sig',
    '?a=Signature:b',
    '?X-Amz-SignatureVersion=4',
    '?X-Amz-SignedHeaders=host',
    '?X-Amz-Date=20240229T123456Z',
    '?token=a',
    '',
    '?',
    '?a=b&c=d',
    '?%E2%82%AC=%zz&&=',
  ])('%j stays', (query) => {
    expect(redactUrl(`http://example.com/x${query}`)).toBe(`http://example.com/x${query}`)
  })

  test.each(['/sig=a', '/x&sig=a', '/sig=a/b', '/Signature=a?b'])('the path %s is no query', (path) => {
    expect(redactUrl(`http://example.com${path}`)).toBe(`http://example.com${path}`)
  })
})

test('the authority of a tunnel stays', () => {
  expect(redactUrl('//example.com:443')).toBe('//example.com:443')
})

test('law (seed 61): no password and no secret value is left, and all else is', () => {
  const random = seeded(61)
  const unreserved = 'abcXYZ019-._~'
  for (let i = 0; i < 3000; i++) {
    const secret = `s3cr3t${random.text(4, `${unreserved}@:%`)}`
    const user = random.text(random.integer(0, 5), `${unreserved}:@%`)
    const path = `/${random.text(random.integer(0, 8), `${unreserved}/@:=&`)}`
    const items = Array.from({ length: random.integer(0, 4) }, () =>
      random.chance(0.5)
        ? [random.pick(secretKeys), secret]
        : [`p${random.text(2, unreserved)}`, random.text(3, unreserved)],
    )
    const query = (mask: boolean) =>
      items.map(([key, value]) => `${key}=${mask && value === secret ? 'REDACTED' : value}`).join('&')
    const url = `http://${user}:${secret}@example.com${path}?${query(false)}`
    expect(redactUrl(url)).toBe(`http://REDACTED:REDACTED@example.com${path}?${query(true)}`)
  }
})

describe('what the user adds', () => {
  test.each<[string, string[], string[], string, string]>([
    ['a key', ['token'], [], '?token=s&a=1', '?token=REDACTED&a=1'],
    ['in any case', ['Token'], [], '?TOKEN=s&a=1', '?TOKEN=REDACTED&a=1'],
    ['with escapes', ['token'], [], '?t%6Fken=s', '?t%6Fken=REDACTED'],
    ['a key with a broken escape', ['token'], [], '?%zz=s&token=s', '?%zz=s&token=REDACTED'],
    ['beside the seven', ['token'], [], '?sig=s&token=s', '?sig=REDACTED&token=REDACTED'],
    ['not what only begins so', ['token'], [], '?tokens=1&mytoken=2', '?tokens=1&mytoken=2'],
    ['a value with = and ?', ['token'], [], '?token=a=b?c&d=e', '?token=REDACTED&d=e'],
    ['all', ['all'], [], '?a=1&b=2', '?a=REDACTED&b=REDACTED'],
    ['all but some', ['all'], ['page'], '?a=1&Page=2', '?a=REDACTED&Page=2'],
    ['a query without keys', ['all'], [], '?secret', '?REDACTED'],
    ['empty parts', ['all'], [], '?&&a=&', '?&&a=REDACTED&'],
    ['the seven stay, excepted or not', ['all'], ['sig'], '?sig=s', '?sig=REDACTED'],
    ['no query', ['all'], [], '', ''],
  ])('%s', (_name, query, queryExcept, given, expected) => {
    expect(redaction({ query, queryExcept })(`http://u:p@a.example/x${given}`)).toBe(
      `http://REDACTED:REDACTED@a.example/x${expected}`,
    )
  })
})

test.each([
  ['plain', 'plain'],
  ['http://u:p@a.example/?sig=s&b=1', 'http://REDACTED:REDACTED@a.example/?sig=REDACTED&b=1'],
  ['/relative?sig=s', '/relative?sig=REDACTED'],
  ['/a?sig=s#sig=t&b=1#part', '/a?sig=REDACTED#sig=REDACTED&b=1#part'],
  ['https://a.example/#state=1&sig=s', 'https://a.example/#state=1&sig=REDACTED'],
  [
    '<http://u@a.example/?sig=s>; rel=next, <https://u:p@b.example/?sig=t>; rel=last',
    '<http://REDACTED:REDACTED@a.example/?sig=REDACTED>; rel=next, <https://REDACTED:REDACTED@b.example/?sig=REDACTED>; rel=last',
  ],
])('in text: %s', (given, expected) => {
  expect(redactText(given, redactUrl)).toBe(expected)
})
