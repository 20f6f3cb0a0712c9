/** What a request is matched by: its destination, method and path. A rule matches when each kind that it names does. */
import type { RuleMatch } from '../config/rules'
import { type AddressRange, isInRanges, parseAddressRange } from '../model/address-range'
import type { Destination } from '../model/destination'
import { canonicalPattern, matchesHost } from '../model/host-pattern'

export type Matcher = (destination: Destination, method: string, path: string) => boolean

/** Compiles a match. All patterns have been checked by `isHostPattern` and `parseAddressRange`. */
export function compileMatch({ hosts, cidrs, ports, methods, paths }: RuleMatch): Matcher {
  const ranges = cidrs?.map((text) => parseAddressRange(text) as AddressRange)
  const patterns = hosts?.map(canonicalPattern)
  const isNamed = ({ canonicalHost }: Destination): boolean =>
    patterns?.some((pattern) => matchesHost(pattern, canonicalHost)) || isInRanges(ranges ?? [], canonicalHost)
  // A destination is one object as long as it is in use.
  const named = new WeakMap<Destination, boolean>()
  return (destination, method, path) => {
    if (ports && !ports.includes(destination.port)) return false
    if (methods && !methods.includes(method)) return false
    if (paths && !paths.some((prefix) => path.startsWith(prefix))) return false
    if (!patterns && !ranges) return true
    const known = named.get(destination)
    if (known !== undefined) return known
    const found = isNamed(destination)
    named.set(destination, found)
    return found
  }
}
