/** Exchanges that are over, for what takes them. */

import { options } from '../../src/config/options'
import type { Batch } from '../../src/export/exporter'
import { Exchange } from '../../src/model/exchange'
import type { TraceContext } from '../../src/model/trace-context'
import { w3c } from '../../src/propagation/w3c'
import { spanWriter } from '../../src/telemetry/otlp-span'
import { ProtobufWriter } from '../../src/telemetry/protobuf'

const writeSpan = spanWriter('stable')
let made = 0

/** A sampled exchange, GET with 200, each with ids of its own. */
export function finishedExchange(facts: Partial<Exchange> = {}, context: Partial<TraceContext> = {}): Exchange {
  made++
  const exchange = new Exchange(`request-${made}`, 1_700_000_000_000 + made, 1000, '127.0.0.1', 40_000)
  return Object.assign(exchange, {
    method: 'GET',
    knownMethod: options.knownMethods.default.includes(facts.method ?? 'GET') ? (facts.method ?? 'GET') : '_OTHER',
    url: `http://example.com/${made}`,
    upstreamStatus: 200,
    clientStatus: 200,
    protocolMinor: 1,
    attempts: 1,
    endMark: 1250,
    context: {
      traceId: made.toString(16).padStart(32, 'a'),
      spanId: made.toString(16).padStart(16, 'b'),
      parentSpanId: undefined,
      sampled: true,
      random: true,
      traceState: undefined,
      carriesTraceState: false,
      width: 32,
      nuance: undefined,
      baggage: [],
      notations: [w3c],
      format: undefined,
      ...context,
    },
    ...facts,
  })
}

/** Exchanges as the queue hands them to an exporter. */
export function batchOf(...exchanges: Exchange[]): Batch {
  const writer = new ProtobufWriter()
  for (const exchange of exchanges) writeSpan(writer, exchange)
  return { bytes: writer.take(), count: exchanges.length }
}
