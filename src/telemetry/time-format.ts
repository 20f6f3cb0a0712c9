/** Times in formats of one's own, by the specifiers of strftime and Envoy's fractions of a second; always in UTC. */
import type { ByteWriter } from '../model/byte-writer'

const DAY = 86_400_000
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

const two = (value: number): string => String(value).padStart(2, '0')

/** By specifier: what it is of a whole second. */
export const timeParts: Readonly<Record<string, (time: Date) => string>> = {
  Y: (time) => String(time.getUTCFullYear()),
  y: (time) => two(time.getUTCFullYear() % 100),
  m: (time) => two(time.getUTCMonth() + 1),
  b: (time) => months[time.getUTCMonth()] as string,
  d: (time) => two(time.getUTCDate()),
  e: (time) => String(time.getUTCDate()).padStart(2, ' '),
  a: (time) => days[time.getUTCDay()] as string,
  j: (time) => String(Math.floor((time.getTime() - Date.UTC(time.getUTCFullYear(), 0, 1)) / DAY) + 1).padStart(3, '0'),
  H: (time) => two(time.getUTCHours()),
  M: (time) => two(time.getUTCMinutes()),
  S: (time) => two(time.getUTCSeconds()),
  F: (time) => time.toISOString().slice(0, 10),
  T: (time) => time.toISOString().slice(11, 19),
  s: (time) => String(time.getTime() / 1000),
  z: () => '+0000',
  Z: () => 'UTC',
  '%': () => '%',
}

/** Digits of a second that are known: the clock has microseconds. */
const KNOWN_DIGITS = 6
const ALL_DIGITS = 9

/** A fraction of a second of so many digits, or text that is the same all through a second. */
type Piece = number | readonly ((time: Date) => string)[]

/**
 * What writes Unix milliseconds in a format. Text that holds for a second is made once a second only.
 * @param format whose specifiers are known to be good
 */
export function timeWriter(format: string): (to: ByteWriter, milliseconds: number) => void {
  const pieces = piecesOf(format)
  const texts: string[] = []
  let lastSecond = Number.NaN
  return (to, milliseconds) => {
    const micros = Math.floor(milliseconds * 1000)
    const second = Math.floor(micros / 1e6)
    if (second !== lastSecond) {
      lastSecond = second
      const time = new Date(second * 1000)
      for (const [index, piece] of pieces.entries()) {
        texts[index] = typeof piece === 'number' ? '' : piece.map((part) => part(time)).join('')
      }
    }
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i] as Piece
      if (typeof piece === 'number') fraction(to, micros - second * 1e6, piece)
      else {
        const text = texts[i] as string
        to.utf8(text, Buffer.byteLength(text))
      }
    }
  }
}

function fraction(to: ByteWriter, micros: number, digits: number): void {
  if (digits <= KNOWN_DIGITS) return to.decimal(Math.floor(micros / 10 ** (KNOWN_DIGITS - digits)), digits)
  to.decimal(micros, KNOWN_DIGITS)
  to.decimal(0, digits - KNOWN_DIGITS)
}

function piecesOf(format: string): Piece[] {
  const pieces: Piece[] = []
  let texts: ((time: Date) => string)[] = []
  for (const [whole, digits, specifier = ''] of format.matchAll(/%([1-9]?)f|%(.)|[^%]+/g)) {
    if (digits !== undefined) {
      pieces.push(texts, digits === '' ? ALL_DIGITS : Number(digits))
      texts = []
    } else texts.push(timeParts[specifier] ?? (() => whole))
  }
  pieces.push(texts)
  return pieces
}
