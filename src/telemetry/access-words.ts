/** An exchange in one line for people: what was asked, what came, how long it took. */
import type { Exchange } from '../model/exchange'

/** `GET http://a.example/ 200 in 12 ms`; a fault stands in the place of a status that never came. */
export function accessWords(exchange: Exchange, outcome: string | number = outcomeOf(exchange)): string {
  const { method, url, startMark, endMark } = exchange
  return `${method || '-'} ${url ?? '-'} ${outcome} in ${Math.round(endMark - startMark)} ms`
}

function outcomeOf({ fault, upstreamStatus, clientStatus }: Exchange): string | number {
  return fault ?? (upstreamStatus || clientStatus || 'nothing')
}
