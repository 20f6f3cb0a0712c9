/** Sentry (https://develop.sentry.dev/sdk/telemetry/traces/#header-sentry-trace). Its baggage passes through untouched. */
import type { Format } from './format'
import { isZero } from './ids'

/** `traceid-spanid[-decision]`; without one the decision is deferred. */
const sentryTrace = /^([0-9a-f]{32})-([0-9a-f]{16})(?:-([01]))?$/i

export const sentry: Format = {
  name: 'sentry',
  key: 'sentry',
  fields: ['sentry-trace'],

  extract(carrier) {
    const value = carrier.one('sentry-trace')
    if (value === undefined) return undefined
    if (value === null) return 'repeated'
    const parts = sentryTrace.exec(value)
    if (!parts) return 'malformed'
    const [, traceId = '', spanId = '', decision] = parts
    if (isZero(traceId) || isZero(spanId)) return 'all_zero'
    return {
      traceId: traceId.toLowerCase(),
      width: 32,
      spanId: spanId.toLowerCase(),
      sampled: decision === undefined ? undefined : decision === '1',
    }
  },

  inject: ({ traceId, spanId, sampled }) => [`sentry-trace: ${traceId}-${spanId}-${sampled ? '1' : '0'}`],

  traceIdText: ({ traceId }) => traceId,
}
