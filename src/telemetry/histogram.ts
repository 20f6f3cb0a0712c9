/** Measurements counted by size, and what a reader gets of them. */
import type { Exemplar } from './exemplars'
import type { Labels } from './metrics'

/** A histogram as it is read off. It is plain data: it travels between processes as JSON. */
export interface HistogramPoint {
  readonly attributes: Labels
  readonly count: number
  readonly sum: number
  /** How many lay in each bucket: `counts[i]` up to `bounds[i]` inclusive, the last one above all bounds. */
  readonly counts: readonly number[]
  readonly min?: number
  readonly max?: number
  readonly exemplars?: readonly Exemplar[]
}

export class Histogram {
  readonly bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0
  #min = Number.POSITIVE_INFINITY
  #max = Number.NEGATIVE_INFINITY

  /** @param bounds the upper bounds of all buckets but the last, ascending */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.#counts = new Array(bounds.length + 1).fill(0)
  }

  /** @returns the bucket */
  record(value: number): number {
    const { bounds } = this
    let bucket = 0
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++
    ;(this.#counts[bucket] as number)++
    this.#sum += value
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
    return bucket
  }

  /** @returns undefined as long as nothing was recorded */
  point(attributes: Labels): HistogramPoint | undefined {
    const counts = this.#counts.slice()
    const count = counts.reduce((sum, each) => sum + each, 0)
    if (count === 0) return undefined
    return { attributes, count, sum: this.#sum, counts, min: this.#min, max: this.#max }
  }
}

/** Two points of the same bounds and attributes as one. */
export function addedUp(one: HistogramPoint, other: HistogramPoint): HistogramPoint {
  const hasExtremes = one.min !== undefined && other.min !== undefined
  return {
    attributes: one.attributes,
    count: one.count + other.count,
    sum: one.sum + other.sum,
    counts: one.counts.map((count, bucket) => count + (other.counts[bucket] as number)),
    ...(hasExtremes && { min: Math.min(one.min, other.min), max: Math.max(one.max as number, other.max as number) }),
  }
}
