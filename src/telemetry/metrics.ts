/** The shape of a metric as it is read off, and the tally that exchanges are counted in. */
import type { Exchange } from '../model/exchange'
import type { ExemplarFilter } from './exemplars'
import type { HistogramPoint } from './histogram'
import { HttpMetrics } from './http-metrics'
import { errorTypeOf } from './outcome'
import { MOST_SERIES, OVERFLOW } from './series'

export type Metric = NumberMetric | HistogramMetric

interface Named {
  /** OpenTelemetry style, dots between words. */
  readonly name: string
  readonly description: string
  /** UCUM, as in the semantic conventions: `By`, `s`, `{request}`. */
  readonly unit: string
  /** What was counted since the last export, not since the start. */
  readonly isDelta?: true
}

export interface NumberMetric extends Named {
  /** `updown` is a count that also falls: OpenTelemetry's UpDownCounter. A `gauge` is any other number as it is now. */
  readonly kind: 'counter' | 'updown' | 'gauge'
  readonly points: readonly Point[]
  /** What several processes amount to: the sum, unless it says otherwise. */
  readonly merge?: 'max'
}

export interface HistogramMetric extends Named {
  readonly kind: 'histogram'
  /** The upper bounds of all buckets but the last, ascending. */
  readonly bounds: readonly number[]
  readonly points: readonly HistogramPoint[]
}

export type Labels = Readonly<Record<string, string | number | boolean>>

export interface Point {
  readonly attributes: Labels
  readonly value: number
}

/** A metric of a single number. */
export function single(
  kind: NumberMetric['kind'],
  name: string,
  unit: string,
  description: string,
  value: number,
): NumberMetric {
  return { name, description, unit, kind, points: [{ attributes: {}, value }] }
}

/** The key of what came when there were all the series that there may be. */
const REST = ''

/** Counts by label. Most labels come from closed lists, but a destination may answer with any status. */
class Counts {
  readonly #points = new Map<string, { readonly attributes: Labels; value: number }>()

  add(key: string, attributes: () => Labels): void {
    const point = this.#points.get(key)
    if (point) point.value++
    else if (this.#points.size < MOST_SERIES - 1 || key === REST)
      this.#points.set(key, { attributes: attributes(), value: 1 })
    else this.add(REST, () => OVERFLOW)
  }

  /** Copies: who keeps them to tell what came since has what was read off. */
  get points(): readonly Point[] {
    return Array.from(this.#points.values(), (point) => ({ ...point }))
  }
}

/** What all exchanges so far amount to. */
export class Tally {
  readonly #exchanges = new Counts()
  readonly #contextRefusals = new Counts()
  readonly #contextConflicts = new Counts()
  readonly #http: HttpMetrics
  #signedFields = 0
  #requestBodyBytes = 0
  #responseBodyBytes = 0
  #resends = 0

  constructor(exemplars: ExemplarFilter = 'always_off') {
    this.#http = new HttpMetrics(exemplars)
  }

  /** What was read off has been exported: exemplars are told once. */
  exported(): void {
    this.#http.exported()
  }

  add(exchange: Exchange): void {
    const method = exchange.knownMethod
    const outcome = exchange.fault ?? errorTypeOf(exchange)
    // Without an error the method is the key: nothing is put together for the usual case.
    this.#exchanges.add(outcome === undefined ? method : `${method} ${outcome}`, () => ({
      'http.request.method': method,
      ...(outcome !== undefined && { 'error.type': outcome }),
    }))
    this.#http.add(exchange)
    this.#requestBodyBytes += exchange.requestBodySize
    this.#responseBodyBytes += exchange.responseBodySize
    if (exchange.attempts > 1) this.#resends += exchange.attempts - 1
    for (const { format } of exchange.contextConflicts) {
      this.#contextConflicts.add(format, () => ({ 'outspan.propagation.format': format }))
    }
    this.#signedFields += exchange.signedFields.length
    for (const { format, reason } of exchange.contextRefusals) {
      this.#contextRefusals.add(`${format} ${reason}`, () => ({ 'outspan.propagation.format': format, reason }))
    }
  }

  metrics(): Metric[] {
    return [
      {
        kind: 'counter',
        name: 'outspan.exchanges',
        unit: '{exchange}',
        description: 'Exchanges that ended, by method and, where they failed, by error.type.',
        points: this.#exchanges.points,
      },
      single('counter', 'outspan.request.body.size', 'By', 'Request body bytes relayed.', this.#requestBodyBytes),
      single('counter', 'outspan.response.body.size', 'By', 'Response body bytes relayed.', this.#responseBodyBytes),
      single('counter', 'outspan.resends', '{request}', 'Requests sent again on a new connection.', this.#resends),
      {
        kind: 'counter',
        name: 'outspan.propagation.refusals',
        unit: '{request}',
        description: 'Trace headers that were present and carry no context, by format and reason.',
        points: this.#contextRefusals.points,
      },
      {
        kind: 'counter',
        name: 'outspan.propagation.conflicts',
        unit: '{request}',
        description: 'Requests that carried another trace in this format beside the one that went on.',
        points: this.#contextConflicts.points,
      },
      single(
        'counter',
        'outspan.propagation.signed_fields',
        '{field}',
        'Headers left alone because they were signed.',
        this.#signedFields,
      ),
      ...this.#http.metrics(),
      single(
        'counter',
        'outspan.metrics.overflowed',
        '{exchange}',
        'Exchanges that came when a metric had all the series it may have, and share one.',
        this.#http.overflowed,
      ),
    ]
  }
}
