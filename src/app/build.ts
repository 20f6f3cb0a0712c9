/** The composition root: from settings to every part, joined. */
import type { Settings } from '../config/options'
import type { Hooks } from '../hooks/runner'
import type { Logger, LogLevel } from '../log/logger'
import type { Clock, Random } from '../model/clock'
import type { Exchange } from '../model/exchange'
import { Listener, type ListenerSettings } from '../proxy/listener'
import { Road, type RoadParts } from '../proxy/road'
import type { Metric } from '../telemetry/metrics'
import { type PoolSettings, UpstreamPool } from '../upstream/pool'
import { Resolver } from '../upstream/resolver'
import { annotatorOf, namedHeadersOf, redactionOf } from './annotations'
import type { Change } from './change'
import { connectionMetrics, resolverMetrics } from './connection-metrics'
import { clientLimit, descriptorLimit } from './descriptors'
import { egressOf } from './egress'
import { hooksOf } from './hook-file'
import { isOwnAddress } from './own-address'
import { coursesOf, requestIdHeaderOf } from './propagation'
import { troubleOf } from './signals'
import { Telemetry } from './telemetry'
import { type Telling, tellingOf } from './telling'
import { systemClock, systemRandom } from './world'

export interface Parts {
  readonly listener: Listener
  readonly upstreams: UpstreamPool
  readonly telemetry: Telemetry
  metrics(): Metric[]
  /**
   * Makes ready what other settings say, for exchanges that begin after it is committed.
   * @throws when a file that they name can't be opened; nothing has changed then
   */
  prepare(settings: Settings): Change
}

const SWEEPS_IN_A_TIMEOUT = 10
const LEAST_SWEEP = 10
const MOST_SWEEP = 5000

/** What lives as long as the process, and what live settings are joined with. */
interface Basis {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly telemetry: Telemetry
  readonly hooks: Hooks | undefined
}

/** All that follows from the settings that can change while the program runs, but for outputs and exporters. */
interface Live {
  readonly telling: Telling
  readonly road: Omit<RoadParts, 'upstreams'>
  readonly clients: ListenerSettings
  readonly pool: PoolSettings
  readonly dnsCache: number
  readonly logLevel: LogLevel
}

/** From settings to what is live: the same at the start and at each reload. */
function liveOf(settings: Settings, { clock, random, log, telemetry, hooks }: Basis): Live {
  const courses = coursesOf(settings, random, hooks?.formats)
  const telling = tellingOf(settings)
  return {
    telling,
    road: {
      clock,
      random,
      propagationOf: (destination, method, path) => courses.of(destination, method, path).propagation,
      responseTraceHeader: settings.responseTraceHeader,
      requestIdHeader: requestIdHeaderOf(settings),
      egress: egressOf(settings),
      knownMethods: new Set(settings.knownMethods),
      redactUrl: redactionOf(settings),
      hidesUserAgent: namedHeadersOf(settings).isHidden('user-agent'),
      annotator: annotatorOf(settings),
      hooks: hooks?.hearsRequests ? hooks : undefined,
      via: settings.via,
      timeouts: { body: settings.bodyTimeout, tunnelIdle: settings.tunnelIdleTimeout },
      keepsLines: telemetry.readsLines(telling),
      onExchange: withContextLog(telemetry.take, settings, log),
    },
    clients: {
      headBytes: settings.maxHeadSize,
      requestHead: settings.requestHeadTimeout,
      headLines: settings.maxHeadLines,
      connections: clientLimit(settings.maxConnections, descriptorLimit()),
      clientIdle: settings.clientIdleTimeout,
      sweep: sweepInterval(settings),
    },
    pool: {
      connect: settings.connectTimeout,
      responseHead: settings.responseHeadTimeout,
      idle: settings.upstreamIdleTimeout,
      connectionsPerDestination: settings.maxDestinationConnections,
    },
    dnsCache: settings.dnsCache,
    logLevel: settings.logLevel,
  }
}

/** @throws when a file that the settings name can't be opened, or an exporter of the hooks can't be made */
export function build(settings: Settings, log: Logger): Parts {
  const clock = systemClock()
  const random = systemRandom()
  const hooks = hooksOf(settings, random, log)
  const telemetry = new Telemetry(settings, log, hooks)
  const basis: Basis = { clock, random, log, telemetry, hooks }
  const live = liveOf(settings, basis)
  const resolver = new Resolver(live.dnsCache, clock)
  const upstreams = new UpstreamPool(live.pool, clock, resolver, (address, port) =>
    isOwnAddress(listener.address, address, port),
  )
  const road = new Road({ ...live.road, upstreams })
  const full = troubleOf(log, 'clients are turned away')
  const listener = new Listener(road, live.clients, (connections) =>
    full(`${connections} connections are open: --max-connections, or half of the file descriptors there are`),
  )
  const metrics = () => [
    ...telemetry.metrics(),
    ...connectionMetrics(road, listener, upstreams),
    ...resolverMetrics(resolver),
  ]
  const renew = (next: Live): void => {
    road.parts = { ...next.road, upstreams }
    listener.renew(next.clients)
    upstreams.renew(next.pool)
    resolver.keep = next.dnsCache
    log.setLevel(next.logLevel)
  }
  const prepare = (next: Settings): Change => {
    const nextLive = liveOf(next, basis)
    const change = telemetry.prepare(next, nextLive.telling)
    return {
      commit: () => {
        change.commit()
        renew(nextLive)
      },
      abandon: () => change.abandon(),
    }
  }
  return { listener, upstreams, telemetry, metrics, prepare }
}

/** How often connections are looked through: a small part of the shortest time-out, so that none takes much longer than it says. */
function sweepInterval({ clientIdleTimeout, bodyTimeout, tunnelIdleTimeout }: Settings): number {
  const shortest = Math.min(...[clientIdleTimeout, bodyTimeout, tunnelIdleTimeout].filter((time) => time > 0))
  return Math.min(Math.max(shortest / SWEEPS_IN_A_TIMEOUT, LEAST_SWEEP), MOST_SWEEP)
}

/** At debug level, says which trace headers were there and carry no context. */
function withContextLog(take: (exchange: Exchange) => void, settings: Settings, log: Logger): typeof take {
  if (settings.logLevel !== 'debug') return take
  return (exchange) => {
    for (const refusal of exchange.contextRefusals) {
      const ids = {
        'request.id': exchange.requestId,
        trace_id: exchange.context?.traceId,
        span_id: exchange.context?.spanId,
      }
      log.debug('trace headers carry no context', { ...ids, ...refusal })
    }
    take(exchange)
  }
}
