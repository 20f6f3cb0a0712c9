import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  address,
  attributes,
  choice,
  deadline,
  duration,
  endpoint,
  integer,
  type Kind,
  orOff,
  Problem,
  secretHeaders,
  size,
  string,
  viaName,
} from '../../src/config/kinds'
import { pemFile, readableFile } from '../../src/config/readable-file'
import type { Secret } from '../../src/config/secret'
import { seeded } from '../support/random'

const certificate = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'

let folder: string
let file: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kinds-'))
  file = join(folder, 'some file.pem')
  writeFileSync(file, certificate)
})

afterAll(() => rmSync(folder, { recursive: true }))

function accepted<T>(kind: Kind<T>, text: string): T {
  const value = kind.read(text)
  if (value instanceof Problem) throw new Error(`"${text}" ${value.words}`)
  return value
}

function refusal(value: unknown): string {
  if (!(value instanceof Problem)) throw new Error(`taken as ${JSON.stringify(value)}`)
  return value.words
}

describe('string', () => {
  test.each(['a', ' ', '0', 'off', 'true', 'ä ∑ 🙂', 'a=b,c', '"quoted"'])('%j stands for itself', (text) => {
    expect(string.read(text)).toBe(text)
  })

  test('the empty text is refused', () => {
    expect(refusal(string.read(''))).toContain('empty')
  })
})

describe('address', () => {
  test.each([
    // text, host, port
    ['127.0.0.1:15001', '127.0.0.1', 15001],
    ['0.0.0.0:80', '0.0.0.0', 80],
    ['localhost:0', 'localhost', 0],
    ['pod-1.example.com:65535', 'pod-1.example.com', 65535],
    ['[::1]:15001', '::1', 15001],
    ['[::]:1', '::', 1],
    ['[2001:db8::ff]:443', '2001:db8::ff', 443],
    ['[::ffff:127.0.0.1]:8080', '::ffff:127.0.0.1', 8080],
  ])('%s', (text, host, port) => {
    expect(address.read(text)).toEqual({ host, port })
  })

  test.each([
    '',
    ':',
    ':15001',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '127.0.0.1:99999',
    '127.0.0.1:123456',
    '127.0.0.1:-1',
    '127.0.0.1:1.5',
    '127.0.0.1:0x10',
    '127.0.0.1:http',
    '127.0.0.1: 80',
    '127.0.0.1:80 ',
    '127.0.0.1:80\n',
    '15001',
    'off',
    '::1:15001',
    '::1',
    '[::1]',
    '[::1]:',
    '[]:15001',
    '[127.0.0.1]:15001',
    '[localhost]:15001',
    '[::1::2]:15001',
    '[::12345]:15001',
    '[::1]15001',
    'http://127.0.0.1:15001',
    ' :15001',
    ' 127.0.0.1:15001',
    'my host:15001',
    'my\nhost:15001',
    'a/b:15001',
  ])('%j is refused, with an example', (text) => {
    expect(refusal(address.read(text))).toMatch(/HOST:PORT.*127\.0\.0\.1:15001.*\[::1\]:15001/)
  })

  test.each([
    [{ host: '127.0.0.1', port: 1 }, '127.0.0.1:1'],
    [{ host: '::1', port: 15001 }, '[::1]:15001'],
    [{ host: 'localhost', port: 0 }, 'localhost:0'],
  ])('%j shows as %s', (value, text) => {
    expect(address.show(value)).toBe(text)
  })
})

describe('orOff', () => {
  const kind = orOff(address)

  test('off is off', () => {
    expect(kind.read('off')).toBe('off')
    expect(kind.show('off')).toBe('off')
  })

  test('everything else is left to the kind within', () => {
    expect(kind.read('[::1]:1')).toEqual({ host: '::1', port: 1 })
    expect(kind.show({ host: '::1', port: 1 })).toBe('[::1]:1')
    expect(refusal(kind.read('on'))).toBe(refusal(address.read('on')))
  })

  test.each(['OFF', 'Off', 'false', ' off'])('%j is not off', (text) => {
    expect(kind.read(text)).toBeInstanceOf(Problem)
  })

  test('the placeholder says both', () => {
    expect(kind.placeholder).toBe('HOST:PORT|off')
  })
})

describe('choice', () => {
  const kind = choice(['none', 'gzip'])

  test.each(['none', 'gzip'] as const)('%s', (word) => {
    expect(kind.read(word)).toBe(word)
    expect(kind.show(word)).toBe(word)
  })

  test.each(['', 'GZIP', 'gzip ', 'no', 'none,gzip', 'none|gzip', 'toString', '0'])(
    '%j is refused, with the words there are',
    (text) => {
      expect(refusal(kind.read(text))).toMatch(/none, gzip$/)
    },
  )

  test('the placeholder lists the words', () => {
    expect(kind.placeholder).toBe('none|gzip')
  })
})

describe('integer', () => {
  const kind = integer(1, 1_000_000)

  test.each([
    ['1', 1],
    ['8192', 8192],
    ['1000000', 1_000_000],
    ['007', 7],
  ])('%s', (text, value) => {
    expect(kind.read(text)).toBe(value)
  })

  test.each([
    '',
    '0',
    '-1',
    '+1',
    '1000001',
    '9999999999999999999999',
    '1.0',
    '1.5',
    '1e3',
    '0x10',
    '1_000',
    '1,000',
    ' 1',
    '1 ',
    '1\n',
    '٣',
    'NaN',
    'Infinity',
    'many',
  ])('%j is refused, with the bounds', (text) => {
    expect(refusal(kind.read(text))).toMatch(/whole number from 1 to 1000000$/)
  })
})

describe('duration', () => {
  test.each([
    ['0s', 0],
    ['0ms', 0],
    ['1ms', 1],
    ['250ms', 250],
    ['5s', 5000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['90m', 5_400_000],
    ['596h', 2_145_600_000],
    ['2147483s', 2_147_483_000],
  ])('%s', (text, milliseconds) => {
    expect(duration.read(text)).toBe(milliseconds)
  })

  test.each([
    '',
    '5',
    's',
    '5S',
    '5sec',
    '5 s',
    ' 5s',
    '5s ',
    '5s\n',
    '1.5s',
    '-5s',
    '+5s',
    '1m30s',
    '1d',
    '5us',
    '1e3s',
    '597h',
    '2147484s',
    '9999999999999ms',
    'forever',
  ])('%j is refused, with examples', (text) => {
    expect(refusal(duration.read(text))).toMatch(/250ms.*5s.*2m/)
  })

  test.each([
    [0, '0ms'],
    [1, '1ms'],
    [999, '999ms'],
    [1000, '1s'],
    [1001, '1001ms'],
    [59_000, '59s'],
    [60_000, '1m'],
    [61_000, '61s'],
    [300_000, '5m'],
    [3_600_000, '1h'],
    [5_400_000, '90m'],
  ])('%d shows as %s', (milliseconds, text) => {
    expect(duration.show(milliseconds)).toBe(text)
  })

  test.each([
    ['0', 0],
    ['1', 1],
    ['10000', 10_000],
  ])('as OpenTelemetry writes it: %s', (text, milliseconds) => {
    expect(duration.readOtel?.(text)).toBe(milliseconds)
  })

  test.each(['', '5s', '1.5', '-1', '1e3', '99999999999'])('as OpenTelemetry never writes it: %j', (text) => {
    expect(refusal(duration.readOtel?.(text))).toContain('milliseconds')
  })
})

describe('deadline', () => {
  test('is a duration', () => {
    expect(accepted(deadline, '250ms')).toBe(250)
    expect(refusal(deadline.read('5'))).toMatch(/250ms.*5s.*2m/)
  })

  test.each(['0ms', '0s', '000h'])('and never none: %s', (text) => {
    expect(refusal(deadline.read(text))).toBe('is no time at all')
  })
})

describe('size', () => {
  const kind = size(1024, 1024 * 1024)

  test.each([
    ['1024B', 1024],
    ['1KiB', 1024],
    ['64KiB', 65_536],
    ['65537B', 65_537],
    ['1MiB', 1_048_576],
    ['1024KiB', 1_048_576],
  ])('%s', (text, bytes) => {
    expect(kind.read(text)).toBe(bytes)
  })

  test.each([
    '',
    '65536',
    '0B',
    '1023B',
    '1048577B',
    '2MiB',
    '1GiB',
    '1.5KiB',
    '64kib',
    '64KB',
    '64K',
    '64 KiB',
    '-1KiB',
    '0x10KiB',
    '64KiB\n',
    'KiB',
  ])('%j is refused, with the bounds and an example', (text) => {
    expect(refusal(kind.read(text))).toMatch(/from 1KiB to 1MiB.*64KiB/)
  })

  test.each([
    [1024, '1KiB'],
    [1025, '1025B'],
    [65_536, '64KiB'],
    [1_048_576, '1MiB'],
    [1_572_864, '1536KiB'],
  ])('%d shows as %s', (bytes, text) => {
    expect(kind.show(bytes)).toBe(text)
  })

  test('0 and GiB have a form of their own', () => {
    const wide = size(0, 1024 ** 4)
    expect(wide.show(0)).toBe('0B')
    expect(wide.show(3 * 1024 ** 3)).toBe('3GiB')
    expect(wide.read('3GiB')).toBe(3 * 1024 ** 3)
  })
})

describe('endpoint', () => {
  test.each([
    'http://collector:4317',
    'https://collector.example.com:4317',
    'http://127.0.0.1:4317/',
    'http://[::1]:4317',
    'HTTPS://collector:4317',
  ])('%s', (text) => {
    expect(endpoint.read(text)).toBe(text)
  })

  test.each([
    '',
    'collector',
    'collector:4317',
    'grpc://collector:4317',
    'unix:///run/collector.sock',
    'ftp://collector:4317',
    'http:collector',
    'http:/collector',
    'http://',
    'http:///',
    'http://:4317',
    'http://collector:99999',
    'http://collector:port',
    'http://col lector:4317',
    'http://[::1:4317',
    ' http://collector:4317',
    '//collector:4317',
  ])('%j is refused, with an example', (text) => {
    expect(refusal(endpoint.read(text))).toMatch(/https?:\/\/ .*http:\/\/collector:4317/)
  })

  test.each([
    'http://user:geheim@collector:4317',
    'https://geheim@collector:4317/path',
    'http://:geheim@collector:4317',
    'http://user:ge@heim@collector:4317',
    'HTTP://user:geheim@[::1]:4317',
    'ftp://user:geheim@collector',
    'user:geheim@collector:4317',
  ])('%j is refused for its credentials, which the words do not repeat', (text) => {
    const words = refusal(endpoint.read(text))
    expect(words).toMatch(/^holds credentials.*--otlp-header/)
    expect(words).not.toMatch(/geheim|ge@heim|user/)
  })

  test.each([
    ['https://a.example/v1/traces?api-key=geheim', 'https://a.example/v1/traces?[redacted]'],
    ['http://user:geheim@collector:4317', 'http://[redacted]@collector:4317'],
    ['http://geheim@collector:4317/path', 'http://[redacted]@collector:4317/path'],
    ['https://user:ge@heim@collector:4317', 'https://[redacted]@collector:4317'],
    ['http://collector:4317', 'http://collector:4317'],
    ['http://collector:4317/a@b', 'http://collector:4317/a@b'],
  ])('%s shows as %s', (text, shown) => {
    expect(endpoint.show(text)).toBe(shown)
  })
})

describe('attributes', () => {
  test.each([
    ['a=b', 'a', 'b'],
    ['a=', 'a', ''],
    ['a=b=c', 'a', 'b=c'],
    ['a==', 'a', '='],
    [' a = b ', 'a', 'b'],
    ['deployment.environment.name=test', 'deployment.environment.name', 'test'],
    ['a=b,c=d', 'a', 'b,c=d'],
    ['a=50%', 'a', '50%'],
    ['ä=🙂', 'ä', '🙂'],
    ['__proto__=x', '__proto__', 'x'],
    ['constructor=x', 'constructor', 'x'],
  ])('%s', (text, key, value) => {
    const pairs = accepted(attributes, text)
    expect(Object.entries(pairs)).toEqual([[key, value]])
  })

  test.each(['', 'a', '=', '=b', ' =b'])('%j is refused', (text) => {
    expect(refusal(attributes.read(text))).toContain('KEY=VALUE')
  })

  test('items are joined, the later one winning', () => {
    const items = ['a=1', 'b=2', 'a=3', '__proto__=4'].map((text) => accepted(attributes, text))
    const joined = items.reduce((former, item) => attributes.join?.(former, item) ?? {})
    expect(Object.entries(joined).sort()).toEqual([
      ['__proto__', '4'],
      ['a', '3'],
      ['b', '2'],
    ])
  })

  test.each([
    ['a=1', ['a=1']],
    ['a=1,b=2', ['a=1', 'b=2']],
    ['a=1,,b=2,', ['a=1', 'b=2']],
    [',', []],
    [' , ', []],
  ])('a variable that holds %j has the items %j', (text, items) => {
    expect(attributes.split?.(text)).toEqual(items)
  })

  test.each([
    // text, key, value; decoded after the split, so that what was encoded is text
    ['a=b%2Cc', 'a', 'b,c'],
    ['a=%C3%A4', 'a', 'ä'],
    ['a=100%25', 'a', '100%'],
    ['a=b%3Dc', 'a', 'b=c'],
    ['a%20b=c', 'a b', 'c'],
    [' a = b ', 'a', 'b'],
    ['a%3Db=c', 'a=b', 'c'],
    ['a=%20b%20', 'a', ' b '],
  ])('as OpenTelemetry writes it: %s', (text, key, value) => {
    expect(Object.entries(attributes.readOtel?.(text) ?? {})).toEqual([[key, value]])
  })

  test.each([
    ['a=%', 'percent'],
    ['a=%zz', 'percent'],
    ['a=%C3', 'percent'],
    ['a', 'KEY=VALUE'],
    ['=b', 'KEY=VALUE'],
  ])('as OpenTelemetry never writes it: %s', (text, words) => {
    expect(refusal(attributes.readOtel?.(text))).toContain(words)
  })
})

describe('secretHeaders', () => {
  const reveal = (pairs: Readonly<Record<string, Secret>>) =>
    Object.entries(pairs).map(([key, secret]) => [key, secret.reveal()])

  test('read as attributes do', () => {
    expect(reveal(accepted(secretHeaders, 'authorization=Bearer a=b'))).toEqual([['authorization', 'Bearer a=b']])
  })

  test('are marked as such', () => {
    expect(secretHeaders.isSecret).toBe(true)
  })

  test('show the key and not the value', () => {
    const shown = JSON.stringify(secretHeaders.show(accepted(secretHeaders, 'authorization=geheim')))
    expect(shown).toContain('authorization')
    expect(shown).not.toContain('geheim')
  })

  test.each(['geheim', '=geheim'])('a refusal of %j does not repeat it', (text) => {
    expect(refusal(secretHeaders.read(text))).not.toContain('geheim')
    expect(refusal(secretHeaders.readOtel?.(`${text}%zz`))).not.toContain('geheim')
  })
})

describe.each([
  ['readableFile', readableFile],
  ['pemFile', pemFile],
])('%s', (_, kind) => {
  test('a file that is there is taken by its path', () => {
    expect(kind.read(file)).toBe(file)
    expect(kind.show(file)).toBe(file)
  })

  test('a file that is not there is refused with the cause', () => {
    expect(refusal(kind.read(join(folder, 'no such file')))).toMatch(/can't be read.*ENOENT/)
    expect(refusal(kind.read(''))).toContain("can't be read")
  })

  test('a file that can not be reached is refused with the cause', () => {
    const loop = join(folder, `loop ${kind === pemFile}`)
    symlinkSync(loop, loop)
    expect(refusal(kind.read(loop))).toMatch(/can't be read.*ELOOP/)
    expect(refusal(kind.read(join(file, 'below')))).toMatch(/can't be read.*ENOTDIR/)
  })

  test('a folder is no file', () => {
    expect(refusal(kind.read(folder))).toBe('is not a file')
  })

  test('nor is a pipe, which nobody waits for', () => {
    const pipe = join(folder, `pipe ${kind === pemFile}`)
    execFileSync('mkfifo', [pipe])
    expect(refusal(kind.read(pipe))).toBe('is not a file')
  })
})

describe('pemFile', () => {
  test.each([
    ['nothing', ''],
    ['text', 'nothing\n'],
    ['the end alone', '-----END CERTIFICATE-----\n'],
    ['a certificate in DER', '\x30\x82\x01\x0a'],
  ])('a file that holds %s is refused, though it can be read', (_, content) => {
    const path = join(folder, 'other')
    writeFileSync(path, content, 'latin1')
    expect(readableFile.read(path)).toBe(path)
    expect(refusal(pemFile.read(path))).toBe('holds nothing in PEM')
  })

  test('words before the certificate do no harm', () => {
    const path = join(folder, 'described.pem')
    writeFileSync(path, `Authority of the house, \u00e4\n${certificate}`)
    expect(pemFile.read(path)).toBe(path)
  })
})

describe('the law: what is shown reads to the same value', () => {
  const random = seeded(20260101)
  const many = <T>(make: () => T): T[] => Array.from({ length: 500 }, make)

  function expectToHold<T>(kind: Kind<T>, values: readonly T[]): void {
    for (const value of values) {
      const shown = kind.show(value)
      expect({ shown, value: kind.read(String(shown)) }).toEqual({ shown, value })
    }
  }

  test('string', () => {
    expectToHold(
      string,
      many(() => random.text(random.integer(1, 20), 'ab =,:"ä∑\t')),
    )
  })

  test('address', () => {
    const hosts = ['127.0.0.1', '::1', '2001:db8::ff', 'localhost', 'a.example']
    const some = many(() => ({ host: random.pick(hosts), port: random.integer(0, 65535) }))
    expectToHold(address, some)
    expectToHold(orOff(address), ['off', ...some])
  })

  test('choice', () => {
    expectToHold(choice(['debug', 'info', 'warn', 'error']), ['debug', 'info', 'warn', 'error'])
  })

  test('integer', () => {
    expectToHold(integer(1, 1_000_000), [1, 1_000_000, ...many(() => random.integer(1, 1_000_000))])
  })

  test('duration', () => {
    const units = [1, 1000, 60_000, 3_600_000]
    const rounded = many(() => random.integer(0, 500) * random.pick(units))
    expectToHold(duration, [0, 999_999_999, ...rounded, ...many(() => random.integer(0, 999_999_999))])
  })

  test('size', () => {
    const units = [1, 1024, 1024 ** 2, 1024 ** 3]
    const rounded = many(() => random.integer(0, 1000) * random.pick(units))
    expectToHold(size(0, 1024 ** 4), [0, ...rounded, ...many(() => random.integer(0, 1024 ** 3))])
  })

  test('endpoint', () => {
    expectToHold(endpoint, ['http://collector:4317', 'https://[::1]:4317/x'])
  })

  test('attributes, item by item', () => {
    const pairs = many(() => ({ [random.text(3, 'abc.')]: random.text(random.integer(0, 9), 'ab=,:%ä∑') }))
    for (const pair of pairs) {
      const shown = Object.entries(attributes.show(pair) as Record<string, string>)
      expect(shown.map(([key, value]) => attributes.read(`${key}=${value}`))).toEqual([pair])
    }
  })
})

test('a name for Via', () => {
  expect(viaName.read('Proxy-1')).toBe('proxy-1')
  expect(refusal(viaName.read('a b'))).toBe('is no name that Via can hold, such as proxy-1')
})
