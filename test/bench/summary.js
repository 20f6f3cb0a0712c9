/** The rounds of each candidate as one row: medians, their spread, and the ratios to the others. */
'use strict'
const { median } = require('./measure')
const { totalTelemetry } = require('./round')

/**
 * @typedef {object} Summary
 * @property {string} name
 * @property {number} cpuPerRequest median, in µs
 * @property {[number, number]} cpuRange lowest and highest round
 * @property {number} requestsPerSecond
 * @property {number} p50 in milliseconds
 * @property {number} p99 in milliseconds
 * @property {number} rss in MB
 * @property {number} highest in MB, of all rounds
 * @property {number} ownShare
 * @property {number} otherShare highest of all rounds
 * @property {number | undefined} toFloor ratio of CPU to the relay
 * @property {number | undefined} toHttpProxy ratio of CPU to http-proxy
 * @property {import('./round').Telemetry | undefined} telemetry of all rounds together
 */

/**
 * @param {Map<string, { candidate: import('./candidates').Candidate, rounds: object[] }>} measured by candidate key
 * @returns {Map<string, Summary>}
 */
function summarize(measured) {
  return new Map([...measured].map(([key, { candidate, rounds }]) => [key, summary(candidate, rounds, measured)]))
}

function summary(candidate, rounds, measured) {
  const figures = (name) => rounds.map((round) => round[name])
  const middle = (name) => median(figures(name))
  const cpu = figures('cpuPerRequest')
  return {
    name: candidate.name,
    cpuPerRequest: median(cpu),
    cpuRange: [Math.min(...cpu), Math.max(...cpu)],
    requestsPerSecond: middle('requestsPerSecond'),
    p50: middle('p50'),
    p99: middle('p99'),
    rss: middle('rss'),
    highest: Math.max(...figures('highest')),
    ownShare: middle('ownShare'),
    otherShare: Math.max(...figures('otherShare')),
    toFloor: ratio(cpu, measured.get('relay')),
    toHttpProxy: ratio(cpu, measured.get('http-proxy')),
    telemetry: totalTelemetry(rounds),
  }
}

/** The median of the ratios round by round: a machine that slows down for a while slows both sides of a ratio. */
function ratio(cpu, other) {
  return other && median(cpu.map((value, index) => value / other.rounds[index].cpuPerRequest))
}

module.exports = { summarize }
