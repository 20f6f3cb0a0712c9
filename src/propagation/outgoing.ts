/** What is written for a trace, compiled once for each format in which a trace can arrive. */
import { FieldNames } from '../model/field-line'
import type { BaggageEntry, Notation, TraceContext } from '../model/trace-context'
import type { Format } from './format'
import { w3c } from './w3c'

/** `preserve` writes the format in which the trace arrived, else the default one. */
export type Injected = Format | 'preserve'

/** Names, in lower case, that frame or route a message: to clear them would make another message of it. */
export const neverCleared: ReadonlySet<string> = new Set(['host', 'content-length', 'transfer-encoding'])

export class Outgoing {
  /** In the order in which they are written, each once. Of those that write the same header, the first. */
  readonly formats: readonly Format[]
  /** The headers to clear. */
  readonly clear: FieldNames
  /** The headers that go before anything is written: those of the formats, and those to clear. */
  readonly stale: FieldNames
  /** The format that arrived and those that go out, each way of writing an id once. */
  readonly notations: readonly Notation[]
  readonly #clearsTraceState: boolean
  /** Of the formats between which baggage may cross. */
  readonly #baggagePrefixes: readonly string[]

  constructor(arrived: Format | undefined, inject: readonly Injected[], defaultFormat: Format, clear: FieldNames) {
    this.clear = clear
    this.#clearsTraceState = clear.names.includes('tracestate')
    const byName = new Map<string, Format>()
    for (const injected of inject) {
      const format = injected === 'preserve' ? (arrived ?? defaultFormat) : injected
      if (![...byName.values()].some((other) => collide(format, other))) byName.set(format.name, format)
    }
    this.formats = [...byName.values()]
    this.stale = new FieldNames([...this.formats.flatMap(({ fields }) => fields), ...clear.names])
    this.#baggagePrefixes = (arrived ? [arrived, ...this.formats] : this.formats).flatMap(
      ({ baggagePrefix }) => baggagePrefix ?? [],
    )
    const byKey = new Map<string, Notation>()
    for (const format of arrived ? [arrived, ...this.formats] : this.formats) byKey.set(format.key, format)
    // What goes out nowhere is exported all the same, and the log has to name it.
    if (byKey.size === 0) byKey.set(w3c.key, w3c)
    this.notations = [...byKey.values()]
  }

  /** The context without what is to be cleared: neither tracestate nor baggage goes on with the trace then. */
  cleared(context: TraceContext): TraceContext {
    if (this.clear.names.length === 0) return context
    const traceState = this.#clearsTraceState ? undefined : context.traceState
    const baggage = context.baggage.filter((entry) => !this.#clearsBaggage(entry))
    return { ...context, traceState, baggage }
  }

  /** By the name that it came with, or would go out with. */
  #clearsBaggage(entry: BaggageEntry): boolean {
    return this.#baggagePrefixes.some((prefix) => this.clear.hold(prefix + entry))
  }
}

/** Two lines of one name are no context to whoever reads them. Ours keep apart what they write; an adapted one may write anything. */
function collide(one: Format, other: Format): boolean {
  return Boolean(one.isAdapted || other.isAdapted) && one.fields.some((field) => other.fields.includes(field))
}

/** The header names to clear, in lower case. */
export function clearedNames(clear: readonly string[]): FieldNames {
  return new FieldNames(clear.map((name) => name.toLowerCase()).filter((name) => !neverCleared.has(name)))
}
