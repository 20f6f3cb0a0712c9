/**
 * The series of a metric by what an exchange was: destination, method, status, protocol, error. Finding one builds no
 * string and no object: the destination is the same object as long as it is in use, and the rest fits a number.
 */
import type { Destination } from '../model/destination'
import type { Exchange } from '../model/exchange'
import { faultCodes, faultNumbers, faultOf } from '../model/fault'
import { spanAttributes } from './attributes'
import type { Labels } from './metrics'

/** All series of a metric, the one for what is too many included: the limit of OpenTelemetry's SDK. */
export const MOST_SERIES = 2000
/** Destination objects that are remembered. There may be several for one authority. */
const REMEMBERED = 4096

/** The attributes of what came too late for a series of its own. */
export const OVERFLOW: Labels = { 'otel.metric.overflow': true }

/** The attributes that the conventions ask for, as the span has them. */
const keys = [
  'http.request.method',
  'server.address',
  'server.port',
  'http.response.status_code',
  'error.type',
  'network.protocol.version',
]
const rows = spanAttributes.filter(([key]) => keys.includes(key))

// The parts of the number, from the lowest up: two bits of protocol, ten of status, those of the fault, the rest the method.
// There are as many methods as the settings name, and those of former settings.
const MINOR_BITS = 2
const STATUS_BITS = 10
const FAULT_SHIFT = MINOR_BITS + STATUS_BITS
const METHOD_UNIT = 2 ** (FAULT_SHIFT + Math.ceil(Math.log2(faultCodes.length + 1)))

export class SeriesTable<Series> {
  readonly #begin: () => Series
  readonly #series: { readonly attributes: Labels; readonly series: Series }[] = []
  readonly #byAuthority = new Map<string, Map<number, Series>>()
  /** The same maps, by the object: looked up faster. */
  readonly #byDestination = new Map<Destination | undefined, Map<number, Series>>()
  readonly #methods = new Map<string, number>()
  #overflow: Series | undefined
  /** Exchanges that came too late for a series of their own. */
  overflowed = 0

  /** @param begin makes an empty series */
  constructor(begin: () => Series) {
    this.#begin = begin
  }

  /** The series of a finished exchange. */
  of(exchange: Exchange): Series {
    const { destination } = exchange
    const ofDestination = this.#byDestination.get(destination) ?? this.#recall(destination)
    const key = this.#keyOf(exchange)
    return ofDestination?.get(key) ?? this.#add(exchange, ofDestination, key)
  }

  /** All series with their attributes, in the order of their beginning. */
  *[Symbol.iterator](): Generator<{ readonly attributes: Labels; readonly series: Series }> {
    yield* this.#series
    if (this.#overflow) yield { attributes: OVERFLOW, series: this.#overflow }
  }

  #keyOf(exchange: Exchange): number {
    const { fault, upstreamStatus, protocolMinor } = exchange
    const faultNumber = fault === undefined || faultOf(fault).cancelled ? 0 : (faultNumbers.get(fault) as number)
    return (
      ((faultNumber << FAULT_SHIFT) | (upstreamStatus << MINOR_BITS) | (protocolMinor + 1)) +
      this.#methodNumber(exchange.knownMethod) * METHOD_UNIT
    )
  }

  #methodNumber(method: string): number {
    const known = this.#methods.get(method)
    if (known !== undefined) return known
    this.#methods.set(method, this.#methods.size)
    return this.#methods.size - 1
  }

  /** What is known of a destination whose object is new; undefined when nothing is, and nothing more can be. */
  #recall(destination: Destination | undefined): Map<number, Series> | undefined {
    const authority = destination?.authority ?? ''
    let known = this.#byAuthority.get(authority)
    if (!known) {
      if (this.#isFull) return undefined
      known = new Map()
      this.#byAuthority.set(authority, known)
    }
    if (this.#byDestination.size >= REMEMBERED) this.#byDestination.clear()
    this.#byDestination.set(destination, known)
    return known
  }

  #add(exchange: Exchange, ofDestination: Map<number, Series> | undefined, key: number): Series {
    if (!ofDestination || this.#isFull) {
      this.overflowed++
      this.#overflow ??= this.#begin()
      return this.#overflow
    }
    const series = this.#begin()
    ofDestination.set(key, series)
    this.#series.push({ attributes: attributesOf(exchange), series })
    return series
  }

  get #isFull(): boolean {
    return this.#series.length >= MOST_SERIES - 1
  }
}

function attributesOf(exchange: Exchange): Labels {
  const attributes: Record<string, string | number> = {}
  for (const [key, read] of rows) {
    const value = read(exchange)
    if (value !== undefined) attributes[key] = value
  }
  return attributes
}
