/**
 * A head's header section is a list of field lines (RFC 9112 §5), each kept as the one string in which it arrived:
 * `Name: value`, without its line end, one character for each byte (latin1). A list keeps order, case and duplicates
 * by its nature, and what is not to be changed is never taken apart. `http1` only lets well-formed lines in: a token,
 * a colon right behind it, no control characters.
 */
export type FieldLine = string

const COLON = 58

/** Whether the line's field name is `name`, which is given in lower case. Field names are case-insensitive. */
export function isNamed(line: FieldLine, name: string): boolean {
  const length = name.length
  if (line.charCodeAt(length) !== COLON) return false
  for (let i = 0; i < length; i++) {
    const code = line.charCodeAt(i)
    const expected = name.charCodeAt(i)
    if (code !== expected && !(isLetter(expected) && (code | 0x20) === expected)) return false
  }
  return true
}

function isLetter(code: number): boolean {
  return code >= 0x61 && code <= 0x7a
}

/** The field name in lower case. */
export function nameOf(line: FieldLine): string {
  return line.slice(0, line.indexOf(':')).toLowerCase()
}

/** The field value without the white space around it. */
export function fieldValueOf(line: FieldLine): string {
  return trimSpace(line, line.indexOf(':') + 1)
}

/** The values of all lines of that name (lower case), in order. */
export function valuesOf(lines: readonly FieldLine[], name: string): string[] {
  const values: string[] = []
  for (const line of lines) {
    if (isNamed(line, name)) values.push(trimSpace(line, name.length + 1))
  }
  return values
}

/** Drops optional white space (OWS: space and tab, RFC 9110 §5.6.3) from both ends of `text`, read from `start`. */
export function trimSpace(text: string, start = 0): string {
  let from = start
  let to = text.length
  while (from < to && isSpace(text.charCodeAt(from))) from++
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** A set of field names, to tell the lines of one kind from the others: the place of the colon settles most by itself. */
export class FieldNames {
  readonly #byLength: (readonly string[] | undefined)[] = []

  /** @param names in lower case */
  constructor(names: Iterable<string>) {
    for (const name of new Set(names)) this.#byLength[name.length] = [...(this.#byLength[name.length] ?? []), name]
  }

  /** Whether the line's name is one of these. @param nameLength the place of its colon, where that is known */
  hold(line: FieldLine, nameLength = line.indexOf(':')): boolean {
    const names = this.#byLength[nameLength]
    if (names === undefined) return false
    for (const name of names) {
      if (isNamed(line, name)) return true
    }
    return false
  }
}
