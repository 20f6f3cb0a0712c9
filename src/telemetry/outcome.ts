/** How an exchange ended, in the terms of the OpenTelemetry HTTP conventions for clients. */
import type { Exchange } from '../model/exchange'
import { faultOf } from '../model/fault'

/**
 * The `error.type`: the fault if there was one, the status if it is an error for a client (4xx, 5xx), else undefined.
 * The client's own leaving is no error, and has none.
 */
export function errorTypeOf(exchange: Exchange): string | undefined {
  if (exchange.fault !== undefined) return faultOf(exchange.fault).cancelled ? undefined : exchange.fault
  return exchange.upstreamStatus >= 400 ? String(exchange.upstreamStatus) : undefined
}
