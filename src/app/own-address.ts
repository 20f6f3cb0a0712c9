/** Whether an address that we have called is the one that we listen on ourselves. */
import { networkInterfaces } from 'node:os'
import { canonicalHost } from '../model/host-pattern'
import type { ListenAddress } from '../proxy/listener'

const any: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/** @param listening what we listen on, once we do */
export function isOwnAddress(listening: ListenAddress | undefined, address: string, port: number): boolean {
  if (listening === undefined || listening.port !== port) return false
  const called = canonicalHost(address)
  const own = canonicalHost(listening.host)
  if (own === called) return true
  if (own === 'localhost') return isLoopback(called)
  return any.has(own) && (isLoopback(called) || isOfThisMachine(called))
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

function isOfThisMachine(address: string): boolean {
  const all = Object.values(networkInterfaces()).flat()
  return all.some((each) => each !== undefined && canonicalHost(each.address) === address)
}
