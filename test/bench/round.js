/** One candidate, once: started fresh, warmed up, measured, stopped, and its telemetry counted. */
'use strict'
const { createReadStream } = require('node:fs')
const { rm } = require('node:fs/promises')
const { CANDIDATE_CORE, ask, hasOwnCore, stop } = require('./children')
const { coreBusySeconds, cpuSeconds, memory } = require('./measure')

const NEWLINE = 10
/** A round in which others had more than this share of the candidate's core is measured again, once. */
const DISTURBED = 0.05
const MOST_ATTEMPTS = 2

/**
 * How much a round is, times in seconds; `requests` is a limit.
 * @typedef {{ connections: number, warmUp: number, seconds: number, requests: number }} Size
 *
 * What was sent, and what came of it.
 * @typedef {{ requests: number, spans: number, lines: number, missing: number, givenUpSpans: number, givenUpLogs: number }} Telemetry
 *   `missing`: log records that were not received; given up: what the program says that it dropped
 */

/**
 * One attempt at a round on a machine that has nothing else to do, else the less disturbed of two. Telemetry is counted
 * over both, for what is lost in any attempt is lost.
 * @param {import('./candidates').Candidate} candidate
 * @param {Size} size
 */
async function measureQuietRound(candidate, roles, world, size) {
  const attempts = []
  do attempts.push(await measureRound(candidate, roles, world, size))
  while (attempts.length < MOST_ATTEMPTS && attempts.every(({ otherShare }) => otherShare > DISTURBED))
  const quietest = attempts.reduce((best, attempt) => (attempt.otherShare < best.otherShare ? attempt : best))
  return { ...quietest, telemetry: totalTelemetry(attempts) }
}

/** @returns {Telemetry | undefined} undefined for a candidate that has none */
function totalTelemetry(rounds) {
  const telemetries = rounds.flatMap(({ telemetry }) => telemetry ?? [])
  const sum = (name) => telemetries.reduce((result, telemetry) => result + telemetry[name], 0)
  const names = ['requests', 'spans', 'lines', 'missing', 'givenUpSpans', 'givenUpLogs']
  return telemetries.length > 0 ? Object.fromEntries(names.map((name) => [name, sum(name)])) : undefined
}

async function measureRound(candidate, roles, world, size) {
  const servedBefore = await ask(roles.origin, {})
  const spansBefore = await ask(roles.receiver, {})
  const { child, port } = await candidate.start(world)
  await ask(roles.load, { verb: 'open', port, originPort: world.originPort, count: size.connections })
  const warmUp = await ask(roles.load, { verb: 'run', requests: size.requests, seconds: size.warmUp })

  const cpuBefore = cpuSeconds(child.pid)
  const busyBefore = coreBusySeconds(CANDIDATE_CORE)
  const run = await ask(roles.load, { verb: 'run', requests: size.requests, seconds: size.seconds })
  const cpu = cpuSeconds(child.pid) - cpuBefore
  const busy = coreBusySeconds(CANDIDATE_CORE) - busyBefore
  const { rss, highest } = memory(child.pid)

  await ask(roles.load, { verb: 'close' })
  const code = await stop(child)
  if (code !== 0 && !candidate.isForeign)
    throw new Error(`${candidate.name} ended with ${code ?? 'a signal'}: ${child.stderrText}`)
  const requests = warmUp.requests + run.requests
  const served = (await ask(roles.origin, {})).served - servedBefore.served
  if (served !== requests) throw new Error(`${candidate.name}: the origin served ${served} requests, not ${requests}`)

  return {
    cpuPerRequest: (cpu / run.requests) * 1e6,
    requestsPerSecond: run.requests / run.elapsed,
    p50: run.p50,
    p99: run.p99,
    rss,
    highest,
    /** Shares of the candidate's core in the measured time: its own, and that of whatever else ran there. */
    ownShare: cpu / run.elapsed,
    otherShare: hasOwnCore() ? Math.max(0, busy - cpu) / run.elapsed : 0,
    telemetry: candidate.hasTelemetry
      ? { ...(await countTelemetry(candidate, requests, roles, spansBefore, world.accessLog)), ...givenUp(child) }
      : undefined,
  }
}

/** What it dropped, by the books in the last line of its log. */
function givenUp({ stderrText }) {
  const { ledger } = JSON.parse(stderrText.split('\n').findLast((line) => line.includes('"message":"stopped"')))
  const dropped = ({ dropped: reasons }) => Object.values(reasons).reduce((all, count) => all + count, 0)
  return { givenUpSpans: dropped(ledger.traces), givenUpLogs: dropped(ledger.logs) }
}

/** What arrived. */
async function countTelemetry(candidate, requests, roles, before, accessLog) {
  const { spans, logs } = await ask(roles.receiver, {})
  const lines = await countLines(accessLog)
  await rm(accessLog)
  // The program's own log is exported too, so there are a few more.
  const missing = candidate.hasLogs ? Math.max(0, requests - (logs - before.logs)) : 0
  return { requests, spans: spans - before.spans, lines, missing }
}

async function countLines(file) {
  let lines = 0
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) lines++
  }
  return lines
}

module.exports = { DISTURBED, measureQuietRound, totalTelemetry }
