/** The latency that is left when a candidate has time to spare: all get the same rate, half of what the slowest can do. */
'use strict'
const { rm } = require('node:fs/promises')
const { ask, stop } = require('./children')
const { median } = require('./measure')

const SECONDS = 3

/**
 * @param {import('./candidates').Candidate[]} candidates
 * @returns {Promise<{ key: string, name: string, p50: number, p99: number }[]>} in milliseconds
 */
async function measureHalfLoad(candidates, load, world, { requestsPerSecond, connections, rounds }) {
  const results = candidates.map(({ key, name }) => ({ key, name, rounds: [] }))
  for (let round = 0; round < rounds; round++) {
    for (const [index, candidate] of candidates.entries()) {
      const { child, port } = await candidate.start(world)
      await ask(load, { verb: 'open', port, originPort: world.originPort, count: connections })
      await ask(load, { verb: 'run', requests: Number.MAX_SAFE_INTEGER, seconds: 1 })
      results[index].rounds.push(await ask(load, { verb: 'pace', requestsPerSecond, seconds: SECONDS }))
      await ask(load, { verb: 'close' })
      await stop(child)
    }
  }
  await rm(world.accessLog, { force: true })
  return results.map(({ key, name, rounds: each }) => ({
    key,
    name,
    p50: median(each.map(({ p50 }) => p50)),
    p99: median(each.map(({ p99 }) => p99)),
  }))
}

module.exports = { measureHalfLoad }
