/**
 * The nouns of this room. A format is a dialect in which trace context travels: the header fields it owns, how to read
 * them, how to write them. A carrier is what of a head the formats may see. Formats are pure: they return field lines,
 * and whoever called puts them on the head.
 */
import { type FieldLine, isNamed, trimSpace } from '../model/field-line'
import type { TraceContext } from '../model/trace-context'

/** What a format found in a head. */
export interface Arrival {
  readonly traceId: string
  readonly spanId: string
  /** The decision that came with it; undefined when it is left open. */
  readonly sampled: boolean | undefined
  /** The W3C random flag. */
  readonly random: boolean
  readonly traceState: string | undefined
}

/** Why a format's headers were present but carry no context, in a few fixed words: the label of a counter. */
export type Rejection = 'repeated' | 'malformed' | 'all_zero' | 'unknown_version'

export interface Format {
  readonly name: string
  /** The header names, in lower case, that this format reads and writes. All their lines go before it is injected. */
  readonly fields: readonly string[]
  /** Reads the context; undefined when none of its headers is there. Never throws. */
  extract(carrier: Carrier): Arrival | Rejection | undefined
  /** The lines that carry `context` in this format. */
  inject(context: TraceContext): readonly FieldLine[]
}

/** The lines of a head whose names the formats own. */
export class Carrier {
  readonly #lines: readonly FieldLine[]

  constructor(lines: readonly FieldLine[]) {
    this.#lines = lines
  }

  /** The values of all lines of that name (lower case), in order. */
  values(name: string): readonly string[] {
    if (this.#lines.length === 0) return none
    const values: string[] = []
    for (const line of this.#lines) {
      if (isNamed(line, name)) values.push(trimSpace(line, name.length + 1))
    }
    return values
  }
}

const none: readonly string[] = []
