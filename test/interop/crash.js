/**
 * A crash of outspan while the collector is away, with a spool: what was spooled arrives once both are back.
 *
 * The rule: entries are spooled in the order in which they were observed, a batch at a time. What a crash can lose is what was
 * still in memory: the batch that was being filled or written, which is no older than `--queue-delay`, the try to send that is
 * under way, and the time of a write together.
 */
'use strict'
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { Collector } = require('./collector')
const { Outspan, sumOf } = require('./outspan')
const { eventually, pause } = require('./pause')
const { context, send, startOrigin } = require('./traffic')

const BEFORE = 20
/** How long calls go on while the collector is away. */
const OUTAGE = 5000
const QUEUE_DELAY = 200
/** For tries, which are refused at once, and writes, on a machine that has other work as well. */
const MARGIN = 2000
const PAUSE_BETWEEN_CALLS = 5

async function crash({ binary, folder, protocol }) {
  const collector = await Collector.make(binary, folder)
  const origin = await startOrigin()
  const accessLog = path.join(folder, 'access.log')
  const start = () =>
    Outspan.start(
      ...['--otlp-endpoint', collector.endpoint(protocol), '--otlp-protocol', protocol, '--access-log', accessLog],
      ...['--spool-dir', path.join(folder, 'spool'), '--queue-delay', `${QUEUE_DELAY}ms`, '--queue-batch-size', '50'],
      ...['--queue-retry-delay', '300ms', '--queue-retry-delay-max', '1s', '--signals', 'traces'],
    )
  /** Trace ids in the order of their calls, and when each had its answer. */
  const calls = []
  const call = async ({ proxy }) => {
    const { traceId, headers } = context()
    await send(proxy, `http://127.0.0.1:${origin.port}/`, { headers })
    calls.push({ traceId, time: performance.now() })
  }
  try {
    await collector.start()
    const first = await start()
    for (let i = 0; i < BEFORE; i++) await call(first)
    await eventually(async () => (await first.ledger()).traces.exported === BEFORE, 'the export before the outage')
    await collector.stop()

    for (const end = performance.now() + OUTAGE; performance.now() < end; await pause(PAUSE_BETWEEN_CALLS))
      await call(first)
    const { traces: books } = await first.ledger()
    const killed = performance.now()
    await first.kill()
    assert.equal(sumOf(books), books.observed)
    assert(books.spooled > 0, 'nothing was spooled')
    const safe = books.exported + books.spooled

    await collector.start()
    const second = await start()
    const after = await eventually(async () => {
      const { traces } = await second.ledger()
      return traces.exported > 0 && traces.spooled + traces.queued === 0 && traces
    }, 'the export of the spool')
    assert.deepEqual(after, { ...after, observed: after.exported, dropped: {} })
    assert.deepEqual((await second.stop()).traces, after)
    await collector.stop()

    const spans = collector.entries('traces')
    const arrived = spans.map(({ traceId }) => traceId)
    assert.equal(new Set(arrived).size, arrived.length, 'a span came twice')
    assert.equal(spans.length, BEFORE + after.exported)
    // In order, without a gap: only the newest may be missing.
    assert.deepEqual(
      arrived,
      calls.slice(0, arrived.length).map(({ traceId }) => traceId),
    )
    assert(arrived.length >= safe, `${safe} spans were exported or spooled, ${arrived.length} arrived`)
    const missing = calls.slice(arrived.length)
    const oldest = missing.length > 0 ? Math.round(killed - missing[0].time) : 0
    assert(oldest <= QUEUE_DELAY + MARGIN, `a span is missing that was ${oldest} ms old`)
    // The access log names the very spans.
    const records = fs.readFileSync(accessLog, 'utf8').trim().split('\n').map(JSON.parse)
    assert.deepEqual(
      records.slice(0, arrived.length).map(({ span_id: id }) => id),
      spans.slice(0, records.length).map(({ spanId }) => spanId),
    )
    return `${arrived.length} of ${calls.length} spans, ${safe} of them safe by /ledger; the oldest that is missing was ${oldest} ms old`
  } finally {
    await collector.stop()
    origin.server.close()
  }
}

module.exports = { crash }
