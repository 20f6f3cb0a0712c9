/** Ranges of IP addresses in CIDR notation: `10.0.0.0/8`, `fd00::/8`. */
import { canonicalHost, isIpv6 } from './host-pattern'

export interface AddressRange {
  readonly bits: number
  readonly address: bigint
  readonly isIpv6: boolean
}

/** What stands before an IPv4 address that is written as an IPv6 one. */
const MAPPED_BITS = 96

/** @returns undefined when the text is no address range */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [address = '', prefix = '', ...rest] = text.split('/')
  const isMapped = address.includes(':') && canonicalHost(address).includes('.')
  const parsed = parseAddress(isMapped ? canonicalHost(address) : address)
  const width = parsed?.isIpv6 ? 128 : 32
  const bits = /^[0-9]{1,3}$/.test(prefix) ? Number(prefix) - (isMapped ? MAPPED_BITS : 0) : Number.NaN
  return parsed && rest.length === 0 && bits >= 0 && bits <= width ? { ...parsed, bits } : undefined
}

/** Whether the host, in its canonical form, is an address in one of the ranges; a name is in none. */
export function isInRanges(ranges: readonly AddressRange[], host: string): boolean {
  const parsed = parseAddress(host)
  if (!parsed) return false
  return ranges.some(({ address, bits, isIpv6 }) => {
    const rest = BigInt((isIpv6 ? 128 : 32) - bits)
    return isIpv6 === parsed.isIpv6 && address >> rest === parsed.address >> rest
  })
}

function parseAddress(text: string): Omit<AddressRange, 'bits'> | undefined {
  if (/^(?:[0-9]{1,3}\.){3}[0-9]{1,3}$/.test(text)) {
    const parts = text.split('.').map(Number)
    if (parts.some((part) => part > 255)) return undefined
    return { isIpv6: false, address: parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n) }
  }
  if (!text.includes(':') || !isIpv6(text)) return undefined
  // The URL's form is canonical: hexadecimal groups, one gap at most.
  const [head = '', tail] = new URL(`http://[${text}]/`).hostname.slice(1, -1).split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const given = [groups(head), groups(tail ?? '')] as const
  const gap = Array<string>(8 - given[0].length - given[1].length).fill('0')
  const all = tail === undefined ? given[0] : [...given[0], ...gap, ...given[1]]
  return { isIpv6: true, address: all.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n) }
}
