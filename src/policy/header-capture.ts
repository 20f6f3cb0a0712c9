/** Which header fields of a head telemetry shows, and as what: attributes `http.request.header.<name>`, arrays of text. */
import type { Attribute } from '../model/attribute'
import { decoded, type FieldLine, fieldValueOf, nameOf } from '../model/field-line'
import { isSecretField } from '../model/secret-field'
import { isGlob, matchesGlob } from './glob'

export interface CaptureSettings {
  /** Names and globs in lower case. With none of these and some to exclude, all that is not excluded is meant. */
  readonly include: readonly string[]
  /** Names and globs in lower case. They win. */
  readonly exclude: readonly string[]
  /** Names and globs that are never shown, whatever else is said; they turn nothing on. */
  readonly deny: readonly string[]
}

/** Names that are remembered with what was decided of them: clients may send any. */
const REMEMBERED = 1000
/** Attributes that one head can give: OpenTelemetry's limit for a span. */
const MOST = 128

export class HeaderCapture {
  readonly #prefix: string
  readonly #settings: CaptureSettings
  readonly #show: (value: string) => string
  /** The key of each name that was seen, undefined for those that are not shown. */
  readonly #keys = new Map<string, string | undefined>()

  /** @param prefix of the keys, `http.request.header.` @param show takes secrets out of a value */
  constructor(prefix: string, settings: CaptureSettings, show: (value: string) => string) {
    this.#prefix = prefix
    this.#settings = settings
    this.#show = show
  }

  /** Whether there is anything to look for. */
  get isOn(): boolean {
    const { include, exclude } = this.#settings
    return include.length > 0 || exclude.length > 0
  }

  /** One attribute a name, with one element a line, in the order in which the names come. */
  read(lines: readonly FieldLine[]): Attribute[] {
    const found = new Map<string, string[]>()
    for (const line of lines) {
      const key = this.#keyOf(nameOf(line))
      if (key === undefined) continue
      const values = found.get(key)
      const value = this.#show(decoded(fieldValueOf(line)))
      if (values) values.push(value)
      else if (found.size < MOST) found.set(key, [value])
    }
    return [...found].map(([key, value]) => ({ key, value }))
  }

  /** Whether a field of that name (lower case) is shown. */
  holds(name: string): boolean {
    const { include, exclude, deny } = this.#settings
    const isOne = (pattern: string): boolean => matchesGlob(pattern, name)
    if (!this.isOn || exclude.some(isOne) || deny.some(isOne)) return false
    // Who names a secret exactly wants it; nobody means it by a star.
    if (include.includes(name)) return true
    if (isSecretField(name)) return false
    return include.length === 0 || include.some((pattern) => isGlob(pattern) && matchesGlob(pattern, name))
  }

  #keyOf(name: string): string | undefined {
    if (this.#keys.has(name)) return this.#keys.get(name)
    if (this.#keys.size >= REMEMBERED) this.#keys.clear()
    const key = this.holds(name) ? `${this.#prefix}${name}` : undefined
    this.#keys.set(name, key)
    return key
  }
}
