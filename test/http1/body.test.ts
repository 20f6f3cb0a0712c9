import type { Framing } from '../../src/http/framing'
import { scanBody } from '../../src/http1/body'
import { seeded } from '../support/random'
import { chunkedMessage, mutated, readInPieces, readWhole } from './scans'

const latin1 = (text: string) => Buffer.from(text, 'latin1')

describe('no body', () => {
  test('takes nothing', () => {
    expect(readWhole(0, latin1('GET / HTTP/1.1'))).toEqual({ end: 'done', consumed: 0, contentSize: 0, content: '' })
    expect(scanBody(0).scan(latin1('abc'), 2)).toBe(2)
    expect(scanBody(0).untilClose).toBe(false)
  })
})

describe('a body with a length', () => {
  test.each([
    // length, bytes at hand, consumed, done
    [1, 'a', 1, true],
    [1, 'ab', 1, true],
    [5, 'abc', 3, false],
    [5, 'abcde', 5, true],
    [5, 'abcdefgh', 5, true],
    [5, '', 0, false],
    [4, '\r\n\r\n\r\n', 4, true],
    [999999999999999, 'abc', 3, false],
  ])('of %i, with %j at hand: %i consumed, done %p', (length, text, consumed, done) => {
    const scan = scanBody(length)
    expect(scan.scan(latin1(text), 0)).toBe(consumed)
    expect(scan).toMatchObject({ done, contentSize: consumed, untilClose: false })
  })

  test('starts where it is told to, and takes nothing more when it is done', () => {
    const scan = scanBody(5)
    expect(scan.scan(latin1('headabc'), 4)).toBe(7)
    expect(scan.done).toBe(false)
    expect(scan.scan(latin1('de'), 2)).toBe(2)
    expect(scan.scan(latin1('dexyz'), 0)).toBe(2)
    expect(scan.done).toBe(true)
    expect(scan.scan(latin1('xyz'), 1)).toBe(1)
    expect(scan.contentSize).toBe(5)
  })

  test('law (seed 31): any pieces amount to the same', () => {
    const random = seeded(31)
    for (let i = 0; i < 500; i++) {
      const length = random.integer(1, 40)
      const bytes = latin1(random.text(random.integer(0, 60), 'ab\r\n0'))
      const cuts = Array.from({ length: random.integer(0, 5) }, () => random.integer(0, bytes.length)).sort(
        (a, b) => a - b,
      )
      const consumed = Math.min(length, bytes.length)
      const end = consumed === length ? 'done' : 'open'
      expect(readInPieces(length, bytes, cuts, 3)).toMatchObject({ end, consumed, contentSize: consumed })
    }
  })
})

describe('a body until the end of the connection', () => {
  test('takes everything and is never done', () => {
    const scan = scanBody('until_close')
    expect(scan).toMatchObject({ untilClose: true, done: false, contentSize: 0 })
    expect(scan.scan(latin1('headabc'), 4)).toBe(7)
    expect(scan.scan(latin1('0\r\n\r\n'), 0)).toBe(5)
    expect(scan.scan(latin1(''), 0)).toBe(0)
    expect(scan).toMatchObject({ untilClose: true, done: false, contentSize: 8 })
  })
})

/** Every way to cut once, and every byte by itself. */
function everyCut(bytes: Buffer): number[][] {
  const cuts = Array.from({ length: bytes.length + 1 }, (_, at) => [at])
  return [[], ...cuts, Array.from({ length: bytes.length }, (_, at) => at)]
}

describe('a chunked body', () => {
  const wellFormed: [string, string][] = [
    ['0\r\n\r\n', ''],
    ['000\r\n\r\n', ''],
    ['0000000000000\r\n\r\n', ''],
    ['5\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['05\r\nhello\r\n00\r\n\r\n', 'hello'],
    ['0000000000005\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n', 'hello'],
    ['a\r\n0123456789\r\n0\r\n\r\n', '0123456789'],
    ['A\r\n0123456789\r\n0\r\n\r\n', '0123456789'],
    ['1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n', 'abcdefghijklmnopqrstuvwxyz'],
    ['1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n', 'abcdefghijklmnopqrstuvwxyz'],
    ['aB\r\n'.concat('x'.repeat(171), '\r\n0\r\n\r\n'), 'x'.repeat(171)],
    ['7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n', '0\r\n\r\n\r\n'],
    ['2\r\n\r\n\r\n0\r\n\r\n', '\r\n'],
    ['3\r\n\0\xff\n\r\n0\r\n\r\n', '\0\xff\n'],
    ['5;a\r\nhello\r\n0;b\r\n\r\n', 'hello'],
    ['5;a=b;c="d e"\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['5;a="";b\r\nhello\r\n0;c="\\"\\\\"\r\n\r\n', 'hello'],
    ['5;a="\t;=,\xe4"\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['0\r\nA: b\r\n\r\n', ''],
    ['0\r\nA:\r\n\r\n', ''],
    ['0;a=b\r\nA: b\r\nC: d \t\r\na:\xe4\r\n\r\n', ''],
    ['1\r\nx\r\n0\r\nX-Checksum: 1\r\nX-Content-Length: 5\r\nContent-MD5: x\r\nHosts: a\r\nTea: a\r\n\r\n', 'x'],
    ['0\r\ntraceparent: 00-1-2-01\r\nServer-Timing: a\r\nGrpc-Status: 0\r\n\r\n', ''],
  ]

  test.each(wellFormed)('%j', (text, content) => {
    const bytes = latin1(text)
    const expected = { end: 'done', consumed: bytes.length, contentSize: content.length, content }
    for (const cuts of everyCut(bytes)) expect([cuts, readInPieces('chunked', bytes, cuts)]).toEqual([cuts, expected])
    expect(scanBody('chunked').untilClose).toBe(false)
  })

  test.each([
    '',
    '0',
    '0\r',
    '0\r\n',
    '0\r\n\r',
    '5',
    '5;a',
    '5\r\nhel',
    '5\r\nhello',
    '5\r\nhello\r',
    '0\r\nA: b\r\n',
  ])('%j is not at its end', (text) => {
    for (const cuts of everyCut(latin1(text))) {
      expect(readInPieces('chunked', latin1(text), cuts)).toMatchObject({ end: 'open', consumed: text.length })
    }
  })

  test.each(['GET / HTTP/1.1\r\n\r\n', '\r\n', '0\r\n\r\n', '\n', 'x', '\0'])(
    '%j behind its end is not consumed',
    (next) => {
      for (const body of ['0\r\n\r\n', '2\r\nab\r\n0\r\n\r\n', '0\r\nA: b\r\n\r\n']) {
        const bytes = latin1(body + next)
        for (const cuts of everyCut(bytes)) {
          expect(readInPieces('chunked', bytes, cuts, 2)).toMatchObject({ end: 'done', consumed: body.length })
        }
      }
    },
  )

  test.each([
    ['without a size', '\r\nhello\r\n0\r\n\r\n'],
    ['with an extension without a size', ';a\r\nhello\r\n0\r\n\r\n'],
    ['with a size that is no number', 'x\r\nhello\r\n0\r\n\r\n'],
    ['with g as a digit', '5g\r\nhello\r\n0\r\n\r\n'],
    ['with 0x before the size', '0x5\r\nhello\r\n0\r\n\r\n'],
    ['with + before the size', '+5\r\nhello\r\n0\r\n\r\n'],
    ['with - before the size', '-5\r\nhello\r\n0\r\n\r\n'],
    ['with -0 as its end', '-0\r\n\r\n'],
    ['with a fraction', '5.0\r\nhello\r\n0\r\n\r\n'],
    ['with _ in the size', '0_5\r\nhello\r\n0\r\n\r\n'],
    ['with a comma in the size', '0,5\r\nhello\r\n0\r\n\r\n'],
    ['with a space before the size', ' 5\r\nhello\r\n0\r\n\r\n'],
    ['with a tab before the size', '\t5\r\nhello\r\n0\r\n\r\n'],
    ['with a space behind the size', '5 \r\nhello\r\n0\r\n\r\n'],
    ['with a tab behind the size', '5\t\r\nhello\r\n0\r\n\r\n'],
    ['with 8-bit digits', '\xb2\r\nhe\r\n0\r\n\r\n'],
    ['with a size of 14 digits', '10000000000000\r\nhello\r\n0\r\n\r\n'],
    ['with a size of 14 digits that begin with zeros', '00000000000005\r\nhello\r\n0\r\n\r\n'],
    ['with a size that overflows 64 bits', '10000000000000005\r\nhello\r\n0\r\n\r\n'],
    ['with a size that overflows 32 bits twice', 'fffffffffffffffffffffff5\r\nhello\r\n0\r\n\r\n'],
    ['with LF behind the size', '5\nhello\r\n0\r\n\r\n'],
    ['with CR behind the size', '5\rhello\r\n0\r\n\r\n'],
    ['with CR CR LF behind the size', '5\r\r\nhello\r\n0\r\n\r\n'],
    ['with LF CR behind the size', '5\n\rhello\r\n0\r\n\r\n'],
    ['with NUL behind the size', '5\0\r\nhello\r\n0\r\n\r\n'],
    ['with LF in an extension', '5;a\nhello\r\n0\r\n\r\n'],
    ['with CR in an extension', '5;a\rb\r\nhello\r\n0\r\n\r\n'],
    ['with NUL in an extension', '5;a\0\r\nhello\r\n0\r\n\r\n'],
    ['with a semicolon and no extension', '5;\r\nhello\r\n0\r\n\r\n'],
    ['with an extension without name', '5;=a\r\nhello\r\n0\r\n\r\n'],
    ['with two semicolons', '5;;a\r\nhello\r\n0\r\n\r\n'],
    ['with a semicolon at the end', '5;a;\r\nhello\r\n0\r\n\r\n'],
    ['with an equals sign and no value', '5;a=\r\nhello\r\n0\r\n\r\n'],
    ['with an equals sign in a value', '5;a=b=c\r\nhello\r\n0\r\n\r\n'],
    ['with an 8-bit extension name', '5;\xe4\r\nhello\r\n0\r\n\r\n'],
    ['with a space before an extension', '5 ;a\r\nhello\r\n0\r\n\r\n'],
    ['with a space before the name of an extension', '5; a\r\nhello\r\n0\r\n\r\n'],
    ['with a space behind an extension', '5;a \r\nhello\r\n0\r\n\r\n'],
    ['with a space before the equals sign', '5;a =b\r\nhello\r\n0\r\n\r\n'],
    ['with a space behind the equals sign', '5;a= b\r\nhello\r\n0\r\n\r\n'],
    ['with a quoted name', '5;"a"\r\nhello\r\n0\r\n\r\n'],
    ['with an open quotation', '5;a="b\r\nhello\r\n0\r\n\r\n'],
    ['with a quotation that an escape keeps open', '5;a="\\"\r\nhello\r\n0\r\n\r\n'],
    ['with text behind a quotation', '5;a="b"c\r\nhello\r\n0\r\n\r\n'],
    ['with a quotation inside a value', '5;a=b"c"\r\nhello\r\n0\r\n\r\n'],
    ['with CR in a quotation', '5;a="\rb"\r\nhello\r\n0\r\n\r\n'],
    ['with an escaped control byte', '5;a="\\\x01"\r\nhello\r\n0\r\n\r\n'],
    ['with a slash in a name', '5;a/b\r\nhello\r\n0\r\n\r\n'],
    ['with DEL in an extension', '5;a\x7f\r\nhello\r\n0\r\n\r\n'],
    ['with LF behind the last size', '0\n\r\n'],
    ['with nothing behind the data', '5\r\nhello0\r\n\r\n'],
    ['with more data than its size', '5\r\nhello!\r\n0\r\n\r\n'],
    ['with less data than its size', '6\r\nhello\r\n0\r\n\r\n'],
    ['with LF behind the data', '5\r\nhello\n0\r\n\r\n'],
    ['with another byte for the CR behind the data', '5\r\nhello!\n0\r\n\r\n'],
    ['with LF LF behind the data', '5\r\nhello\n\n0\r\n\r\n'],
    ['with CR and another byte behind the data', '5\r\nhello\r!0\r\n\r\n'],
    ['with another byte for the LF behind the size', '5\r!hello\r\n0\r\n\r\n'],
    ['with CR behind the data', '5\r\nhello\r0\r\n\r\n'],
    ['with CR CR LF behind the data', '5\r\nhello\r\r\n0\r\n\r\n'],
    ['with an empty line behind the data', '5\r\nhello\r\n\r\n0\r\n\r\n'],
    ['with LF as its last line', '0\r\n\n'],
    ['with LF as its last line, then CRLF', '0\r\n\n\r\n\r\n'],
    ['with CR CR LF as its last line', '0\r\n\r\r\n\r\n'],
    ['with a trailer without colon', '0\r\nA\r\n\r\n'],
    ['with a trailer without name', '0\r\n: b\r\n\r\n'],
    ['with a space before the colon of a trailer', '0\r\nA : b\r\n\r\n'],
    ['with a folded trailer', '0\r\nA: b\r\n c\r\n\r\n'],
    ['with a tab-folded trailer', '0\r\nA: b\r\n\tc\r\n\r\n'],
    ['with a space before the first trailer', '0\r\n A: b\r\n\r\n'],
    ['with NUL in a trailer', '0\r\nA: \0\r\n\r\n'],
    ['with DEL in a trailer', '0\r\nA: \x7f\r\n\r\n'],
    ['with an 8-bit trailer name', '0\r\n\xc4: b\r\n\r\n'],
    ['with CR in a trailer', '0\r\nA: b\rC: d\r\n\r\n'],
    ['with LF in a trailer', '0\r\nA: b\nC: d\r\n\r\n'],
    ['with LF behind a trailer', '0\r\nA: b\n\r\n\r\n'],
    ['with LF LF behind a trailer', '0\r\nA: b\n\n'],
    ['with a request for a trailer', '0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['with a malformed second trailer', '0\r\nA: b\r\nC d\r\n\r\n'],
  ])('%s is malformed, however it is cut', (_name, text) => {
    const bytes = latin1(text)
    for (const cuts of everyCut(bytes)) {
      const { end } = readInPieces('chunked', bytes, cuts)
      if (end !== 'malformed') expect([cuts, end]).toEqual([cuts, 'malformed'])
    }
  })

  // RFC 9110 §6.5.1: fields for framing and routing can't stand in a trailer section.
  test.each([
    'Content-Length: 5',
    'content-length:5',
    'Transfer-Encoding: chunked',
    'TRANSFER-ENCODING: chunked',
    'Host: a',
    'Connection: close',
    'Trailer: X',
    'TE: gzip',
    'Upgrade: h2c',
    'Proxy-Authorization: Basic dTpw',
    'Proxy-Authenticate: Basic',
    'Proxy-Connection: close',
    'Keep-Alive: timeout=5',
    'HTTP2-Settings: x',
    'Max-Forwards: 1',
    'Expect: 100-continue',
  ])('with the trailer %j is malformed', (line) => {
    for (const text of [`0\r\n${line}\r\n\r\n`, `0\r\nA: b\r\n${line}\r\nC: d\r\n\r\n`]) {
      const bytes = latin1(text)
      for (const cuts of everyCut(bytes)) expect(readInPieces('chunked', bytes, cuts).end).toBe('malformed')
    }
  })

  test.each([
    ['fffffffffffff', 2 ** 52 - 1],
    ['8000000000000', 2 ** 51],
    ['100000000', 2 ** 32],
  ])('a chunk of size %s takes what there is', (size, total) => {
    const scan = scanBody('chunked')
    const bytes = Buffer.concat([latin1(`${size}\r\n`), Buffer.alloc(100_000)])
    expect(scan.scan(bytes, 0)).toBe(bytes.length)
    expect(scan).toMatchObject({ done: false, contentSize: 100_000 })
    expect(total).toBe(Number.parseInt(size, 16))
  })

  test.each([
    [16 * 1024, 'done'],
    [16 * 1024 + 1, 'malformed'],
    [100_000, 'malformed'],
  ])('an extension of %i bytes: %s', (length, end) => {
    const bytes = latin1(`1;${'x'.repeat(length)}\r\na\r\n0\r\n\r\n`)
    expect(readWhole('chunked', bytes).end).toBe(end)
    expect(readInPieces('chunked', bytes, [7000, 14_000]).end).toBe(end)
  })

  test.each([
    ['without end', ''],
    ['with an end', '\r\n'],
  ])('a flood of trailers %s is malformed, however it is cut', (_name, end) => {
    const bytes = latin1(`0\r\n${`X: ${'y'.repeat(97)}\r\n`.repeat(1000)}${end}`)
    for (const cuts of [[], [3], [60_000], [30_000, 60_000], [65_000], [40_000, 80_000], [64_000, 64_001]]) {
      expect([cuts, readInPieces('chunked', bytes, cuts).end]).toEqual([cuts, 'malformed'])
    }
  })

  test('a trailer line that never ends is malformed', () => {
    const bytes = latin1(`0\r\nX: ${'y'.repeat(200_000)}`)
    for (const cuts of [[], [60_000, 120_000]]) expect(readInPieces('chunked', bytes, cuts).end).toBe('malformed')
  })

  test('trailers of 32 KiB are fine, however they are cut', () => {
    const bytes = latin1(`0\r\n${`X: ${'y'.repeat(58)}\r\n`.repeat(512)}\r\n`)
    const cuts = Array.from({ length: 32 }, (_, i) => (i + 1) * 1000)
    expect(readInPieces('chunked', bytes, [])).toMatchObject({ end: 'done', consumed: bytes.length })
    expect(readInPieces('chunked', bytes, cuts)).toMatchObject({ end: 'done', consumed: bytes.length })
  })

  test('trailers that arrive byte by byte cost no more than their length', () => {
    const scan = scanBody('chunked')
    scan.scan(latin1('0\r\n'), 0)
    const trailers = latin1(`A: ${'b'.repeat(60)}\r\n`.repeat(600))
    const before = process.cpuUsage()
    for (let at = 0; at < trailers.length; at++) {
      if (scan.scan(trailers.subarray(at, at + 1), 0) !== 1) throw new Error(`refused at ${at}`)
    }
    const { user, system } = process.cpuUsage(before)
    // Microseconds. A look at each byte takes a few milliseconds in all; reading all lines anew for each byte takes seconds.
    expect(user + system).toBeLessThan(1_000_000)
  })

  test('content comes as parts of the bytes at hand, and empty pieces change nothing', () => {
    const parts: string[] = []
    const scan = scanBody('chunked', (bytes, start, end) => parts.push(bytes.toString('latin1', start, end)))
    for (const piece of ['5\r\nhe', '', 'll', 'o\r', '', '\n3;x\r\nabc\r\n0\r\nA: b\r\n', '\r\nnext']) {
      scan.scan(latin1(piece), 0)
    }
    expect(parts).toEqual(['he', 'll', 'o', 'abc'])
    expect(scan).toMatchObject({ done: true, contentSize: 8 })
    expect(scan.scan(latin1('next'), 1)).toBe(1)
  })
})

describe('laws', () => {
  test('law (seed 32): a chunked body has its content and its end, however its bytes are cut', () => {
    const random = seeded(32)
    for (let i = 0; i < 150; i++) {
      const { bytes: body, content } = chunkedMessage(random, 12)
      const bytes = Buffer.concat([body, latin1(random.pick(['', 'GET / HTTP/1.1\r\n\r\n', '\r\n', '0\r\n\r\n', 'x']))])
      const expected = { end: 'done', consumed: body.length, contentSize: content.length, content }
      const ways = everyCut(bytes)
      for (let n = 0; n < 20; n++) {
        const cuts = Array.from({ length: random.integer(2, 6) }, () => random.integer(0, bytes.length))
        ways.push(cuts.sort((a, b) => a - b))
      }
      for (const cuts of ways) {
        const reading = readInPieces('chunked', bytes, cuts, random.integer(0, 3))
        if (JSON.stringify(reading) !== JSON.stringify(expected)) {
          expect({ text: bytes.toString('latin1'), cuts, ...reading }).toEqual({ text: '', cuts: [], ...expected })
        }
      }
    }
  })

  test('law (seed 33): a spoilt chunked body is judged the same, however its bytes are cut', () => {
    const random = seeded(33)
    const ends = { done: 0, open: 0, malformed: 0 }
    for (let i = 0; i < 5000; i++) {
      const bytes = mutated(random, chunkedMessage(random, 12).bytes)
      const expected = readWhole('chunked', bytes)
      ends[expected.end]++
      const byteByByte = Array.from({ length: bytes.length }, (_, at) => at)
      const once = random.integer(0, bytes.length)
      for (const cuts of [byteByByte, [once], [Math.floor(once / 2), once]]) {
        const reading = readInPieces('chunked', bytes, cuts, 1)
        if (JSON.stringify(reading) !== JSON.stringify(expected)) {
          expect({ text: bytes.toString('latin1'), cuts, ...reading }).toEqual({ text: '', cuts: [], ...expected })
        }
      }
    }
    for (const count of Object.values(ends)) expect(count).toBeGreaterThan(100)
  })

  test.each<[Framing]>([[0], [7], ['chunked'], ['until_close']])(
    'law (seed 34): framing %p never takes what is not there and never throws',
    (framing) => {
      const random = seeded(34)
      for (let i = 0; i < 2000; i++) {
        const bytes = latin1(random.text(random.integer(0, 30), '0123456789abcdefg\r\n\r\n\r\n;: \0\xff'))
        const start = random.integer(0, bytes.length)
        const end = scanBody(framing).scan(bytes, start)
        expect(end === -1 || (end >= start && end <= bytes.length)).toBe(true)
      }
    },
  )
})
