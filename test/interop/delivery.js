/** All three signals of real traffic at the collector, by one transport: what it wrote is what outspan's books say. */
'use strict'
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { Collector, attributesOf, pointsOf } = require('./collector')
const { Outspan, sumOf } = require('./outspan')
const { eventually } = require('./pause')
const { context, send, startOrigin, tunnel } = require('./traffic')

const GETS = 40
/** Besides them: one of a known caller, one unsampled, one of what is missing, a POST, one that fails, and a tunnel. */
const CALLS = GETS + 6
const KIND_CLIENT = 3
const STATUS_ERROR = 2
/** Bits of trace flags. */
const SAMPLED = 1
const W3C_FLAGS = 0xff
const CUMULATIVE = 2

async function deliver({ binary, folder, protocol }) {
  const collector = await Collector.make(binary, folder)
  const origin = await startOrigin()
  const accessLog = path.join(folder, 'access.log')
  const began = Date.now()
  try {
    await collector.start()
    const outspan = await Outspan.start(
      ...['--otlp-endpoint', collector.endpoint(protocol), '--otlp-protocol', protocol, '--access-log', accessLog],
      ...['--service-name', 'interop', '--resource-attribute', 'deployment.environment.name=test'],
      ...['--metrics-interval', '300ms', '--queue-delay', '100ms'],
    )
    const { caller, unsampled } = await traffic(outspan.proxy, origin)
    const before = await eventually(async () => {
      const books = await outspan.ledger()
      const { traces, logs, metrics } = books
      // The end of a tunnel is seen by its client first.
      const areAllThere = traces.observed === CALLS && traces.queued === 0
      return areAllThere && logs.queued === 0 && metrics.exported > 0 && books
    }, 'the end of the queues')
    const books = await outspan.stop()
    await collector.stop()

    const spans = collector.entries('traces')
    const logs = collector.entries('logs')
    const metrics = collector.entries('metrics')
    const records = fs.readFileSync(accessLog, 'utf8').trim().split('\n').map(JSON.parse)
    checkBooks({ before, books, spans, logs, metrics })
    checkResources({ spans, logs, metrics })
    checkSpans({ spans, records, caller, unsampled, origin, began })
    checkLogs({ logs, spans, records, unsampled })
    checkMetrics({ metrics, records })
    return `${spans.length} spans, ${logs.length} log records, ${books.metrics.exported} data points`
  } finally {
    await collector.stop()
    origin.server.close()
  }
}

/** GETs, one of a known caller, one unsampled, one of what is missing, a POST, one that fails, and a tunnel. */
async function traffic(proxy, { port }) {
  const base = `http://127.0.0.1:${port}`
  const caller = context()
  const unsampled = context('00')
  for (let i = 0; i < GETS; i++) assert.equal(await send(proxy, `${base}/${i}`), 200)
  assert.equal(await send(proxy, `${base}/known`, { headers: caller.headers }), 200)
  assert.equal(await send(proxy, `${base}/unsampled`, { headers: unsampled.headers }), 200)
  assert.equal(await send(proxy, `${base}/missing`), 404)
  assert.equal(await send(proxy, `${base}/orders?sig=secret`, { method: 'POST', body: 'x'.repeat(5000) }), 200)
  assert.equal(await send(proxy, 'http://127.0.0.1:1/'), 502)
  await tunnel(proxy, `127.0.0.1:${port}`)
  return { caller, unsampled }
}

function checkBooks({ before, books, spans, logs, metrics }) {
  for (const each of [...Object.values(before), ...Object.values(books)]) assert.equal(sumOf(each), each.observed)
  for (const { queued, dropped } of Object.values(books))
    assert.deepEqual({ queued, dropped }, { queued: 0, dropped: {} })
  assert.equal(books.traces.exported, spans.length)
  assert.equal(books.traces.sampled_out, 1)
  assert.equal(books.logs.exported, logs.length)
  assert.equal(
    books.metrics.exported,
    metrics.reduce((sum, metric) => sum + pointsOf(metric).length, 0),
  )
  // Draining observes no exchange: of those /ledger has told the last word before.
  assert.deepEqual(before.traces, books.traces)
}

function checkResources({ spans, logs, metrics }) {
  const ids = new Set()
  for (const { resource, scope } of [...spans, ...logs, ...metrics]) {
    const { 'service.instance.id': id, 'telemetry.sdk.version': version, ...rest } = resource
    assert.deepEqual(rest, {
      'service.name': 'interop',
      'deployment.environment.name': 'test',
      'telemetry.sdk.name': 'outspan',
      'telemetry.sdk.language': 'nodejs',
    })
    assert.deepEqual(scope, { name: 'outspan', version })
    ids.add(id)
  }
  assert.equal(ids.size, 1)
}

function checkSpans({ spans, records, caller, unsampled, origin, began }) {
  const sampled = records.filter((record) => record.sampled)
  assert.deepEqual(
    spans.map(({ spanId }) => spanId),
    sampled.map(({ span_id: id }) => id),
  )
  assert.deepEqual(
    spans.map(({ traceId }) => traceId),
    sampled.map(({ trace_id: ids }) => ids.w3c),
  )
  const now = BigInt(Date.now() + 1000) * 1_000_000n
  for (const { kind, startTimeUnixNano: start, endTimeUnixNano: end } of spans) {
    assert.equal(kind, KIND_CLIENT)
    assert(BigInt(began - 1000) * 1_000_000n < BigInt(start) && BigInt(start) <= BigInt(end) && BigInt(end) < now)
  }
  assert(!spans.some(({ traceId }) => traceId === unsampled.traceId))

  const [known] = spans.filter(({ traceId }) => traceId === caller.traceId)
  assert.equal(known.parentSpanId, caller.parentId)
  assert(origin.traceparents.includes(`00-${caller.traceId}-${known.spanId}-01`))

  const find = (ending) => spans.find((span) => String(attributesOf(span)['url.full']).endsWith(ending))
  const origin0 = { 'server.address': '127.0.0.1', 'server.port': origin.port }
  const good = find('/0')
  assert.equal(good.name, 'GET')
  assert.equal(good.status?.code, undefined)
  assertHolds(attributesOf(good), {
    ...origin0,
    'http.request.method': 'GET',
    'url.full': `http://127.0.0.1:${origin.port}/0`,
    'http.response.status_code': 200,
    'network.protocol.version': '1.1',
    'network.peer.address': '127.0.0.1',
    'http.response.body.size': 5,
  })
  assertHolds(attributesOf(find('/orders?sig=REDACTED')), {
    'http.request.method': 'POST',
    'http.request.body.size': 5000,
  })
  assert.equal(find('/missing').status.code, STATUS_ERROR)
  assertHolds(attributesOf(find('/missing')), { 'http.response.status_code': 404, 'error.type': '404' })
  const failed = find('127.0.0.1:1/')
  assert.equal(failed.status.code, STATUS_ERROR)
  assertHolds(attributesOf(failed), { 'error.type': 'connection_refused', 'server.port': 1 })
  const [connect] = spans.filter(({ name }) => name === 'CONNECT')
  assertHolds(attributesOf(connect), { ...origin0, 'http.request.method': 'CONNECT' })
}

function checkLogs({ logs, spans, records, unsampled }) {
  const access = logs.filter(({ eventName }) => eventName === 'outspan.access')
  assert.deepEqual(
    access.map(({ spanId }) => spanId),
    records.map(({ span_id: id }) => id),
  )
  const spanOf = new Map(spans.map((span) => [span.spanId, span]))
  for (const { traceId, spanId, flags = 0, timeUnixNano } of access) {
    const isSampled = traceId !== unsampled.traceId
    assert.equal((flags & SAMPLED) === SAMPLED, isSampled)
    assert.equal(spanOf.get(spanId)?.traceId, isSampled ? traceId : undefined)
    // A span's flags hold more behind those of W3C.
    if (isSampled) assert.equal(flags, spanOf.get(spanId).flags & W3C_FLAGS)
    assert(BigInt(timeUnixNano) > 0n)
  }
  const failed = access.find((log) => attributesOf(log)['server.port'] === 1)
  assert.equal(failed.severityText, 'ERROR')
  assert.equal(failed.severityNumber, 17)
  assertHolds(attributesOf(failed), { 'proxy.response.status_code': 502, 'error.type': 'connection_refused' })
  const own = logs.filter(({ eventName }) => !eventName).map(({ body }) => body.stringValue)
  assert(own.includes('ready') && own.includes('draining'))
}

function checkMetrics({ metrics, records }) {
  const last = new Map(metrics.map((metric) => [metric.name, metric]))
  for (const name of ['outspan.exchanges', 'outspan.telemetry.exported', 'process.memory.usage']) {
    assert(last.has(name), `no ${name}`)
  }
  const { unit, histogram } = last.get('http.client.request.duration')
  assert.equal(unit, 's')
  assert.equal(histogram.aggregationTemporality, CUMULATIVE)
  const calls = records.filter(({ 'http.request.method': method }) => method !== 'CONNECT')
  const counted = histogram.dataPoints.reduce((sum, { count }) => sum + Number(count), 0)
  assert.equal(counted, calls.length)
  for (const { bucketCounts, explicitBounds, count } of histogram.dataPoints) {
    assert.equal(bucketCounts.length, explicitBounds.length + 1)
    assert.equal(
      bucketCounts.reduce((sum, each) => sum + Number(each), 0),
      Number(count),
    )
  }
  const { sum } = last.get('outspan.exchanges')
  assert(sum.isMonotonic)
  assert.equal(sum.aggregationTemporality, CUMULATIVE)
  const exchanges = sum.dataPoints.reduce((all, { asInt, asDouble }) => all + Number(asInt ?? asDouble), 0)
  assert.equal(exchanges, records.length)
}

function assertHolds(actual, expected) {
  const common = Object.fromEntries(Object.keys(expected).map((key) => [key, actual[key]]))
  assert.deepEqual(common, expected)
}

module.exports = { deliver }
