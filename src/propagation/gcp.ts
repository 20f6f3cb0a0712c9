/** Google Cloud (https://cloud.google.com/trace/docs/trace-context#legacy-http-header): `x-cloud-trace-context`. */
import type { Format } from './format'
import { decimalOf, hexOf, isZero } from './ids'

/** `traceid[/spanid][;o=options]`, the span id decimal, the lowest bit of the options the decision. */
const cloudTraceContext = /^([0-9a-f]{32})(?:\/([0-9]{1,20}))?(?:;o=([0-9]{1,3}))?$/i

export const gcp: Format = {
  name: 'gcp',
  key: 'gcp',
  fields: ['x-cloud-trace-context'],

  extract(carrier) {
    const value = carrier.one('x-cloud-trace-context')
    if (value === undefined) return undefined
    if (value === null) return 'repeated'
    const parts = cloudTraceContext.exec(value)
    if (!parts) return 'malformed'
    const [, traceId = '', decimal = '0', options] = parts
    const spanId = hexOf(decimal)
    if (spanId === undefined) return 'malformed'
    if (isZero(traceId)) return 'all_zero'
    return {
      traceId: traceId.toLowerCase(),
      width: 32,
      // A span id of zero is none.
      spanId: isZero(spanId) ? undefined : spanId,
      sampled: options === undefined ? undefined : (Number(options) & 1) === 1,
    }
  },

  inject: ({ traceId, spanId, sampled }) => [
    `x-cloud-trace-context: ${traceId}/${decimalOf(spanId)};o=${sampled ? '1' : '0'}`,
  ],

  traceIdText: ({ traceId }) => traceId,
}
