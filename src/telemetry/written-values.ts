/** Values as the lines of the access log have them: text that stays within its line and its quotes, and times. */
import type { ByteWriter } from '../model/byte-writer'
import { utf8Size } from './protobuf'

const needsEscape = /["\\]|[^\x20-\x7e]/
/** What JSON lets stand, though terminals and readers of lines take it for a command or the end of a line. */
const unseen = /[\x7f-\x9f\u2028\u2029]/g

/** Appends text as it stands between the quotes of a JSON string: no value can end its line, or what quotes are around it. */
export function writeEscaped(to: ByteWriter, value: string): void {
  if (!needsEscape.test(value)) return to.ascii(value)
  const json = JSON.stringify(value).replace(unseen, codeOf)
  const inside = json.slice(1, -1)
  to.utf8(inside, utf8Size(inside))
}

function codeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

let lastSecond = Number.NaN
let lastPrefix = ''

/** Appends Unix milliseconds as RFC 3339 in UTC, to the millisecond. The date is written anew once a second only. */
export function writeTime(to: ByteWriter, milliseconds: number): void {
  const whole = Math.floor(milliseconds)
  const second = Math.floor(whole / 1000)
  if (second !== lastSecond) {
    lastSecond = second
    lastPrefix = new Date(second * 1000).toISOString().slice(0, 20)
  }
  to.ascii(lastPrefix)
  to.decimal(whole - second * 1000, 3)
  to.byte(ZULU)
}

const ZULU = 0x5a
