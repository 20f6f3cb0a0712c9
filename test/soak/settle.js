/** Waiting for rest, and what the program holds when it rests. */
'use strict'
const { cpuSeconds } = require('../bench/measure')
const { descriptors, memoryAfterCollection, readMetrics } = require('./proxy')
const { REST_CPU } = require('./verdicts')
const { pause } = require('./world')

const LONGEST = 60_000
const INTERVAL = 200
/** Time in which a program at rest is watched for what it does, in milliseconds. */
const WATCHED = 1000
/** How often it is watched at most: work that a busy machine has put off ends, a program that never rests shows each time. */
const LOOKS = 5

/** What is to be nothing at rest. */
const atRest = [
  'outspan_exchanges_active',
  'outspan_client_connections_open',
  'outspan_upstream_connections_open',
  'outspan_upstream_connections_idle',
  'outspan_spans_queued',
]

/** The share of a core that the program uses: the least of several looks, if the first is above `most`. */
async function restingShare(proxy, most) {
  let least = Number.POSITIVE_INFINITY
  for (let look = 0; look < LOOKS && least > most; look++) {
    const before = cpuSeconds(proxy.child.pid)
    await pause(WATCHED)
    least = Math.min(least, (cpuSeconds(proxy.child.pid) - before) / (WATCHED / 1000))
  }
  return least
}

/** Waits until nothing is on any more, for a bounded time, and measures. */
async function settle(proxy) {
  const until = performance.now() + LONGEST
  let metrics
  let left
  do {
    await pause(INTERVAL)
    metrics = await readMetrics(proxy)
    left = Object.fromEntries(atRest.map((name) => [name, metrics.one(name)]))
  } while (Object.values(left).some((value) => value !== 0) && performance.now() < until)
  // Connections of the readers of metrics close as well.
  await pause(WATCHED)
  const cpuShare = await restingShare(proxy, REST_CPU)
  const memory = await memoryAfterCollection(proxy)
  return { left, cpuShare, memory, descriptors: descriptors(proxy), metrics: await readMetrics(proxy) }
}

module.exports = { settle }
