/**
 * HTTP/1.x connections to test readers with: several messages in a row, well-formed or wrong in the ways that are known to
 * be read differently by different parties, and then possibly spoilt in a few bytes.
 */
import type { Seeded } from '../support/random'
import type { Side, Stream } from './reading'
import { chunkedMessage } from './scans'

const token = "!#$%&'*+-.^_`|~0189ABYZabyz"
const bodyBytes = 'ab\r\n0: \0\xff;GET'
const valueBytes = ' \t!"(),/:;<=>?@[]{}\x80\xe4\xffabyz019-'

const methods = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'PROPFIND', 'CONNECT', 'FOO', 'get']
const hosts = ['a.example', 'a.example:8080', '127.0.0.1:81', '[::1]:8080', '[::1]', 'u:p@a.example', 'A_b-c.~x', '']
const oddHosts = ['a b', 'a|b', '[::1', '[v1.x]', 'a@b@c', 'a:99999', 'a:x', '<a>', 'a\\b', '%41', '[::1%25e]', '"a"']
const paths = ['/', '', '/x', '/a/../b?c=d&e', '?q', '/%2e%zz', '//x//', '/"<>\\^`{|}', '/*', "/!$&'()*+,;=:@-._~"]
const oddPaths = ['/a b', '/#f', '/\xe4', '/\t', '/\0', '/\x7f', '#', '/a#']
const oddTargets = [
  '*',
  '/',
  '/x?y',
  '//a/b',
  'https://a/',
  'ftp://a/',
  'a',
  'a:1',
  'http:',
  'http:/a',
  'http:///',
  '?',
  '',
]

const statuses = [200, 200, 200, 200, 404, 500, 206, 301, 204, 304, 100, 103, 205, 999]
const oddStatuses = ['101', '099', '000', '20', '2000', '20x', '+20', '1e2', ' 200', '200\t', '']
const reasons = [' OK', ' Not Found', ' ', '', ' sch\xf6n', '  two\tx ']
const oddReasons = [' O\0K', ' \x7f', 'OK', '\tOK', ' a\rb', ' \x01']

const versions = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0']
const oddVersions = [
  'HTTP/1.2',
  'HTTP/2.0',
  'HTTP/0.9',
  'HTTP/1.10',
  'HTTP/01.1',
  'http/1.1',
  'HTTP/1',
  'HTTP/11',
  'HTTP/1.1 ',
  '',
]

const oddLengths = ['+5', '-5', '0x5', '', '5, 5', '5,5', '5 5', '5.0', '5;', '"5"', '1e1', '\xb2', '5\x0b', '\x0c5']
const hugeLengths = ['9007199254740993', '18446744073709551616', '18446744073709551621', '9'.repeat(40), '4294967301']
const oddCodings = [
  'gzip, chunked',
  'chunked, gzip',
  'chunked, chunked',
  'identity',
  'xchunked',
  'chunkedx',
  '"chunked"',
  'chunked;q=1',
  'chunked,',
  ', chunked',
  'chunked \x0b',
  '\x0bchunked',
  'ch unked',
  '',
  'gzip',
  'chunked\xa0',
]
const connections = [
  'close',
  'keep-alive',
  'Keep-Alive, x-a',
  'close, keep-alive',
  'x-a',
  'upgrade',
  'TE',
  '"close"',
  'closed',
  '',
]
const plainNames = [
  'Accept',
  'X-A',
  'x-b',
  'User-Agent',
  'TE',
  'Trailer',
  'Expect',
  'Upgrade',
  'Keep-Alive',
  'Via',
  'Content-Type',
]
const oddLines = [
  'X-A : b',
  'X-A\t: b',
  ': b',
  'X-A',
  'X A: b',
  ' X-A: b',
  '\tX-A: b',
  'X-A: b\r\n c',
  'X-A:\r\n\tc',
  'X-A: b\nX-B: c',
  'X-A: b\rX-B: c',
  'X-A: \0',
  'X-A: \x01',
  'X-A: \x7f',
  'X-\xe4: b',
  'X(A): b',
  '"X": b',
  'X-A: b\r',
  'Content-Length : 5',
  'Transfer-Encoding : chunked',
  'Transfer_Encoding: chunked',
  'X: y\r\nContent-Length: 5\nX: z',
  'Host: b',
]
const oddSizes = [
  '',
  '+5',
  '-5',
  '0x5',
  ' 5',
  '5 ',
  '5\t',
  '5_',
  '5g',
  '5.0',
  'g',
  '5\n',
  '5\r',
  '10000000000000005',
  '0'.repeat(14),
]
const oddExtensions = [
  ';',
  ';;a',
  ' ;a',
  '; a',
  ';a=',
  ';=b',
  ';a="',
  ';a="b"c',
  ';a=b"c"',
  ';a\t',
  ';a/b',
  ';a=b=c',
  ';a="\\',
  ';\0',
]
const oddTrailers = [
  'A : b\r\n',
  'A\r\n',
  ': b\r\n',
  'A: b\r\n c\r\n',
  'A: b\n',
  'A: \0\r\n',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Host: x\r\n',
  'Connection: close\r\n',
  'GET / HTTP/1.1\r\n',
]

/** How often something is wrong where something can be wrong. */
interface Mood {
  readonly odd: number
}

function pick(random: Seeded, mood: Mood, usual: readonly string[], odd: readonly string[]): string {
  return random.chance(mood.odd) ? random.pick(odd) : random.pick(usual)
}

function anyCase(random: Seeded, name: string): string {
  const way = random.integer(0, 5)
  return way === 0 ? name.toLowerCase() : way === 1 ? name.toUpperCase() : name
}

function fieldLine(random: Seeded, name: string, value: string): string {
  return `${anyCase(random, name)}:${random.pick([' ', ' ', ' ', '', '\t', '  '])}${value}${random.chance(0.02) ? '\t ' : random.pick(['', '', '', ' '])}`
}

function plainLine(random: Seeded): string {
  const name = random.chance(0.5) ? random.pick(plainNames) : random.text(random.integer(1, 8), token)
  return fieldLine(random, name, random.text(random.integer(0, 12), valueBytes))
}

/** A chunked body, and what is wrong with it if something is. */
function chunks(random: Seeded, mood: Mood): string {
  if (!random.chance(mood.odd)) return chunkedMessage(random, 16).bytes.toString('latin1')
  const good = () => random.pick(['1\r\nx\r\n', '5\r\nhello\r\n', '', 'A;a=b\r\n0123456789\r\n'])
  const odd = () => {
    switch (random.integer(0, 3)) {
      case 0:
        return `${random.pick(oddSizes)}\r\nhello\r\n`
      case 1:
        return `5${random.pick(oddExtensions)}\r\nhello\r\n`
      case 2:
        return `5\r\n${random.pick(['hell', 'hello!', 'hello\n', 'hello\r', 'hello\r\n\r\n'])}\r\n`
      default:
        return `5\r\nhello${random.pick(['\n', '\r', '', '\r\r\n', '\n\n', 'x\r\n'])}`
    }
  }
  const trailers = random.chance(0.4) ? pick(random, { odd: 0.6 }, ['A: b\r\n', 'A:\r\nB: \xe4\r\n'], oddTrailers) : ''
  const last = random.pick(['0\r\n', '0\r\n', '00;a\r\n', '-0\r\n', '0 \r\n', '0\n', '0'])
  const end = random.pick(['\r\n', '\r\n', '\n', '', '\r', '\r\r\n'])
  return `${good()}${random.chance(0.6) ? odd() : good()}${last}${trailers}${end}`
}

/** Lines that frame the body, and the body. */
function framed(random: Seeded, mood: Mood, none: number): [lines: string[], body: string] {
  if (random.chance(none)) return [[], '']
  const text = random.text(random.integer(0, 24), bodyBytes)
  if (random.chance(mood.odd)) {
    const length = () => fieldLine(random, 'Content-Length', random.chance(0.5) ? random.pick(oddLengths) : '5')
    const coding = () =>
      fieldLine(random, 'Transfer-Encoding', random.chance(0.6) ? random.pick(oddCodings) : 'chunked')
    const huge = () => `Content-Length: ${random.pick(hugeLengths)}`
    const lines = random.pick([
      [length],
      [coding],
      [length, coding],
      [coding, length],
      [length, length],
      [coding, coding],
      [huge],
    ])
    return [lines.map((line) => line()), random.pick(['hello', '5\r\nhello\r\n0\r\n\r\n', '0\r\n\r\n', ''])]
  }
  if (random.chance(0.5)) {
    return [
      [fieldLine(random, 'Transfer-Encoding', random.pick(['chunked', 'chunked', 'Chunked']))],
      chunks(random, mood),
    ]
  }
  const zeros = random.pick(['', '', '', '00'])
  return [[fieldLine(random, 'Content-Length', `${zeros}${text.length}`)], text]
}

/** Mixes the lines of a head, and ends it. */
function withLines(
  random: Seeded,
  mood: Mood,
  start: string,
  framing: readonly string[],
  first: readonly string[],
): string {
  const lines = [...first]
  for (let n = random.integer(0, 3); n > 0; n--) lines.push(plainLine(random))
  if (random.chance(0.15)) {
    lines.push(
      fieldLine(random, random.pick(['Connection', 'Connection', 'Proxy-Connection']), random.pick(connections)),
    )
  }
  if (random.chance(mood.odd)) lines.push(random.pick(oddLines))
  for (const line of framing) lines.splice(random.integer(0, lines.length), 0, line)
  if (random.chance(0.01)) for (let n = 0; n < 70; n++) lines.push(`X-${n}: ${n}`)
  const lineEnd = random.chance(mood.odd / 4) ? random.pick(['\n', '\r', '\r\r\n', '\n\r']) : '\r\n'
  return `${[start, ...lines].join(lineEnd)}${lineEnd}\r\n`
}

function request(random: Seeded, mood: Mood): string {
  const method = random.pick(methods)
  const host = pick(random, mood, hosts, oddHosts)
  const odd = random.chance(mood.odd)
  const path = odd ? random.pick(oddPaths) : random.pick(paths)
  const isTunnel = method === 'CONNECT'
  const usual = isTunnel ? random.pick(['a.example:443', '[::1]:443', '127.0.0.1:1']) : `http://${host || 'a'}${path}`
  const target = odd && random.chance(0.5) ? random.pick(oddTargets) : usual
  const [lines, body] = framed(random, mood, isTunnel ? 0.95 : method === 'GET' ? 0.7 : 0.3)
  const gap = random.chance(mood.odd / 4) ? random.pick(['  ', '\t', '\0', '\r\n']) : ' '
  const before = random.chance(0.05) ? random.pick(['\r\n', '\r\n\r\n', '\n', '\r', ' ']) : ''
  const start = `${method}${gap}${target} ${pick(random, mood, versions, oddVersions)}`
  const hostLine = random.chance(mood.odd / 4) ? [] : [fieldLine(random, 'Host', host)]
  return `${before}${withLines(random, mood, start, lines, hostLine)}${body}`
}

function response(random: Seeded, mood: Mood): string {
  const status = random.chance(mood.odd) ? random.pick(oddStatuses) : String(random.pick(statuses))
  const hasNone = /^(?:1..|204|304)$/.test(status)
  const [lines, body] = framed(random, mood, hasNone ? 0.8 : 0.1)
  const start = `${pick(random, mood, versions, oddVersions)} ${status}${pick(random, mood, reasons, oddReasons)}`
  const after = random.chance(mood.odd / 2) ? random.text(random.integer(1, 8), bodyBytes) : ''
  const isKept = !hasNone || random.chance(0.2)
  return `${withLines(random, mood, start, lines, [])}${isKept ? body : ''}${after}`
}

const pieces = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '\0',
  '\x7f',
  '\x80',
  '\xff',
  '0',
  '5',
  'x',
  '"',
  '+',
]

/** Spoils a few bytes: changes, removes, inserts, repeats them, or cuts the end off. What comes out may still be well-formed. */
function spoilt(random: Seeded, original: string): string {
  let text = original
  for (let n = random.pick([1, 1, 1, 2, 3]); n > 0; n--) {
    const at = random.integer(0, text.length)
    const before = text.slice(0, at)
    switch (random.integer(0, 5)) {
      case 0:
        text = before + random.pick(pieces) + text.slice(at)
        break
      case 1:
        text = before + text.slice(at + random.integer(1, 3))
        break
      case 2:
        text = before + random.pick(pieces) + text.slice(at + 1)
        break
      case 3:
        text =
          before + String.fromCharCode((text.charCodeAt(at) || 0) ^ (1 << random.integer(0, 7))) + text.slice(at + 1)
        break
      case 4:
        text = text.slice(0, at + random.integer(1, 20)) + text.slice(at)
        break
      default:
        // Line ends, which are where parsers differ most.
        text = text.replace(/\r\n/g, (end, place: number) =>
          place < at || random.chance(0.8) ? end : random.pick(['\n', '\r', '']),
        )
    }
  }
  return random.chance(0.1) ? text.slice(0, random.integer(0, text.length)) : text
}

/** One connection. @returns how many messages went into it as well */
export function makeStream(random: Seeded, side: Side): Stream & { readonly made: number } {
  const made = random.pick([1, 1, 2, 3])
  const mood = { odd: random.pick([0, 0, 0, 0.08, 0.2]) }
  let text = ''
  for (let n = 0; n < made; n++) text += side === 'requests' ? request(random, mood) : response(random, mood)
  if (random.chance(0.35)) text = spoilt(random, text)
  const asked = Array.from({ length: made + 2 }, () => random.pick(['GET', 'GET', 'GET', 'POST', 'HEAD']))
  return { side, bytes: Buffer.from(text, 'latin1'), methods: asked, made }
}
