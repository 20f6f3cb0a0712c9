/** The throughput of one large body, through each candidate in turn. */
'use strict'
const net = require('node:net')
const { startRole, stop } = require('./children')
const { median } = require('./measure')

const SIZE = 1e9

/**
 * @param {import('./candidates').Candidate[]} candidates
 * @returns {Promise<{ key: string, name: string, throughput: number, toFloor: number }[]>} MB (10⁶ bytes) a second, and the
 *   ratio to the first candidate's
 */
async function measureStreams(candidates, world, rounds) {
  const origin = await startRole('./stream-origin', { args: [String(SIZE)] })
  const results = candidates.map(({ key, name }) => ({ key, name, rounds: [] }))
  for (let round = 0; round < rounds; round++) {
    for (const [index, candidate] of candidates.entries()) {
      const { child, port } = await candidate.start({ ...world, originPort: origin.ready.port })
      results[index].rounds.push(await throughputOf(port, origin.ready.port))
      await stop(child)
    }
  }
  await stop(origin.child)
  const floor = results[0].rounds
  return results.map(({ key, name, rounds: each }) => ({
    key,
    name,
    throughput: median(each),
    toFloor: median(each.map((value, index) => value / floor[index])),
  }))
}

/** Reads one response to its end, into one buffer. */
function throughputOf(port, originPort) {
  return new Promise((resolve, reject) => {
    let received = 0
    const start = performance.now()
    const onBytes = (size) => {
      received += size
      if (received >= SIZE) {
        socket.destroy()
        resolve(received / 1000 / (performance.now() - start))
      }
      return true
    }
    const onread = { buffer: Buffer.allocUnsafe(256 * 1024), callback: onBytes }
    const socket = net.connect({ port, host: '127.0.0.1', onread })
    socket.on('error', reject)
    socket.on('end', () => reject(new Error(`a body ended after ${received} bytes`)))
    socket.write(`GET http://127.0.0.1:${originPort}/ HTTP/1.1\r\nHost: 127.0.0.1:${originPort}\r\n\r\n`)
  })
}

module.exports = { measureStreams }
