/** What the settings have a span say, by the example of the README, through the running proxy. */
import type { Settings } from '../../src/config/options'
import { destination } from '../../src/model/destination'
import { type CollectedSpan, type Collector, startCollector } from '../support/collector'
import { type AccessRecord, eventually, type RunningProxy, startProxy } from '../support/proxy'
import { exampleOf } from '../support/readme'
import { answering, RawClient, type RawOrigin } from '../support/sockets'

const example = exampleOf('spans')

let collector: Collector
let origin: RawOrigin
let proxy: RunningProxy

afterEach(async () => {
  await proxy.stop()
  await origin.close()
  await collector.close()
})

const ANSWER = [
  'HTTP/1.1 200 OK',
  'Content-Length: 0',
  'Content-Type: text/plain',
  'X-RateLimit-Remaining: 1',
  'X-RateLimit-Remaining: 2',
  'Location: http://u:p@a/?sig=s&token=t',
  'Set-Cookie: s=1',
  '\r\n',
].join('\r\n')

/** One call, and what is told of it. Every name leads to the origin. */
async function tell(
  overrides: Partial<Settings>,
  method: string,
  url: string,
  headers: string[] = [],
): Promise<{ span: CollectedSpan; record: AccessRecord }> {
  collector = await startCollector()
  origin = await answering(ANSWER)
  const way = { destination: destination('127.0.0.1', origin.port, 80), authorization: undefined }
  proxy = await startProxy({
    otlpEndpoint: collector.url,
    queueDelay: 20,
    upstreamProxyRules: [{ name: 'all', match: {}, proxy: way }],
    ...overrides,
  })
  const client = new RawClient(proxy.port)
  const lines = [`${method} ${url} HTTP/1.1`, `Host: ${new URL(url).host}`, ...headers, 'Connection: close', '\r\n']
  client.send(lines.join('\r\n'))
  await client.closed()
  const [span] = await collector.waitForSpans(1)
  const [record] = await proxy.exchanges(1)
  return { span: span as CollectedSpan, record: record as AccessRecord }
}

test('the general settings of the example', async () => {
  const { span, record } = await tell(example, 'GET', 'http://payments.internal/users/7?token=t&a=1', [
    'X-Tenant: one',
    'X-Feature-A: x',
    'x-feature-a: y',
    'X-Feature-Secret: s',
    'X-Feature-Internal: s',
    'Authorization: Bearer s',
  ])
  const said = {
    'url.full': 'http://payments.internal/users/7?token=REDACTED&a=1',
    'url.template': '/users/{id}',
    'service.peer.name': 'payments',
    team: 'checkout',
    'http.request.header.x-tenant': ['one'],
    'http.request.header.x-feature-a': ['x', 'y'],
    'http.response.header.content-type': ['text/plain'],
    'http.response.header.x-ratelimit-remaining': ['1', '2'],
  }
  expect(span).toMatchObject({ name: 'GET /users/{id}', kind: 'CLIENT', attributes: said })
  expect(record).toMatchObject(said)
  expect(JSON.stringify([span.attributes, record])).not.toMatch(
    /feature-(?:secret|internal)|authorization|Bearer|location/i,
  )
})

test('a rule of the example adds attributes and has its own templates', async () => {
  const { span } = await tell(example, 'PUT', 'http://orders.internal/orders/1/items/2')
  expect(span).toMatchObject({
    name: 'PUT /orders/{order}/items/{item}',
    attributes: { team: 'checkout', domain: 'orders', 'url.template': '/orders/{order}/items/{item}' },
  })
  expect(span.attributes).not.toHaveProperty(['service.peer.name'])
})

test('a rule of the example names kind and peer', async () => {
  const { span } = await tell(example, 'POST', 'http://queue.internal/files/a/b')
  expect(span).toMatchObject({
    name: 'POST /files/*',
    kind: 'PRODUCER',
    attributes: { 'service.peer.name': 'order-queue', team: 'checkout' },
  })
})

test('a peer is named by pattern and port', async () => {
  const { span } = await tell(example, 'GET', 'http://one.db.internal:5984/')
  expect(span).toMatchObject({ name: 'GET', attributes: { 'service.peer.name': 'couchdb' } })
})

test('URLs in captured headers are redacted, a named secret is shown', async () => {
  const headers = { captureResponseHeaders: ['location', 'set-cookie'], redactQuery: ['token'] }
  const { span } = await tell(headers, 'GET', 'http://a.example/')
  expect(span.attributes).toMatchObject({
    'http.response.header.location': ['http://REDACTED:REDACTED@a/?sig=REDACTED&token=REDACTED'],
    'http.response.header.set-cookie': ['s=1'],
  })
})

test('the names of version 1.20, alone', async () => {
  const { span } = await tell({ semconv: 'old', knownMethods: ['PROPFIND'] }, 'GET', 'http://a.example/x', [
    'User-Agent: t',
  ])
  expect(span.attributes).toEqual({
    'request.id': expect.any(String),
    'http.method': 'GET',
    'http.url': 'http://a.example/x',
    'http.status_code': 200,
    'net.peer.name': 'a.example',
    'net.peer.port': 80,
    'net.sock.peer.addr': '127.0.0.1',
    'net.sock.peer.port': origin.port,
    'net.protocol.version': '1.1',
    'user_agent.original': 't',
  })
  expect(span.name).toBe('HTTP')
})

test.each(['old', 'dup'] as const)('captured headers by the names of version 1.20: %s', async (semconv) => {
  const { span } = await tell(
    { semconv, captureRequestHeaders: ['x-tenant-id', 'accept'], spanAttributes: { 'a-b': 'c' } },
    'GET',
    'http://a.example/x',
    ['X-Tenant-Id: one', 'Accept: text/html'],
  )
  const shown = Object.entries(span.attributes).filter(([key]) => /header|^a/.test(key))
  expect(Object.fromEntries(shown)).toEqual({
    'a-b': 'c',
    'http.request.header.x_tenant_id': ['one'],
    'http.request.header.accept': ['text/html'],
    ...(semconv === 'dup' && { 'http.request.header.x-tenant-id': ['one'] }),
  })
  expect(shown).toHaveLength(semconv === 'dup' ? 4 : 3)
})

test('both names, and a method that nobody knows', async () => {
  const { span } = await tell({ semconv: 'dup', knownMethods: ['GET'] }, 'PUT', 'http://a.example/x')
  expect(span.attributes).toMatchObject({
    'http.method': 'PUT',
    'http.request.method': '_OTHER',
    'http.request.method_original': 'PUT',
    'http.url': 'http://a.example/x',
    'url.full': 'http://a.example/x',
  })
  expect(await proxy.metric('outspan_exchanges_total{http_request_method="_OTHER"}')).toBe(1)
})

test('the phases are spans in the same trace, counted in the books', async () => {
  const { span: first } = await tell({ instrumentations: ['all'] }, 'GET', 'http://a.example/')
  const spans = await collector.waitForSpans(5)
  const request = spans.find(({ kind }) => kind === 'CLIENT')
  expect(spans.map(({ name }) => name).sort()).toEqual(['GET', 'connect', 'receive', 'upstream', 'wait'])
  const upstream = spans.find(({ name }) => name === 'upstream')
  expect(upstream).toMatchObject({ parentSpanId: request?.spanId, kind: 'INTERNAL', traceId: first.traceId })
  for (const name of ['connect', 'wait', 'receive']) {
    expect(spans.find((span) => span.name === name)?.parentSpanId).toBe(upstream?.spanId)
  }
  const { traces } = await eventually(async () => {
    const books = (await (await fetch(`${proxy.adminUrl}/ledger`)).json()) as { traces: Record<string, number> }
    return books.traces.exported === 5 ? books : undefined
  }, 'five exported')
  expect(traces.observed).toBe(5)
})

test.each(['old', 'dup'] as const)('the phases have the names that are wanted: %s', async (semconv) => {
  await tell({ instrumentations: ['all'], semconv }, 'GET', 'http://a.example/')
  const spans = await collector.waitForSpans(5)
  const attributesOf = (name: string) => spans.find((span) => span.name === name)?.attributes
  const older = { 'net.sock.peer.addr': '127.0.0.1', 'net.sock.peer.port': origin.port }
  const stable = { 'network.peer.address': '127.0.0.1', 'network.peer.port': origin.port }
  const both = semconv === 'dup' && { ...stable, 'http.response.status_code': 200 }
  expect(attributesOf('upstream')).toEqual({ ...older, 'http.status_code': 200, ...both })
  const transport = semconv === 'dup' && { ...stable, 'network.transport': 'tcp' }
  expect(attributesOf('connect')).toEqual({ ...older, 'net.transport': 'ip_tcp', ...transport })
})

test('without instrumentations nothing is exported, and context still travels', async () => {
  collector = await startCollector()
  origin = await answering(ANSWER)
  proxy = await startProxy({ otlpEndpoint: collector.url, queueDelay: 20, instrumentations: ['off'] })
  const client = new RawClient(proxy.port)
  client.send(`GET http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  await client.closed()
  expect(origin.received.join('')).toMatch(/^traceparent: 00-/m)
  await proxy.exchanges(1)
  expect(await (await fetch(`${proxy.adminUrl}/ledger`)).json()).toMatchObject({ traces: { observed: 0 } })
})
