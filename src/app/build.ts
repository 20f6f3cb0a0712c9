/** The composition root: from settings to every part, joined. */
import type { Settings } from '../config/options'
import { type Logger, onceAWhile } from '../log/logger'
import type { Exchange } from '../model/exchange'
import { Listener } from '../proxy/listener'
import { Road } from '../proxy/road'
import type { Metric } from '../telemetry/metrics'
import { UpstreamPool } from '../upstream/pool'
import { Resolver } from '../upstream/resolver'
import { annotatorOf, redactionOf } from './annotations'
import { connectionMetrics, resolverMetrics } from './connection-metrics'
import { clientLimit, descriptorLimit } from './descriptors'
import { egressOf } from './egress'
import { isOwnAddress } from './own-address'
import { coursesOf, requestIdHeaderOf } from './propagation'
import { Telemetry } from './telemetry'
import { systemClock, systemRandom } from './world'

export interface Parts {
  readonly listener: Listener
  readonly upstreams: UpstreamPool
  readonly telemetry: Telemetry
  metrics(): Metric[]
}

/** How often a trouble that goes on is told, in milliseconds. */
const TROUBLE_INTERVAL = 60_000

const SWEEPS_IN_A_TIMEOUT = 10
const LEAST_SWEEP = 10
const MOST_SWEEP = 5000

/** @throws when a file that the settings name can't be opened */
export function build(settings: Settings, log: Logger): Parts {
  const clock = systemClock()
  const random = systemRandom()
  const telemetry = new Telemetry(settings, log)
  const resolver = new Resolver(settings.dnsCache, clock)
  const upstreams = new UpstreamPool(
    {
      connect: settings.connectTimeout,
      responseHead: settings.responseHeadTimeout,
      idle: settings.upstreamIdleTimeout,
      connectionsPerDestination: settings.maxDestinationConnections,
    },
    clock,
    resolver,
    (address, port) => isOwnAddress(listener.address, address, port),
  )
  const courses = coursesOf(settings, random)
  const onExchange = withContextLog(telemetry.take, settings, log)
  const road = new Road({
    clock,
    random,
    propagationOf: (destination, method, path) => courses.of(destination, method, path).propagation,
    responseTraceHeader: settings.responseTraceHeader,
    requestIdHeader: requestIdHeaderOf(settings),
    upstreams,
    egress: egressOf(settings),
    knownMethods: new Set(settings.knownMethods),
    redactUrl: redactionOf(settings),
    annotator: annotatorOf(settings),
    via: settings.via,
    timeouts: { body: settings.bodyTimeout, tunnelIdle: settings.tunnelIdleTimeout },
    keepsLines: telemetry.readsLines,
    onExchange,
  })
  const connections = clientLimit(settings.maxConnections, descriptorLimit())
  const full = onceAWhile(
    (reason, fields) => log.warn('clients are turned away', { reason, ...fields }),
    TROUBLE_INTERVAL,
  )
  const listener = new Listener(
    road,
    {
      headBytes: settings.maxHeadSize,
      requestHead: settings.requestHeadTimeout,
      headLines: settings.maxHeadLines,
      connections,
      clientIdle: settings.clientIdleTimeout,
      sweep: sweepInterval(settings),
    },
    () => full(`${connections} connections are open: --max-connections, or half of the file descriptors there are`),
  )
  const metrics = () => [
    ...telemetry.metrics(),
    ...connectionMetrics(road, listener, upstreams),
    ...resolverMetrics(resolver),
  ]
  return { listener, upstreams, telemetry, metrics }
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
