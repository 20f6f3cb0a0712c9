/** Which way out a request takes: straight to its destination, or through an upstream proxy. */

import type { ProxyRule } from '../config/rules'
import type { UpstreamProxy } from '../config/upstream-proxy'
import { isInRanges, parseAddressRange } from '../model/address-range'
import type { Destination } from '../model/destination'
import { canonicalHost, matchesHost } from '../model/host-pattern'
import { Courses } from './course'

export interface EgressSettings {
  readonly proxy: UpstreamProxy | undefined
  /** Destinations that are called directly, as NO_PROXY lists them. */
  readonly bypass: readonly string[]
  /** The first that matches decides, whatever the bypass says. */
  readonly rules: readonly ProxyRule[]
}

interface Way {
  /** Undefined for the straight one. */
  readonly proxy: UpstreamProxy | undefined
}

export class Egress {
  readonly #general: UpstreamProxy | undefined
  readonly #bypass: readonly ((destination: Destination) => boolean)[]
  readonly #ruled: Courses<Way | undefined>
  /** A destination is one object as long as it is in use. */
  readonly #known = new WeakMap<Destination, Way>()
  /** Whether every request goes straight. */
  readonly isDirect: boolean

  constructor({ proxy, bypass, rules }: EgressSettings) {
    this.#general = proxy
    this.#bypass = bypass.map(compileBypass)
    this.#ruled = new Courses<Way | undefined>(
      undefined,
      rules.map((rule) => ({ match: rule.match, course: rule })),
    )
    this.isDirect = proxy === undefined && rules.every((rule) => rule.proxy === undefined)
  }

  /** @returns undefined for the straight way */
  of(destination: Destination, method: string, path: string): UpstreamProxy | undefined {
    const ruled = this.#ruled.of(destination, method, path)
    if (ruled) return ruled.proxy
    let known = this.#known.get(destination)
    if (!known) {
      known = { proxy: this.#bypass.some((isBypassed) => isBypassed(destination)) ? undefined : this.#general }
      this.#known.set(destination, known)
    }
    return known.proxy
  }
}

/**
 * An entry of NO_PROXY: `*`, an address, a range of addresses, or a name, which stands for the names below it too; with a
 * dot or `*.` before it, for those only. A port behind it limits the entry to that port.
 */
function compileBypass(entry: string): (destination: Destination) => boolean {
  const [, host = '', port] = /^(.*?)(?::([0-9]+))?$/.exec(/^[^[:]*:[^:]*:/.test(entry) ? `[${entry}]` : entry) ?? []
  const isPort = (destination: Destination) => port === undefined || destination.port === Number(port)
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  const range = parseAddressRange(bare)
  if (range) return (destination) => isPort(destination) && isInRanges([range], destination.canonicalHost)
  const below = `*.${bare.replace(/^\*?\./, '')}`
  const isOnlyBelow = /^\*?\./.test(bare)
  const name = canonicalHost(bare)
  return (destination) =>
    isPort(destination) &&
    (bare === '*' ||
      (!isOnlyBelow && destination.canonicalHost === name) ||
      matchesHost(below, destination.canonicalHost))
}
