/**
 * The span attributes: one row each, by the stable OpenTelemetry HTTP conventions (schema 1.44.0). A new attribute is a
 * new row; a row whose value is undefined is left out. What the settings add stands on the exchange (`attributes`).
 */
import type { Attribute } from '../model/attribute'
import type { Exchange } from '../model/exchange'
import { errorTypeOf } from './outcome'

export type Row = readonly [key: string, value: (exchange: Exchange) => string | number | undefined]

export const spanAttributes: readonly Row[] = [
  ['http.request.method', (x) => x.knownMethod],
  ['http.request.method_original', (x) => (x.knownMethod === '_OTHER' && x.method !== '' ? x.method : undefined)],
  ['url.full', (x) => x.url],
  ['url.template', (x) => x.urlTemplate],
  ['server.address', (x) => x.destination?.host],
  ['server.port', (x) => x.destination?.port],
  ['service.peer.name', (x) => x.peerName],
  ['network.peer.address', (x) => x.peerAddress],
  ['network.peer.port', (x) => (x.peerAddress === undefined ? undefined : x.peerPort)],
  ['network.protocol.version', (x) => (x.protocolMinor < 0 ? undefined : `1.${x.protocolMinor}`)],
  ['http.response.status_code', (x) => x.upstreamStatus || undefined],
  ['error.type', errorTypeOf],
  ['http.request.resend_count', (x) => (x.attempts > 1 ? x.attempts - 1 : undefined)],
  ['request.id', (x) => x.requestId],
  ['outspan.propagation.conflicts', (x) => (x.contextConflicts.length === 0 ? undefined : conflictsOf(x))],
  ['outspan.propagation.signed_fields', (x) => (x.signedFields.length === 0 ? undefined : x.signedFields.join(','))],
  // For a tunnel: the bytes each way.
  ['http.request.body.size', (x) => (x.isTunnel ? x.requestBodySize : x.requestBodySize || undefined)],
  ['http.response.body.size', (x) => (x.isTunnel ? x.responseBodySize : x.responseBodySize || undefined)],
  ['user_agent.original', (x) => x.userAgent],
]

/** The names of version 1.20, the last before the stable ones, for backends that still want them. */
const oldAttributes: readonly Row[] = [
  ['http.method', (x) => x.method || undefined],
  ['http.url', (x) => x.url],
  ['net.peer.name', (x) => x.destination?.host],
  ['net.peer.port', (x) => x.destination?.port],
  ['peer.service', (x) => x.peerName],
  ['net.sock.peer.addr', (x) => x.peerAddress],
  ['net.sock.peer.port', (x) => (x.peerAddress === undefined ? undefined : x.peerPort)],
  ['net.protocol.version', (x) => (x.protocolMinor < 0 ? undefined : `1.${x.protocolMinor}`)],
  ['http.status_code', (x) => x.upstreamStatus || undefined],
  ['http.resend_count', (x) => (x.attempts > 1 ? x.attempts - 1 : undefined)],
  ['http.request_content_length', (x) => x.requestBodySize || undefined],
  ['http.response_content_length', (x) => x.responseBodySize || undefined],
]

/** Rows that have no older name: they go with the old ones as well. */
const unchanged: ReadonlySet<string> = new Set([
  'url.template',
  'error.type',
  'request.id',
  'user_agent.original',
  'outspan.propagation.conflicts',
  'outspan.propagation.signed_fields',
])

/** Which names attributes have: the stable ones, those of version 1.20, or both. */
export type Semconv = 'stable' | 'dup' | 'old'

/** The rows of span attributes by the names that are wanted. */
export function attributesBy(semconv: Semconv): readonly Row[] {
  if (semconv === 'stable') return spanAttributes
  if (semconv === 'dup') return [...spanAttributes, ...oldAttributes]
  return [...oldAttributes, ...spanAttributes.filter(([key]) => unchanged.has(key))]
}

/** The older names of what child spans say. */
const olderNames: ReadonlyMap<string, string> = new Map([
  ['network.peer.address', 'net.sock.peer.addr'],
  ['network.peer.port', 'net.sock.peer.port'],
  ['network.transport', 'net.transport'],
  ['http.response.status_code', 'http.status_code'],
  ['http.request.resend_count', 'http.resend_count'],
])

/** Attributes of a child span, by the names that are wanted. */
export function childAttributesBy(semconv: Semconv, attributes: readonly Attribute[]): readonly Attribute[] {
  if (semconv === 'stable') return attributes
  const older = attributes.flatMap(({ key, value }) => {
    const name = olderNames.get(key)
    if (name === undefined) return []
    return [{ key: name, value: name === 'net.transport' ? `ip_${value}` : value }]
  })
  return [...attributes.filter(({ key }) => semconv === 'dup' || !olderNames.has(key)), ...older]
}

const HEADER = /^http\.(?:request|response)\.header\./

/** Attributes that the settings added, by the names that are wanted: version 1.20 has `_` for `-` in names of headers. */
export function addedAttributesBy(semconv: Semconv, attributes: readonly Attribute[]): readonly Attribute[] {
  if (semconv === 'stable' || attributes.length === 0) return attributes
  const named = new Map<string, Attribute>()
  for (const attribute of attributes) {
    const { key, value } = attribute
    const older = HEADER.test(key) ? key.replaceAll('-', '_') : key
    if (semconv === 'dup') named.set(key, attribute)
    if (!named.has(older)) named.set(older, { key: older, value })
  }
  return [...named.values()]
}

function conflictsOf({ contextConflicts }: Exchange): string {
  return contextConflicts.map(({ format, traceId }) => `${format}=${traceId}`).join(',')
}
