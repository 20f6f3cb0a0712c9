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
  return line.charCodeAt(length) === COLON && beginsWith(line, name, length)
}

/** Whether the first `length` characters are those of `name`, in any case. */
function beginsWith(line: FieldLine, name: string, length: number): boolean {
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

/** Text that is held as latin1, one character a byte, as the UTF-8 that it most likely is. */
export function decoded(text: string): string {
  return /[\x80-\xff]/.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text
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

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Whether the text is a token (RFC 9110 §5.6.2): what names of fields, methods and the halves of media types are. */
export function isToken(text: string): boolean {
  return token.test(text)
}

const USUAL_NAME_LENGTH = 48
const NOT_FOUND = -1

/** A set of field names, to tell the lines of one kind from the others: the place of the colon settles most by itself. */
export class FieldNames {
  /** In the order given, each once. */
  readonly names: readonly string[]
  /** Without holes up to any usual length. */
  readonly #byLength: (readonly number[] | undefined)[] = Array<undefined>(USUAL_NAME_LENGTH).fill(undefined)
  /** By the code of a letter in either case: whether a name begins with it. Most lines are settled by that alone. */
  readonly #initials = new Uint8Array(256)
  /** The indexes of names that end in a star. */
  readonly #prefixes: readonly number[]

  /**
   * @param names in lower case
   * @param stars `prefix`: a name that ends in `*` stands for every longer name that begins with what is before it;
   *   `exact`: the star is a character like others, as it is in names that came from outside
   */
  constructor(names: Iterable<string>, stars: 'prefix' | 'exact' = 'prefix') {
    this.names = [...new Set(names)]
    const prefixes: number[] = []
    for (const [index, name] of this.names.entries()) {
      this.#initials[name.charCodeAt(0)] = 1
      this.#initials[name.toUpperCase().charCodeAt(0)] = 1
      if (stars === 'prefix' && name.endsWith('*')) prefixes.push(index)
      else this.#byLength[name.length] = [...(this.#byLength[name.length] ?? []), index]
    }
    this.#prefixes = prefixes
  }

  /** Whether the line's name is one of these. @param nameLength the place of its colon, where that is known */
  hold(line: FieldLine, nameLength = line.indexOf(':')): boolean {
    return this.find(line, nameLength) >= 0
  }

  /** The index in `names` of what the line's name is, or -1. @param nameLength the place of its colon */
  find(line: FieldLine, nameLength: number): number {
    if (this.#initials[line.charCodeAt(0)] !== 1) return NOT_FOUND
    const indexes = nameLength < this.#byLength.length ? this.#byLength[nameLength] : undefined
    if (indexes !== undefined) {
      for (const index of indexes) {
        if (isNamed(line, this.names[index] as string)) return index
      }
    }
    for (const index of this.#prefixes) {
      const pattern = this.names[index] as string
      const length = pattern.length - 1
      if (nameLength > length && beginsWith(line, pattern, length)) return index
    }
    return NOT_FOUND
  }
}
