import type { Framing } from '../../src/http/framing'
import { scanBody } from '../../src/http1/body'
import type { Seeded } from '../support/random'

/** What a scan says of a body, however its bytes arrived. */
export interface Reading {
  readonly end: 'done' | 'open' | 'malformed'
  /** Bytes that belong to the body. Not told of a malformed one: it may be found out earlier or later. */
  readonly consumed: number
  readonly contentSize: number
  /** What `onContent` got. */
  readonly content: string
}

/** Scans `bytes` in the pieces that `cuts` make, each piece behind `lead` bytes that are not the body's. */
export function readInPieces(framing: Framing, bytes: Buffer, cuts: readonly number[], lead = 0): Reading {
  let content = ''
  const scan = scanBody(framing, (from, start, end) => {
    content += from.toString('latin1', start, end)
  })
  let consumed = 0
  let at = 0
  for (const cut of [...cuts, bytes.length]) {
    const piece = Buffer.concat([Buffer.alloc(lead, '7'), bytes.subarray(at, cut)])
    at = cut
    const end = scan.scan(piece, lead)
    if (end < 0) return { end: 'malformed', consumed: 0, contentSize: 0, content: '' }
    consumed += end - lead
    if (end < piece.length && !scan.done) throw new Error('bytes were left over in the middle of a body')
  }
  return { end: scan.done ? 'done' : 'open', consumed, contentSize: scan.contentSize, content }
}

export const readWhole = (framing: Framing, bytes: Buffer): Reading => readInPieces(framing, bytes, [])

export interface ChunkedMessage {
  readonly bytes: Buffer
  readonly content: string
}

const token = "!#$%&'*+-.^_`|~09AZaz"
const bytes = '\r\n;:0aA\0\x7f\x80\xffxyz '

/** A well-formed chunked body, with everything that RFC 9112 §7.1 lets a sender write. */
export function chunkedMessage(random: Seeded, most = 40): ChunkedMessage {
  let content = ''
  let text = ''
  const size = (length: number) => {
    const digits = '0'.repeat(random.pick([0, 0, 0, 1, 3])) + length.toString(16)
    return random.chance(0.5) ? digits : digits.toUpperCase()
  }
  const value = () => (random.chance(0.5) ? random.text(random.integer(1, 4), token) : `"${random.text(3, 'a b;=')}"`)
  const extension = () => {
    let made = ''
    while (random.chance(0.2)) made += `;${random.text(2, token)}${random.chance(0.5) ? `=${value()}` : ''}`
    return made
  }
  for (let n = random.integer(0, 4); n > 0; n--) {
    const data = random.text(random.integer(1, random.chance(0.1) ? most * 8 : most), bytes)
    content += data
    text += `${size(data.length)}${extension()}\r\n${data}\r\n`
  }
  text += `${size(0)}${extension()}\r\n`
  if (random.chance(0.3)) {
    for (let n = random.integer(1, 3); n > 0; n--) {
      text += `X-${random.text(random.integer(0, 4), token)}:${random.text(random.integer(0, 8), ' \ta:"=\xe4')}\r\n`
    }
  }
  return { bytes: Buffer.from(`${text}\r\n`, 'latin1'), content }
}

/** Spoils a few bytes. What comes out may still be well-formed. */
export function mutated(random: Seeded, original: Buffer): Buffer {
  let text = original.toString('latin1')
  const spoilers = [
    '\r',
    '\n',
    '\r\n',
    '\r\n\r\n',
    '0',
    '1',
    'f',
    'F',
    'g',
    ' ',
    '\t',
    ';',
    '=',
    '"',
    ':',
    '\0',
    '\xe4',
    '+',
  ]
  for (let n = random.integer(1, 3); n > 0; n--) {
    const at = random.integer(0, text.length - 1)
    const put = random.chance(0.25) ? '' : random.pick(spoilers)
    text = text.slice(0, at) + put + text.slice(at + random.integer(0, 2))
  }
  return Buffer.from(text, 'latin1')
}
