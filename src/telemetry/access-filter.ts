/** Which exchanges get a line in the access log. */
import type { Exchange } from '../model/exchange'
import { statusTable } from '../model/status-ranges'

export interface AccessFilterSettings {
  /** Statuses that the client was told: `404` or `400-499`. */
  readonly statuses: readonly string[]
  /** Milliseconds; undefined for no such wish. */
  readonly slowerThan: number | undefined
  /** Whatever ended with a fault: refused, failed, broken off by either side. */
  readonly failures: boolean
  /** One in so many of the others; undefined for none of them, or for all where nothing was wished for. */
  readonly sample: number | undefined
}

/** Digits of a request id that are looked at: they are random. */
const DIGITS = 12

/**
 * @returns whether an exchange is logged: what the settings name always is, and of the others one in `sample`. undefined
 *   where all are
 */
export function accessFilter({
  statuses,
  slowerThan = Number.POSITIVE_INFINITY,
  failures,
  sample,
}: AccessFilterSettings): ((exchange: Exchange) => boolean) | undefined {
  const namesSome = statuses.length > 0 || slowerThan < Number.POSITIVE_INFINITY || failures
  const oneIn = sample ?? (namesSome ? Number.POSITIVE_INFINITY : 1)
  if (oneIn === 1) return undefined
  const isNamed = statusTable(statuses)
  return (x) =>
    isNamed[x.clientStatus] === 1 ||
    x.endMark - x.startMark > slowerThan ||
    (failures && x.fault !== undefined) ||
    (oneIn !== Number.POSITIVE_INFINITY && Number.parseInt(x.requestId.slice(0, DIGITS), 16) % oneIn === 0)
}
