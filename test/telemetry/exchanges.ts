import { options } from '../../src/config/options'
import { destination } from '../../src/model/destination'
import { Exchange } from '../../src/model/exchange'
import type { TraceContext } from '../../src/model/trace-context'
import { w3c } from '../../src/propagation/w3c'

export const startTime = Date.UTC(2024, 1, 29, 12, 34, 56, 789) + 0.25

export const context: TraceContext = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: '00f067aa0ba902b7',
  parentSpanId: 'b7ad6b7169203331',
  sampled: true,
  random: false,
  traceState: undefined,
  carriesTraceState: false,
  width: 32,
  nuance: undefined,
  baggage: [],
  notations: [w3c],
  format: 'w3c',
}

export type Facts = { -readonly [Key in keyof Exchange]?: Exchange[Key] }

/** A finished exchange with these facts, which began at mark 1000 and took 250 ms. */
export function exchangeOf(facts: Facts): Exchange {
  const exchange = new Exchange(
    facts.requestId ?? 'request-1',
    facts.startTime ?? startTime,
    facts.startMark ?? 1000,
    facts.clientAddress ?? '127.0.0.1',
    facts.clientPort ?? 40_000,
  )
  const knownMethod = options.knownMethods.default.includes(facts.method ?? '') ? facts.method : '_OTHER'
  return Object.assign(exchange, { endMark: exchange.startMark + 250, knownMethod }, facts)
}

/** What every request knows that went to example.com. */
export const get: Facts = {
  method: 'GET',
  url: 'http://example.com/a?b=c',
  destination: destination('example.com', 80, 80),
  context,
}

/** What an exchange knows that reached its destination. */
export const connected: Facts = { attempts: 1, peerAddress: '192.0.2.1', peerPort: 80, dnsTime: 1.5, connectTime: 20 }

export const answered: Facts = {
  ...connected,
  requestSentMark: 1050,
  responseHeadMark: 1150,
  protocolMinor: 1,
  upstreamStatus: 200,
  clientStatus: 200,
  responseBodySize: 12,
}

export const tunnel: Facts = {
  method: 'CONNECT',
  url: '//example.com:443',
  destination: destination('example.com', 443, 0),
  context,
}
