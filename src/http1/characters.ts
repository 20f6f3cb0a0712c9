/** Character classes of RFC 9110 §5.6 as one table of bits by byte, for scans that look at each byte once. */

/** `tchar`: what method and field names are made of. */
export const TOKEN = 1
/** What a field value may hold: visible ASCII, space, tab and obs-text (8-bit bytes). */
export const VALUE = 2
/** Visible ASCII: what a request target is made of. */
export const VISIBLE = 4
/** Hexadecimal digits. */
export const HEX = 8

export const CR = 0x0d
export const LF = 0x0a
export const SPACE = 0x20
export const COLON = 0x3a

export const classOf: Uint8Array = buildTable()

function buildTable(): Uint8Array {
  const table = new Uint8Array(256)
  for (let byte = 0; byte < 256; byte++) {
    const character = String.fromCharCode(byte)
    let bits = 0
    if (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(character)) bits |= TOKEN
    if (byte === 0x09 || (byte >= 0x20 && byte !== 0x7f)) bits |= VALUE
    if (byte > 0x20 && byte < 0x7f) bits |= VISIBLE
    if (/[0-9A-Fa-f]/.test(character)) bits |= HEX
    table[byte] = bits
  }
  return table
}
