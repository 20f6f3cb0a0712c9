/** Requests that come to a good end. */
'use strict'
const { Wire } = require('../wire')
const { check } = require('../world')

const SIZES = [0, 1, 100, 4096, 70_000, 1_000_000]

async function get(world, note) {
  const id = world.id()
  const size = world.random.pick(SIZES)
  const answer = await world.exchange(id, `get/${size}`)
  check(answer.size === size, `${answer.size} of ${size} bytes arrived`)
  note(id, answer.status)
}

/** The caller's decision not to sample is obeyed: a line, and no span. */
async function unsampled(world, note) {
  const id = world.id()
  const traceparent = `00-${world.random.hex(31)}1-${world.random.hex(15)}1-00`
  const { status } = await world.exchange(id, 'get/100', { headers: { traceparent } })
  note(id, status)
}

async function download(world, note) {
  const id = world.id()
  const { status, size, trailers } = await world.exchange(id, 'chunks/5/300')
  check(size === 1500 && trailers['x-count'] === '5', `${size} bytes, trailer ${trailers['x-count']}`)
  note(id, status)
}

async function upload(world, note) {
  const id = world.id()
  const size = world.random.pick([1, 5000, 200_000])
  const headers = { 'Transfer-Encoding': 'chunked', Trailer: 'X-Sum' }
  const send = (request) => {
    for (let i = 0; i < 3; i++) request.write(Buffer.alloc(size, 'u'))
    request.addTrailers({ 'X-Sum': 'abc' })
    request.end()
  }
  const answer = await world.exchange(id, 'echo', { method: 'POST', headers, send })
  check(answer.headers['x-size'] === String(3 * size), `${answer.headers['x-size']} bytes arrived there`)
  check(answer.headers['x-trailer'] === 'abc', 'the trailer is lost')
  note(id, answer.status)
}

async function put(world, note) {
  const id = world.id()
  const send = (request) => request.end(Buffer.alloc(30_000, 'p'))
  const answer = await world.exchange(id, 'echo', { method: 'PUT', headers: { 'Content-Length': 30_000 }, send })
  check(answer.headers['x-size'] === '30000', `${answer.headers['x-size']} bytes arrived there`)
  note(id, answer.status)
}

async function expectation(world, note) {
  const id = world.id()
  const headers = { Expect: '100-continue', 'Content-Length': 4 }
  const send = (request) => request.once('continue', () => request.end('body')).flushHeaders()
  const answer = await world.exchange(id, 'echo', { method: 'POST', headers, send })
  check(answer.headers['x-size'] === '4', `${answer.headers['x-size']} bytes arrived there`)
  note(id, answer.status)
}

async function interim(world, note) {
  const id = world.id()
  const { status, interims } = await world.exchange(id, 'interim/3')
  check(interims === 3, `${interims} interim responses`)
  note(id, status)
}

/** Requests whose answers have no body. */
function bodiless(method, path) {
  return async (world, note) => {
    const id = world.id()
    const { status, size } = await world.exchange(id, path, { method })
    check(size === 0, `${size} bytes of body`)
    note(id, status)
  }
}

/** The origin closes connections behind its answers without a word. */
async function rude(world, note) {
  const id = world.id()
  const { status } = await world.exchange(id, 'get/50', { port: world.rudePort })
  check(status === 200, `status ${status}`)
  note(id, status)
}

async function pipelined(world, note) {
  const ids = Array.from({ length: world.random.integer(2, 8) }, () => world.id())
  const wire = new Wire(world)
  wire.write(
    ids.map((id, i) => world.head(id, 'get/10', { lines: i + 1 < ids.length ? [] : ['Connection: close'] })).join(''),
  )
  await wire.end()
  const answers = wire.text.match(/HTTP\/1\.1 200 OK/g) ?? []
  check(answers.length === ids.length, `${answers.length} answers for ${ids.length} requests`)
  for (const id of ids) note(id, 200)
  wire.destroy()
}

/** HTTP/1.0, and a body that ends with the connection. */
async function old(world, note) {
  const id = world.id()
  const wire = new Wire(world).write(world.head(id, 'close/5000', { version: 'HTTP/1.0' }))
  await wire.end()
  check(wire.text.endsWith('x'.repeat(5000)), `${wire.text.length} bytes arrived`)
  note(id, wire.status)
  wire.destroy()
}

const kinds = [
  { name: 'GET', weight: 40, run: get },
  { name: 'GET, unsampled', weight: 4, spans: 'none', run: unsampled },
  { name: 'GET of chunks, trailers', weight: 6, run: download },
  { name: 'POST of chunks, trailers', weight: 6, run: upload },
  { name: 'PUT with a length', weight: 6, run: put },
  { name: 'POST, 100-continue', weight: 3, run: expectation },
  { name: 'GET, 103 three times', weight: 3, run: interim },
  { name: 'HEAD', weight: 4, run: bodiless('HEAD', 'get/5000') },
  { name: 'GET, 204', weight: 3, run: bodiless('GET', 'status/204') },
  { name: 'GET, 304 with a length', weight: 3, run: bodiless('GET', 'status/304/5000') },
  { name: 'GET, pipelined', weight: 5, run: pipelined },
  { name: 'GET, HTTP/1.0', weight: 2, run: old },
  { name: 'GET, rude origin', weight: 6, run: rude },
]

module.exports = { kinds }
