/** A connection by its two ends, so that who opened it and who accepted it can find out that they are the same. */
import { canonicalHost } from '../model/host-pattern'

/** @param fromAddress the end that opened the connection */
export function endsOf(
  fromAddress: string | undefined,
  fromPort: number | undefined,
  toAddress: string | undefined,
  toPort: number | undefined,
): string {
  return `${canonicalHost(fromAddress ?? '')} ${fromPort} ${canonicalHost(toAddress ?? '')} ${toPort}`
}
