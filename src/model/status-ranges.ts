/** Sets of HTTP statuses, given as ranges: `404`, `500-599`. */

const STATUSES = 1000

/** A table that holds 1 at each status of the ranges. @param ranges three digits each, the lower one first */
export function statusTable(ranges: readonly string[]): Uint8Array {
  const table = new Uint8Array(STATUSES)
  for (const range of ranges) {
    const [first, last = first] = range.split('-').map(Number) as [number, number?]
    table.fill(1, first, last + 1)
  }
  return table
}
