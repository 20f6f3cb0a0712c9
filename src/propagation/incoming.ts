/** Reads a head in all formats that are extracted. Compiled once; a format whose headers are not there is never asked. */
import type { ContextConflict, ContextRefusal } from '../model/exchange'
import { type FieldLine, FieldNames } from '../model/field-line'
import { type Arrival, Carrier, type Decision, type Format } from './format'
import { w3c } from './w3c'

/** What a head says, all formats heard. */
export interface Reading {
  /** Of the first format that carries a context. */
  arrival: Arrival | undefined
  /** The format to answer in. */
  format: Format | undefined
  /** The decision of the arrival, else the first that stands alone. */
  decision: Decision
  /** What traceparent and tracestate say of the same trace, whoever told of it first. */
  traceState: string | undefined
  random: boolean
  refusals: readonly ContextRefusal[]
  conflicts: readonly ContextConflict[]
}

interface Source {
  readonly format: Format
  /** Its bit in a mask of formats. */
  readonly bit: number
}

const noRefusals: readonly ContextRefusal[] = []
const noConflicts: readonly ContextConflict[] = []
const undecided: Decision = { sampled: undefined }

export class Incoming {
  readonly #sources: readonly Source[]
  readonly #fields: FieldNames
  /** For each of these names, the bits of the formats that read it. */
  readonly #bits: readonly number[]
  readonly #readsW3c: boolean

  /** @param formats in the order in which they are heard; at most 32 */
  constructor(formats: readonly Format[]) {
    const heard = formats.filter((format, index) => !isCovered(format, formats.slice(0, index)))
    const sources = heard.map((format, index) => ({ format, bit: 1 << index }))
    this.#sources = sources
    this.#fields = new FieldNames(heard.flatMap(namesOf))
    this.#bits = this.#fields.names.map((name) =>
      sources.reduce((bits, { format, bit }) => (namesOf(format).includes(name) ? bits | bit : bits), 0),
    )
    this.#readsW3c = formats.includes(w3c)
  }

  read(lines: readonly FieldLine[]): Reading {
    const reading: Reading = {
      arrival: undefined,
      format: undefined,
      decision: undecided,
      traceState: undefined,
      random: false,
      refusals: noRefusals,
      conflicts: noConflicts,
    }
    // Formats see what formats read: not the credentials that signatures are looked for in.
    const seen: FieldLine[] = []
    let present = 0
    for (const line of lines) {
      const bits = this.#bitsOf(line)
      present |= bits
      if (bits !== 0) seen.push(line)
    }
    if (present === 0) return reading

    const carrier = new Carrier(seen)
    for (const { format, bit } of this.#sources) {
      if ((present & bit) !== 0) hear(format.extract(carrier), format, reading)
    }
    // A tracestate belongs to the trace in traceparent also where nobody follows that.
    if (!this.#readsW3c && reading.arrival) noteState(w3c.extract(new Carrier(lines)), reading.arrival.traceId, reading)
    return reading
  }

  #bitsOf(line: FieldLine): number {
    const index = this.#fields.find(line, line.indexOf(':'))
    return index < 0 ? 0 : (this.#bits[index] as number)
  }
}

/** @param found what the format found */
function hear(found: ReturnType<Format['extract']>, format: Format, reading: Reading): void {
  if (found === undefined) return
  const { arrival } = reading
  if (typeof found === 'string') {
    reading.refusals = [...reading.refusals, { format: format.name, reason: found }]
  } else if (found.traceId === undefined) {
    if (!arrival && reading.decision === undecided) reading.decision = found
  } else if (!arrival) {
    reading.arrival = found
    reading.format = found.layout ?? format
    reading.decision = found
    noteState(found, found.traceId, reading)
  } else if (found.traceId === arrival.traceId) {
    noteState(found, arrival.traceId, reading)
  } else if (!isSameTrace(arrival, found)) {
    reading.conflicts = [...reading.conflicts, { format: format.name, traceId: found.traceId }]
  }
  if (typeof found === 'object' && found.also !== undefined) hear(found.also, format, reading)
}

function noteState(found: ReturnType<Format['extract']>, traceId: string, reading: Reading): void {
  if (typeof found !== 'object' || found.traceId !== traceId) return
  reading.traceState ??= found.traceState
  reading.random ||= found.random === true
}

/** An id that arrived in 64 bits is the same trace as the longer one that ends in it. */
function isSameTrace(one: Arrival, other: Arrival): boolean {
  return (one.width === 16 || other.width === 16) && one.traceId.endsWith(other.traceId.slice(16))
}

/** All names that a format reads. */
export function namesOf({ fields, alsoReads }: Format): readonly string[] {
  return alsoReads ? [...fields, ...alsoReads] : fields
}

/** Whether a format before reads all headers of this one, as b3 does those of b3-single: it would tell nothing new. */
function isCovered(format: Format, before: readonly Format[]): boolean {
  return before.some((other) => namesOf(format).every((name) => namesOf(other).includes(name)))
}
