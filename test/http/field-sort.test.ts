import { sortFields } from '../../src/http/field-sort'
import { FieldNames } from '../../src/model/field-line'
import { seeded } from '../support/random'

const host = 'Host: example.com'

describe('lines for this connection alone stay here', () => {
  test.each([
    'Connection: close',
    'connection: keep-alive',
    'CONNECTION:',
    'Keep-Alive: timeout=5',
    'keep-alive:',
    'TE: trailers',
    'te: gzip',
    'Upgrade: websocket',
    'UPGRADE: h2c',
    'HTTP2-Settings: AAMAAABkAAQAAP__',
    'Proxy-Connection: keep-alive',
    'Proxy-Authorization: Basic dTpw',
    'proxy-authorization:Basic dTpw',
    'Proxy-Authenticate: Basic realm="x"',
  ])('%s', (line) => {
    expect(sortFields([host, line, 'X: y']).travelling).toEqual([host, 'X: y'])
  })

  // RFC 9110 §11.7.3: "applies only to the next outbound client on the response chain", as Proxy-Authenticate does.
  test('Proxy-Authentication-Info', () => {
    expect(sortFields([host, 'Proxy-Authentication-Info: nextnonce="x"', 'X: y']).travelling).toEqual([host, 'X: y'])
  })
})

describe('all others travel', () => {
  test.each([
    'Trailer: X-Checksum',
    'Via: 1.1 a',
    'Max-Forwards: 3',
    'Expect: 100-continue',
    'Authorization: Bearer x',
    'WWW-Authenticate: Basic realm="x"',
    'Content-Length: 5',
    'Transfer-Encoding: chunked',
    'Upgrade-Insecure-Requests: 1',
    'Keep-Alive-X: 1',
    'X-Connection: close',
    'Connections: close',
    'Connectiom: close',
    'Tee: x',
    'T: x',
    'tf: x',
    'Upgrad3: x',
    'traceparent: x',
    'X:',
    'x:  y  ',
    'Proxy-Authorizatiom: x',
    'Proxy-Foo: x',
    'Cookie: a=\xe4',
  ])('%j', (line) => {
    const sorted = sortFields([line, host])
    expect(sorted.travelling).toEqual([line, host])
    expect(sorted.close || sorted.keepAlive).toBe(false)
  })

  test('in order, in their case, with duplicates', () => {
    const lines = ['b: 2', 'HOST: x', 'B: 1', 'b: 2', 'a: 0', 'b:2']
    expect(sortFields(lines).travelling).toEqual(lines)
  })
})

describe('Connection', () => {
  test.each([
    // value, close, keep-alive
    ['close', true, false],
    ['Close', true, false],
    ['CLOSE', true, false],
    ['keep-alive', false, true],
    ['Keep-Alive', false, true],
    ['KEEP-ALIVE', false, true],
    ['keep-alive, close', true, true],
    ['close,keep-alive', true, true],
    [' ,close, ,', true, false],
    ['x-a ,\tclose', true, false],
    ['x-a,Keep-Alive', false, true],
    ['', false, false],
    [',', false, false],
    ['closed', false, false],
    ['not-close', false, false],
    ['close;x', false, false],
    ['"close"', false, false],
    ['keep-alivf', false, false],
    ['upgrade', false, false],
  ])('%j: close %p, keep-alive %p', (value, close, keepAlive) => {
    expect(sortFields([`Connection: ${value}`])).toMatchObject({ close, keepAlive })
    expect(sortFields([`Proxy-Connection: ${value}`])).toMatchObject({ close, keepAlive })
  })

  test('several lines are one list', () => {
    const sorted = sortFields([
      'connection: x-a',
      'X-A: 1',
      'Connection: close',
      'X-B: 2',
      'CONNECTION: X-b, keep-alive',
    ])
    expect(sorted).toMatchObject({ travelling: [], close: true, keepAlive: true })
  })

  test.each([
    ['X-A', ['x-a: 1', 'X-A: 2', 'X-a:3'], []],
    ['x-a', ['X-AB: 1', 'X: 2', 'Y: x-a'], ['X-AB: 1', 'X: 2', 'Y: x-a']],
    ['x-a,x-b', ['x-a: 1', 'x-c: 2', 'x-b: 3'], ['x-c: 2']],
    [' X-A\t,, x-B ', ['x-a: 1', 'x-c: 2', 'x-b: 3'], ['x-c: 2']],
    ['close, x-a', ['x-a: 1', 'close: 2'], ['close: 2']],
    ['x-not-there', ['x-a: 1'], ['x-a: 1']],
    ['constructor', ['constructor: 1', 'toString: 2'], ['toString: 2']],
  ])('nominating %j: of %j stays %j', (nominated, lines, travelling) => {
    expect(sortFields([...lines, `Connection: ${nominated}`]).travelling).toEqual(travelling)
    expect(sortFields([`connection: ${nominated}`, ...lines]).travelling).toEqual(travelling)
  })

  test.each([
    'Host',
    'Content-Length',
    'Transfer-Encoding',
    'Content-Type',
    'Authorization',
    'Cookie',
    'traceparent',
    'tracestate',
    'baggage',
  ])('%s cannot be nominated', (name) => {
    for (const option of [name, name.toLowerCase(), name.toUpperCase(), `x, ${name}`]) {
      const line = `${name}: 1`
      expect(sortFields([`Connection: ${option}`, line]).travelling).toEqual([line])
    }
  })

  test('the place of Host is right after lines before it were nominated away', () => {
    const sorted = sortFields(['X-A: 1', 'X-B: 2', 'Host: h', 'X-A: 3', 'Connection: x-a'])
    expect(sorted.travelling).toEqual(['X-B: 2', 'Host: h'])
    expect(sorted).toMatchObject({ hostIndex: 1, hostCount: 1 })
  })
})

describe('facts', () => {
  test.each([
    [[], -1, 0],
    [['X: y'], -1, 0],
    [['Hosts: x', 'Hos: x', 'X-Host: x'], -1, 0],
    [[host], 0, 1],
    [['X: y', 'hOST: a'], 1, 1],
    [['Connection: close', 'TE: x', 'X: y', 'host:'], 1, 1],
    [['X: y', 'Host: a', 'HOST: b'], 1, 2],
    [['Host: a', 'Host: a', 'Host: a'], 0, 3],
  ])('Host in %j: index %i, count %i', (lines, hostIndex, hostCount) => {
    expect(sortFields(lines)).toMatchObject({ hostIndex, hostCount })
  })

  test.each<[string[], string | undefined, string | undefined]>([
    [[], undefined, undefined],
    [['Content-Length: 5'], '5', undefined],
    [['content-length:\t5 '], '5', undefined],
    // A tab behind the value stays: see `framingValueOf`.
    [['Content-Length: 5\t '], '5\t ', undefined],
    [['Transfer-Encoding: chunked \t'], undefined, 'chunked \t'],
    [['Transfer-Encoding: \t'], undefined, ''],
    [['X: y\t', 'Content-Length: 5'], '5', undefined],
    [['CONTENT-LENGTH:'], '', undefined],
    [['Content-Length: 5', 'content-length: 5'], '5,5', undefined],
    [['Content-Length: 5', 'X: y', 'Content-Length: 6'], '5,6', undefined],
    [['Content-Length:', 'Content-Length: 6'], ',6', undefined],
    [['Transfer-Encoding: chunked'], undefined, 'chunked'],
    [['TRANSFER-ENCODING:\tChunked '], undefined, 'Chunked'],
    [['Transfer-Encoding:'], undefined, ''],
    [['Transfer-Encoding: gzip', 'transfer-encoding: chunked'], undefined, 'gzip,chunked'],
    [['Transfer-Encoding: chunked', 'Content-Length: 5'], '5', 'chunked'],
    [['Content-Lengths: 5', 'X-Content-Length: 5', 'Transfer_Encoding: chunked'], undefined, undefined],
    [['Connection: content-length, transfer-encoding', 'Content-Length: 5'], '5', undefined],
  ])('lengths in %j', (lines, contentLength, transferEncoding) => {
    expect(sortFields(lines)).toMatchObject({ contentLength, transferEncoding })
  })
})

describe('lines to be found again', () => {
  const toNote = new FieldNames(['traceparent', 'x-a', 'te'])

  test.each<[string[], number[]]>([
    [[], []],
    [['Host: a', 'X-B: 1'], []],
    [
      ['X-A: 1', 'Host: a', 'TraceParent: 2', 'x-a: 3'],
      [0, 2, 3],
    ],
    // Indexes are those of the lines that travel.
    [
      ['Connection: close', 'X-A: 1', 'TE: x', 'Upgrade: x', 'x-a: 2'],
      [0, 1],
    ],
    [
      ['X-B: 1', 'X-A: 1', 'Connection: x-b', 'Host: a', 'traceparent: 2', 'X-B: 3', 'x-a: 4'],
      [0, 2, 3],
    ],
    [['X-A: 1', 'Host: a', 'traceparent: 2', 'Connection: x-a'], [1]],
  ])('in %j: %j', (lines, expected) => {
    expect(sortFields(lines, toNote).noted).toEqual(expected)
    expect(sortFields(lines).noted).toEqual([])
  })
})

test.each<[string[], string | undefined]>([
  [[], undefined],
  [['User-Agent: curl/8 '], 'curl/8'],
  [['USER-AGENT:'], ''],
  [['user-agent: a', 'User-Agent: b'], 'a'],
  [['User-Agents: a', 'X-User-Agent: b', 'User_Agent: c'], undefined],
])('the user agent in %j: %j', (lines, expected) => {
  const sorted = sortFields(lines)
  expect(sorted.userAgent).toBe(expected)
  expect(sorted.travelling).toEqual(lines)
})

test('law (seed 12): what travels is the given lines, in order, without those of this connection', () => {
  const random = seeded(12)
  const here = new Set(['connection', 'proxy-connection', 'keep-alive', 'te', 'upgrade', 'http2-settings'])
  const names = [...here, 'host', 'x-a', 'x-b', 'x-c', 'content-length', 'transfer-encoding', 'traceparent', 'cookie']
  const isProtected = new Set(['host', 'content-length', 'transfer-encoding', 'traceparent', 'cookie'])
  const anyCase = (name: string) => [...name].map((c) => (random.chance(0.5) ? c.toUpperCase() : c)).join('')
  for (let i = 0; i < 3000; i++) {
    const nominated = new Set<string>()
    const lines: string[] = []
    for (let n = random.integer(0, 8); n > 0; n--) {
      const name = random.pick(names)
      let value = random.text(random.integer(0, 4), 'ab 1')
      if (name === 'connection' || name === 'proxy-connection') {
        const options = Array.from({ length: random.integer(0, 3) }, () => random.pick([...names, 'close']))
        for (const option of options) nominated.add(option)
        value = options.map(anyCase).join(random.pick([',', ', ', ' ,', ',,']))
      }
      lines.push(`${anyCase(name)}:${value}`)
    }
    const expected = lines.filter((line) => {
      const name = (line.split(':')[0] as string).toLowerCase()
      return !here.has(name) && (isProtected.has(name) || !nominated.has(name))
    })
    const sorted = sortFields(lines)
    expect([lines, sorted.travelling]).toEqual([lines, expected])
    expect(sorted.hostIndex).toBe(expected.findIndex((line) => /^host:/i.test(line)))
    expect(sorted.hostCount).toBe(expected.filter((line) => /^host:/i.test(line)).length)
  }
})
