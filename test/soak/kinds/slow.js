/** Peers that take their time. */
'use strict'
const { Wire } = require('../wire')
const { check, pause } = require('../world')

/** The head in pieces. */
async function slowHead(world, note) {
  const id = world.id()
  const wire = new Wire(world)
  const head = world.head(id, 'get/10', { lines: ['Connection: close'] })
  for (let at = 0; at < head.length; ) {
    const size = world.random.integer(1, 60)
    wire.write(head.slice(at, at + size))
    at += size
    await pause(10)
  }
  await wire.end()
  note(id, wire.status)
  wire.destroy()
}

async function slowBody(world, note) {
  const id = world.id()
  const send = async (request) => {
    for (let i = 0; i < 10; i++) {
      request.write('drip')
      await pause(20)
    }
    request.end()
  }
  const answer = await world.exchange(id, 'echo', { method: 'POST', headers: { 'Content-Length': 40 }, send })
  check(answer.headers['x-size'] === '40', `${answer.headers['x-size']} bytes arrived there`)
  note(id, answer.status)
}

/** Reads for a while, rests for a while: what comes in must wait at the origin. */
async function slowReader(world, note) {
  const id = world.id()
  const size = 4_000_000
  const take = (response) => {
    response.pause()
    let rests = 0
    const timer = setInterval(() => {
      if (++rests % 2 === 1) response.pause()
      else response.resume()
      if (rests === 6) clearInterval(timer)
    }, 50)
  }
  const answer = await world.exchange(id, `big/${size}`, { take })
  check(answer.size === size, `${answer.size} of ${size} bytes arrived`)
  note(id, answer.status)
}

async function slowOrigin(world, note) {
  const id = world.id()
  const answer = await world.exchange(id, 'drip/10/30')
  check(answer.size === 40, `${answer.size} bytes arrived`)
  note(id, answer.status)
}

const kinds = [
  { name: 'slow request head', weight: 2, run: slowHead },
  { name: 'slow request body', weight: 2, run: slowBody },
  { name: 'slow reader', weight: 1, run: slowReader },
  { name: 'slow response', weight: 2, run: slowOrigin },
]

module.exports = { kinds }
