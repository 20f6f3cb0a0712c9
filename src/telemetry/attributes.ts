/**
 * The span attributes: one row each, by the stable OpenTelemetry HTTP conventions (schema 1.44.0). A new attribute is a
 * new row; a row whose value is undefined is left out.
 */
import type { Exchange } from '../model/exchange'
import { errorTypeOf } from './outcome'

type Row = readonly [key: string, value: (exchange: Exchange) => string | number | undefined]

/** RFC 9110's methods and PATCH, with QUERY as the conventions have it. Case-sensitive. */
const knownMethods: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'QUERY',
  'TRACE',
])

/** The method if it is known, else `_OTHER`: names and metrics stay few, whatever a client sends. */
export function knownMethod(exchange: Exchange): string {
  return knownMethods.has(exchange.method) ? exchange.method : '_OTHER'
}

export const spanAttributes: readonly Row[] = [
  ['http.request.method', knownMethod],
  ['http.request.method_original', (x) => (knownMethods.has(x.method) ? undefined : x.method)],
  ['url.full', (x) => x.url],
  ['server.address', (x) => x.destination?.host],
  ['server.port', (x) => x.destination?.port],
  ['network.peer.address', (x) => x.peerAddress],
  ['network.peer.port', (x) => (x.peerAddress === undefined ? undefined : x.peerPort)],
  ['network.protocol.version', (x) => (x.protocolMinor < 0 ? undefined : `1.${x.protocolMinor}`)],
  ['http.response.status_code', (x) => x.upstreamStatus || undefined],
  ['error.type', errorTypeOf],
  ['http.request.resend_count', (x) => (x.attempts > 1 ? x.attempts - 1 : undefined)],
  ['outspan.propagation.conflicts', (x) => (x.contextConflicts.length === 0 ? undefined : conflictsOf(x))],
  ['outspan.propagation.signed_fields', (x) => (x.signedFields.length === 0 ? undefined : x.signedFields.join(','))],
  // For a tunnel: the bytes each way.
  ['http.request.body.size', (x) => (x.isTunnel ? x.requestBodySize : x.requestBodySize || undefined)],
  ['http.response.body.size', (x) => (x.isTunnel ? x.responseBodySize : x.responseBodySize || undefined)],
]

function conflictsOf({ contextConflicts }: Exchange): string {
  return contextConflicts.map(({ format, traceId }) => `${format}=${traceId}`).join(',')
}
