/** The promise of the product: what goes out on the wire and what the collector gets are the same span. */
import { type Collector, startCollector } from '../support/collector'
import { eventually, type RunningProxy, startProxy } from '../support/proxy'
import { answering, freePort, OK, RawClient, type RawOrigin, startOrigin } from '../support/sockets'

let collector: Collector
let origin: RawOrigin
let proxy: RunningProxy

beforeEach(async () => {
  // A port that stays free while the collector is away.
  collector = await startCollector({ port: await freePort() })
  origin = await answering(OK)
  proxy = await startProxy({ otlpEndpoint: collector.url, queueDelay: 20, serviceName: 'caller' })
})

afterEach(async () => {
  await proxy.stop()
  await origin.close()
  await collector.close()
})

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'

async function call(headers: string): Promise<string> {
  const client = new RawClient(proxy.port)
  client.send(`GET http://127.0.0.1:${origin.port}/a?b=1 HTTP/1.1\r\nHost: x\r\n${headers}Connection: close\r\n\r\n`)
  await client.closed()
  return origin.received.join('')
}

const sentContext = (received: string) =>
  /^traceparent: 00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})\r$/m.exec(received)

test('the id on the wire is the exported id, and the id in the log', async () => {
  const [, traceId, spanId, flags] = sentContext(await call('')) ?? []
  expect(flags).toBe('03')
  const [span] = await collector.waitForSpans(1)
  expect(span).toMatchObject({ traceId, spanId, parentSpanId: '', name: 'GET', kind: 'CLIENT' })
  expect(span?.status.code).toBe('UNSET')
  expect(span?.attributes).toEqual({
    'http.request.method': 'GET',
    'url.full': `http://127.0.0.1:${origin.port}/a?b=1`,
    'server.address': '127.0.0.1',
    'server.port': origin.port,
    'network.peer.address': '127.0.0.1',
    'network.peer.port': origin.port,
    'network.protocol.version': '1.1',
    'http.response.status_code': 200,
    'http.response.body.size': 2,
    'request.id': expect.stringMatching(/^[0-9a-f]{32}$/),
  })
  expect(span?.resource).toMatchObject({ 'service.name': 'caller', 'telemetry.sdk.name': 'outspan' })
  const [record] = await proxy.exchanges(1)
  expect(record).toMatchObject({ trace_id: { w3c: traceId }, span_id: spanId, sampled: true })
  expect(Date.parse(record?.timestamp as string)).toBe(Number((span?.startTimeUnixNano as bigint) / 1_000_000n))
})

test('a trace that arrives goes on: same trace, the caller as parent, tracestate as it came', async () => {
  const received = await call(
    `TraceParent: 00-${TRACE}-${PARENT}-01\r\ntracestate: a=1\r\nX: y\r\nTracestate: b=2\r\nbaggage: k = v;p\r\n`,
  )
  const [, traceId, spanId, flags] = sentContext(received) ?? []
  expect([traceId, flags]).toEqual([TRACE, '01'])
  expect(spanId).not.toBe(PARENT)
  expect(received.match(/^trace(parent|state):/gim)).toHaveLength(2)
  expect(received).toContain('tracestate: a=1,b=2\r\n')
  expect(received).toContain('baggage: k = v;p\r\n')
  const [span] = await collector.waitForSpans(1)
  expect(span).toMatchObject({ traceId: TRACE, spanId, parentSpanId: PARENT, traceState: 'a=1,b=2', flags: 0x301 })
})

test('an unsampled trace travels on and is not exported', async () => {
  const received = await call(`traceparent: 00-${TRACE}-${PARENT}-00\r\n`)
  expect(sentContext(received)?.slice(1)).toEqual([TRACE, expect.not.stringContaining(PARENT), '00'])
  const [record] = await proxy.exchanges(1)
  expect(record).toMatchObject({ sampled: false, parent_span_id: PARENT })
  await proxy.stop()
  expect(collector.spans()).toEqual([])
})

test.each([
  ['malformed', `traceparent: 00-${TRACE}-${PARENT}\r\n`],
  ['all zero', `traceparent: 00-${'0'.repeat(32)}-${PARENT}-01\r\n`],
  ['repeated', `traceparent: 00-${TRACE}-${PARENT}-01\r\ntraceparent: 00-${TRACE}-${PARENT}-01\r\n`],
  ['unknown version', `traceparent: ff-${TRACE}-${PARENT}-01\r\n`],
])('context that is %s starts a new trace, drops tracestate, and is counted', async (_reason, headers) => {
  const received = await call(`${headers}tracestate: stale=1\r\n`)
  expect(received.match(/^traceparent:/gim)).toHaveLength(1)
  expect(sentContext(received)?.[1]).not.toBe(TRACE)
  expect(received).not.toContain('tracestate')
  await eventually(async () => {
    const metrics = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
    return /outspan_propagation_refusals_total\{[^}]*format="w3c"[^}]*\} 1\b/.test(metrics) || undefined
  }, 'the refusal, counted')
})

test('a failure has a span without a status code', async () => {
  const client = new RawClient(proxy.port)
  client.send('GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  await client.closed()
  const [span] = await collector.waitForSpans(1)
  expect(span?.status.code).toBe('ERROR')
  expect(span?.attributes).toMatchObject({ 'error.type': 'connection_refused', 'server.port': 1 })
  expect(span?.attributes).not.toHaveProperty('http.response.status_code')
})

test('a tunnel is a span with its bytes each way', async () => {
  const echo = await startOrigin((socket, _all, bytes) => socket.write(bytes))
  const client = new RawClient(proxy.port)
  client.send(
    `CONNECT 127.0.0.1:${echo.port} HTTP/1.1\r\nHost: x\r\ntraceparent: 00-${TRACE}-${PARENT}-01\r\n\r\nhello`,
  )
  await client.receives('hello')
  client.socket.end()
  const [span] = await collector.waitForSpans(1)
  expect(span).toMatchObject({ name: 'CONNECT', traceId: TRACE, parentSpanId: PARENT })
  expect(span?.attributes).toMatchObject({
    'url.full': `//127.0.0.1:${echo.port}`,
    'http.request.body.size': 5,
    'http.response.body.size': 5,
  })
  await echo.close()
})

test('a collector that is away costs no request anything, and gets the spans when it is back', async () => {
  const { port } = collector
  await collector.close()
  const before = performance.now()
  for (let i = 0; i < 20; i++) await call('')
  // One that waited for the collector would take seconds alone.
  expect(performance.now() - before).toBeLessThan(8000)
  collector = await startCollector({ port })
  expect(await collector.waitForSpans(20)).toHaveLength(20)
})

test('what is left is sent at the end', async () => {
  await proxy.stop()
  proxy = await startProxy({ otlpEndpoint: collector.url, queueDelay: 60_000 })
  await call('')
  await proxy.becomes('outspan_spans_queued', 1)
  await proxy.stop()
  expect(collector.spans()).toHaveLength(1)
})
