/** Of each bucket of a histogram one exchange that fell into it, with the ids of its span: the way from a figure to a trace. */
import { type Exchange, timeOf } from '../model/exchange'

export interface Exemplar {
  readonly value: number
  /** Unix milliseconds. */
  readonly time: number
  readonly traceId: string
  readonly spanId: string
}

/** Which exchanges may be exemplars: those that are sampled, all that have a trace, none. */
export type ExemplarFilter = 'trace_based' | 'always_on' | 'always_off'

/** The times between two exports: an exemplar is told once. */
export class ExemplarInterval {
  readonly #filter: ExemplarFilter
  number = 0

  constructor(filter: ExemplarFilter) {
    this.#filter = filter
  }

  mayTake({ context }: Exchange): boolean {
    if (this.#filter === 'always_off' || context === undefined) return false
    return context.sampled || this.#filter === 'always_on'
  }
}

export class Exemplars {
  readonly #slots: (Exemplar | undefined)[] = []
  /** The interval in which each bucket had its exemplar. */
  readonly #intervals: number[] = []

  /** The first of its bucket in an interval is taken: most exchanges cost a comparison. */
  offer(bucket: number, value: number, exchange: Exchange, interval: ExemplarInterval): void {
    if (this.#intervals[bucket] === interval.number || !interval.mayTake(exchange)) return
    const { traceId = '', spanId = '' } = exchange.context ?? {}
    this.#intervals[bucket] = interval.number
    this.#slots[bucket] = {
      value,
      time: timeOf(exchange, exchange.endMark),
      traceId: apart(traceId),
      spanId: apart(spanId),
    }
  }

  /** Those of an interval. */
  of({ number }: ExemplarInterval): Exemplar[] {
    return this.#slots.filter((slot, bucket) => slot && this.#intervals[bucket] === number) as Exemplar[]
  }
}

/** A copy: a cut of a text keeps all of it in memory, and an exemplar may stay for long. */
function apart(id: string): string {
  return Buffer.from(id, 'latin1').toString('latin1')
}
