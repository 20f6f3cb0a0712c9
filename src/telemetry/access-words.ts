/** An exchange in one line for people: what was asked, what came, how long it took. */
import type { Exchange } from '../model/exchange'

/** `GET http://a.example/ 200 in 12 ms`; a fault stands in the place of a status that never came. */
export function accessWords({
  method,
  url,
  upstreamStatus,
  clientStatus,
  fault,
  startMark,
  endMark,
}: Exchange): string {
  const outcome = fault ?? (upstreamStatus || clientStatus || 'nothing')
  return `${method || '-'} ${url ?? '-'} ${outcome} in ${Math.round(endMark - startMark)} ms`
}
