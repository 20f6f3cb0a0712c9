/** What is on at the moment, and what came before: exchanges, connections on both sides, names. */
import type { Listener } from '../proxy/listener'
import type { Road } from '../proxy/road'
import { type Metric, single } from '../telemetry/metrics'
import type { UpstreamPool } from '../upstream/pool'
import type { Resolver } from '../upstream/resolver'

const CONNECTION = '{connection}'
const LOOKUP = '{lookup}'

export function connectionMetrics(
  { active }: Road,
  { open, accepted, rejected, idled }: Listener,
  upstreams: UpstreamPool,
): Metric[] {
  return [
    single('updown', 'outspan.exchanges.active', '{exchange}', 'Exchanges that are on.', active),
    single('updown', 'outspan.client.connections.open', CONNECTION, 'Client connections open.', open),
    single('counter', 'outspan.client.connections.accepted', CONNECTION, 'Client connections accepted.', accepted),
    single(
      'counter',
      'outspan.client.connections.rejected',
      CONNECTION,
      'Client connections over the limit.',
      rejected,
    ),
    single(
      'counter',
      'outspan.client.connections.idled',
      CONNECTION,
      'Client connections ended because no request was on them for too long.',
      idled,
    ),
    ...upstreamMetrics(active, upstreams),
  ]
}

function upstreamMetrics(active: number, { open, idle, dialled }: UpstreamPool): Metric[] {
  return [
    single('updown', 'outspan.upstream.connections.open', CONNECTION, 'Connections to destinations open.', open),
    single('updown', 'outspan.upstream.connections.idle', CONNECTION, 'Of these, unused at the moment.', idle),
    single(
      'counter',
      'outspan.upstream.connections.dialled',
      CONNECTION,
      'Connections to destinations begun.',
      dialled,
    ),
    // The same by the names of OpenTelemetry's conventions, for all destinations together.
    single('updown', 'http.client.active_requests', '{request}', 'Requests that are on, tunnels included.', active),
    {
      kind: 'updown',
      name: 'http.client.open_connections',
      unit: CONNECTION,
      description: 'Connections to destinations open, by whether an exchange is on them.',
      points: [
        { attributes: { 'http.connection.state': 'active' }, value: open - idle },
        { attributes: { 'http.connection.state': 'idle' }, value: idle },
      ],
    },
  ]
}

export function resolverMetrics({ lookups, hits, failures }: Resolver): Metric[] {
  return [
    single('counter', 'outspan.dns.lookups', LOOKUP, 'Names that the system was asked for.', lookups),
    single('counter', 'outspan.dns.cache_hits', LOOKUP, 'Names that were known from a moment before.', hits),
    single('counter', 'outspan.dns.failures', LOOKUP, 'Names for which the system had no address.', failures),
  ]
}
