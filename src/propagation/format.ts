/**
 * The nouns of this room. A format is a dialect in which trace context travels: the header fields it owns, how to read
 * them, how to write them. A carrier is what of a head the formats may see. Formats are pure: they return field lines,
 * and whoever called puts them on the head.
 */
import { type FieldLine, isNamed, trimSpace } from '../model/field-line'
import type { BaggageEntry, IdWidth, Notation, Nuance, TraceContext } from '../model/trace-context'

/** What a decision can say: undefined where it is left open. */
export interface Decision {
  readonly sampled: boolean | undefined
  readonly nuance?: Nuance | undefined
  /** What else the format's headers hold: another context, or why some of them say nothing. */
  readonly also?: Arrival | Rejection | undefined
}

/** A context that a format found in a head. */
export interface Arrival extends Decision {
  /** 32 digits in lower case, not all zero. */
  readonly traceId: string
  readonly width: IdWidth
  /** 16 digits in lower case, not all zero; absent only where the format may come without. */
  readonly spanId: string | undefined
  /** The W3C random flag. */
  readonly random?: boolean
  readonly traceState?: string | undefined
  readonly baggage?: readonly BaggageEntry[]
  /** The format to answer in, where it is one of `layouts` rather than the one that read. */
  readonly layout?: Format
}

/** A decision without ids: it applies to the new trace when nobody finds a context. */
export interface BareDecision extends Decision {
  readonly traceId: undefined
  readonly sampled: boolean
}

/** Why a format's headers were present but carry no context, in a few fixed words: the label of a counter. */
export type Rejection =
  | 'repeated'
  | 'malformed'
  | 'all_zero'
  | 'incomplete'
  | 'unknown_version'
  | 'malformed_decision'
  | 'malformed_tracestate'

export interface Format extends Notation {
  readonly name: string
  /** The header names, in lower case, that are this format's own. All their lines go before it is injected. */
  readonly fields: readonly string[]
  /** A propagator of somebody else's is behind it. */
  readonly isAdapted?: boolean
  /** More names that it reads, or writes, and that otherwise pass through untouched. One that ends in `*` is a prefix. */
  readonly alsoReads?: readonly string[]
  /** What the names of its baggage headers begin with, in lower case: they cross to other formats that have one. */
  readonly baggagePrefix?: string
  /** The formats that an arrival may name as its `layout`. */
  readonly layouts?: readonly Format[]
  /** Reads the context; undefined when none of its headers is there. Never throws. */
  extract(carrier: Carrier): Arrival | BareDecision | Rejection | undefined
  /** The lines that carry `context` in this format. @param carrier what is on the head before */
  inject(context: TraceContext, carrier: Carrier): readonly FieldLine[]
}

/** The lines of a head whose names the formats own. */
export class Carrier {
  readonly #lines: readonly FieldLine[]

  constructor(lines: readonly FieldLine[]) {
    this.#lines = lines
  }

  /** The value of the only line of that name (lower case); undefined when there is none, null when there are several. */
  one(name: string): string | null | undefined {
    let found: FieldLine | undefined
    for (const line of this.#lines) {
      if (!isNamed(line, name)) continue
      if (found !== undefined) return null
      found = line
    }
    return found === undefined ? undefined : trimSpace(found, name.length + 1)
  }

  /** The values of all lines of that name (lower case), in order. */
  values(name: string): readonly string[] {
    let values = none
    for (const line of this.#lines) {
      if (isNamed(line, name)) values = [...values, trimSpace(line, name.length + 1)]
    }
    return values
  }

  /** All lines of that name (lower case), in order. */
  lines(name: string): readonly FieldLine[] {
    let lines = none
    for (const line of this.#lines) {
      if (isNamed(line, name)) lines = [...lines, line]
    }
    return lines
  }

  /** What is behind `prefix` (lower case) in the names of lines that begin with it, with their values, in order. */
  entries(prefix: string): readonly BaggageEntry[] {
    if (this.#lines.length <= 1) return none
    const { length } = prefix
    return this.#lines
      .filter((line) => line.indexOf(':') > length && line.slice(0, length).toLowerCase() === prefix)
      .map((line) => line.slice(length))
  }
}

const none: readonly string[] = []
