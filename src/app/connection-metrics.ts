/** What is on at the moment, and what came before: exchanges, connections on both sides, names. */
import type { Listener } from '../proxy/listener'
import type { Road } from '../proxy/road'
import { clientDurations, destinationLabels } from '../telemetry/connection-durations'
import { type Metric, type Point, single } from '../telemetry/metrics'
import { MOST_SERIES, OVERFLOW } from '../telemetry/series'
import type { UpstreamPool } from '../upstream/pool'
import type { Resolver } from '../upstream/resolver'

const CONNECTION = '{connection}'
const LOOKUP = '{lookup}'

export function connectionMetrics(
  { active }: Road,
  { open, accepted, rejected, idled, durations }: Listener,
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
    clientDurations(durations),
    ...upstreamMetrics(upstreams),
    ...destinationMetrics(upstreams),
  ]
}

function upstreamMetrics({ open, idle, dialled }: UpstreamPool): Metric[] {
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
  ]
}

/** By destination, with the names of OpenTelemetry's conventions. A connection carries one request at a time. */
export function destinationMetrics({
  byDestination,
  durations,
}: Pick<UpstreamPool, 'byDestination' | 'durations'>): Metric[] {
  const active = byDestination.map((at) => ({ attributes: destinationLabels(at.destination), value: at.active }))
  const open = byDestination.flatMap((at) =>
    (['active', 'idle'] as const).map((state) => ({
      attributes: { 'http.connection.state': state, ...destinationLabels(at.destination) },
      value: at[state],
    })),
  )
  return [
    durations.metric(),
    {
      kind: 'updown',
      name: 'http.client.active_requests',
      unit: '{request}',
      description: 'Requests that are on, by where they are sent, tunnels included.',
      points: bounded(active),
    },
    {
      kind: 'updown',
      name: 'http.client.open_connections',
      unit: CONNECTION,
      description: 'Connections to destinations open, by whether an exchange is on them.',
      points: bounded(open),
    },
  ]
}

/** As many points as a metric may have; the rest is one. */
function bounded(points: readonly Point[]): readonly Point[] {
  if (points.length < MOST_SERIES) return points
  const rest = points.slice(MOST_SERIES - 1).reduce((sum, { value }) => sum + value, 0)
  return [...points.slice(0, MOST_SERIES - 1), { attributes: OVERFLOW, value: rest }]
}

export function resolverMetrics({ lookups, hits, failures }: Resolver): Metric[] {
  return [
    single('counter', 'outspan.dns.lookups', LOOKUP, 'Names that the system was asked for.', lookups),
    single('counter', 'outspan.dns.cache_hits', LOOKUP, 'Names that were known from a moment before.', hits),
    single('counter', 'outspan.dns.failures', LOOKUP, 'Names for which the system had no address.', failures),
  ]
}
