/** Instana (https://www.ibm.com/docs/en/instana-observability?topic=monitoring-traces): `x-instana-t`, `-s` and `-l`. */
import type { Format } from './format'
import { isZero, traceIdAsItCame, traceIdOf } from './ids'

const traceIdDigits = /^[0-9a-f]{16}(?:[0-9a-f]{16})?$/i
const spanIdDigits = /^[0-9a-f]{16}$/i
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
    if (traceId === null || spanId === null || decision === null) return 'repeated'
    const digit = decision === undefined ? undefined : level.exec(decision)?.[1]
    const sampled = digit === undefined ? undefined : digit === '1'
    if (traceId === undefined && spanId === undefined) {
      if (decision === undefined) return undefined
      return sampled === undefined ? 'malformed' : { traceId: undefined, sampled }
    }
    if (traceId === undefined || spanId === undefined) return 'incomplete'
    if (!traceIdDigits.test(traceId) || !spanIdDigits.test(spanId)) return 'malformed'
    if (isZero(traceId) || isZero(spanId)) return 'all_zero'
    return {
      traceId: traceIdOf(traceId),
      width: traceId.length === 16 ? 16 : 32,
      spanId: spanId.toLowerCase(),
      sampled,
    }
  },

  inject: (context) => [
    `x-instana-t: ${traceIdAsItCame(context)}`,
    `x-instana-s: ${context.spanId}`,
    context.sampled ? 'x-instana-l: 1' : 'x-instana-l: 0',
  ],

  traceIdText: traceIdAsItCame,
}
