/** Instana (https://www.ibm.com/docs/en/instana-observability?topic=monitoring-traces): `x-instana-t`, `-s` and `-l`. */
import type { Format } from './format'
import { readIdPair, traceIdAsItCame } from './ids'

const traceIdDigits = /^[0-9a-f]{16}(?:[0-9a-f]{16})?$/i
/** What is behind a comma correlates with browsers. */
const level = /^([01])[ \t]*(?:,|$)/

export const instana: Format = {
  name: 'instana',
  key: 'instana',
  fields: ['x-instana-t', 'x-instana-s', 'x-instana-l'],

  extract(carrier) {
    const traceId = carrier.one('x-instana-t')
    const spanId = carrier.one('x-instana-s')
    const decision = carrier.one('x-instana-l')
    if (decision === null) return 'repeated'
    const digit = decision === undefined ? undefined : level.exec(decision)?.[1]
    const sampled = digit === undefined ? undefined : digit === '1'
    if (traceId === undefined && spanId === undefined) {
      if (decision === undefined) return undefined
      return sampled === undefined ? 'malformed' : { traceId: undefined, sampled }
    }
    const ids = readIdPair(traceId, spanId, traceIdDigits)
    if (typeof ids === 'string') return ids
    const also = decision !== undefined && sampled === undefined ? 'malformed_decision' : undefined
    return { ...ids, sampled, also }
  },

  inject: (context) => [
    `x-instana-t: ${traceIdAsItCame(context)}`,
    `x-instana-s: ${context.spanId}`,
    context.sampled ? 'x-instana-l: 1' : 'x-instana-l: 0',
  ],

  traceIdText: traceIdAsItCame,
}
