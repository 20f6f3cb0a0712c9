/** How an exchange ended, in the terms of the OpenTelemetry HTTP conventions for clients. */
import type { Exchange } from '../model/exchange'
import { faultOf } from '../model/fault'

/**
 * The `error.type`: the fault if there was one, the status if it is an error for a client (4xx, 5xx), else undefined.
 * The client's own leaving is no error: what there is then is that of the status, for many do not read a failed response to its end.
 */
export function errorTypeOf(exchange: Exchange): string | undefined {
  if (exchange.fault !== undefined && !faultOf(exchange.fault).cancelled) return exchange.fault
  return exchange.upstreamStatus >= 400 ? String(exchange.upstreamStatus) : undefined
}
