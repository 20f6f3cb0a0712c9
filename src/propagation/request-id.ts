/**
 * The request id on its way: a header that carries one id through all hops of a request, so that their logs can be joined.
 * It is taken over from the client where it may be, else it is ours, and goes on to the destination and back to the client.
 */
import type { SortedFields } from '../http/field-sort'
import { type FieldLine, FieldNames, fieldValueOf, isNamed } from '../model/field-line'
import { signedNames } from './signed'

/** `keep` takes a client's id over; `replace` never does. */
export const requestIdPolicies = ['keep', 'replace'] as const

export type RequestIdPolicy = (typeof requestIdPolicies)[number]

const MAX_LENGTH = 128

/**
 * The characters of a sound id: what UUIDs, base64, URL-safe and hierarchical ids are made of, and nothing that means
 * something to a log, a list, a shell, JSON or HTML.
 */
const isSound = new Uint8Array(256)
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=:;@|') {
  isSound[character.charCodeAt(0)] = 1
}

/** Whether an id from outside may stand in logs, headers and bodies as it is. */
export function isSoundRequestId(id: string): boolean {
  const { length } = id
  if (length === 0 || length > MAX_LENGTH) return false
  for (let i = 0; i < length; i++) if (isSound[id.charCodeAt(i)] !== 1) return false
  return true
}

const nothing: readonly string[] = []

export class RequestIdHeader {
  /** In lower case. */
  readonly name: string
  /** The same, to find its lines by. */
  readonly names: FieldNames
  readonly #policy: RequestIdPolicy

  constructor(name: string, policy: RequestIdPolicy) {
    this.name = name
    this.names = new FieldNames([name])
    this.#policy = policy
  }

  /** The line that tells an id. */
  line(id: string): FieldLine {
    return `${this.name}: ${id}`
  }

  /** The id that the lines of a request carry: once, sound, and to be kept. Undefined where one has to be made. */
  arrived(lines: readonly FieldLine[]): string | undefined {
    if (this.#policy === 'replace') return undefined
    let found: FieldLine | undefined
    for (const line of lines) {
      if (!isNamed(line, this.name)) continue
      if (found !== undefined) return undefined
      found = line
    }
    if (found === undefined) return undefined
    const id = fieldValueOf(found)
    return isSoundRequestId(id) ? id : undefined
  }

  /**
   * Puts an id that did not arrive on the lines that travel: in the place of what was there, else at the end.
   * @param noted the lines that propagation noted, the signatures among them
   * @param clear the headers that are to be removed from the request: this may be one of them
   * @returns the names that were left alone because the sender signed them
   */
  write(fields: SortedFields, noted: readonly FieldLine[], id: string, clear: FieldNames): readonly string[] {
    const line = this.line(id)
    if (clear.names.length > 0 && clear.hold(line)) return nothing
    if (noted.length > 0) {
      if (signedNames(noted)?.hold(line)) return [this.name]
      if (noted.some((each) => isNamed(each, this.name))) {
        this.#replace(fields, line)
        return nothing
      }
    }
    // Behind all others: no index shifts.
    fields.travelling.push(line)
    return nothing
  }

  /** The first of its lines becomes `line`; the others go, and the indexes behind them follow. */
  #replace(fields: SortedFields, line: FieldLine): void {
    const { travelling } = fields
    const own = fields.noted.filter((index) => isNamed(travelling[index] as FieldLine, this.name))
    travelling[own[0] as number] = line
    const gone = own.slice(1)
    if (gone.length === 0) return
    const shifted = (index: number): number => index - gone.filter((removed) => removed < index).length
    for (const index of gone.toReversed()) travelling.splice(index, 1)
    fields.hostIndex = shifted(fields.hostIndex)
    const left = fields.noted.filter((index) => !gone.includes(index)).map(shifted)
    fields.noted.splice(0, fields.noted.length, ...left)
  }
}
