/** Origins that fail, and requests that are refused. */
'use strict'
const { Wire } = require('../wire')
const { check, fails } = require('../world')

/** The proxy answers in the place of the origin. */
function answered(status, path, options = {}) {
  return async (world, note) => {
    const id = world.id()
    const answer = await world.exchange(id, path, { ...options, method: world.random.pick(['GET', 'POST']) })
    check(answer.status === status, `status ${answer.status}, not ${status}`)
    note(id, status)
  }
}

/** The answer has begun: all that the client can be told is that it is cut short. */
function cut(path) {
  return async (world, note) => {
    const id = world.id()
    await fails(world.exchange(id, path), 'a response that was cut short looked whole')
    note(id, 200)
  }
}

async function early(world, note) {
  const id = world.id()
  const wire = new Wire(world).write(world.head(id, 'early', { method: 'POST', lines: ['Content-Length: 100000'] }))
  await wire.receives('\r\n\r\n')
  wire.write('b'.repeat(50_000))
  await wire.end()
  check(wire.status === 413, `status ${wire.status}`)
  note(id, 413)
  wire.destroy()
}

/** A request that is refused without being forwarded. `head` is the text to send. */
function refused(status, head) {
  return async (world, note) => {
    const id = world.id()
    const wire = new Wire(world).write(head(world, id))
    await wire.end()
    check(wire.status === status, `status ${wire.status}, not ${status}`)
    note(id, status)
    wire.destroy()
  }
}

const twoHosts = (world, id) => world.head(id, 'get/1', { lines: ['Host: elsewhere'] })
const twoFramings = (world, id) =>
  world.head(id, 'echo', { method: 'POST', lines: ['Content-Length: 5', 'Transfer-Encoding: chunked'] })
const unknownCoding = (world, id) =>
  world.head(id, 'echo', { method: 'POST', lines: ['Transfer-Encoding: gzip, chunked'] })
const badChunk = (world, id) =>
  `${world.head(id, 'echo', { method: 'POST', lines: ['Transfer-Encoding: chunked'] })}zz\r\nhello\r\n0\r\n\r\n`
const https = (world, id) => world.head(id, 'get/1').replace('http:', 'https:')
const garbage = () => 'this is no request line at all\r\n\r\n'
const large = (world, id) => world.head(id, 'get/1', { lines: [`X-Large: ${'x'.repeat(70_000)}`] })

/** Refused before the road looks for a trace: a line, and no span. */
const untraced = { spans: 'none' }

const kinds = [
  { name: 'origin resets before answering', weight: 2, ends: ['connection_reset'], run: answered(502, 'resetBefore') },
  { name: 'origin closes before answering', weight: 2, ends: ['upstream_closed'], run: answered(502, 'closeBefore') },
  { name: 'origin answers garbage', weight: 2, ends: ['bad_response'], run: answered(502, 'garbage') },
  { name: 'origin refuses', weight: 2, ends: ['connection_refused'], run: answered(502, 'get/1', { port: 1 }) },
  { name: 'origin resets in the answer', weight: 2, ends: ['response_truncated'], run: cut('resetMid/20000') },
  { name: 'origin closes in the answer', weight: 2, ends: ['response_truncated'], run: cut('cutMid/20000') },
  { name: 'origin answers early', weight: 2, ends: ['413'], run: early },
  { name: 'origin answers 404', weight: 2, ends: ['404'], run: answered(404, 'status/404/0') },
  { name: 'refused: two Hosts', weight: 1, ends: ['bad_host'], ...untraced, run: refused(400, twoHosts) },
  { name: 'refused: two framings', weight: 1, ends: ['bad_framing'], ...untraced, run: refused(400, twoFramings) },
  {
    name: 'refused: coding',
    weight: 1,
    ends: ['unknown_transfer_coding'],
    ...untraced,
    run: refused(501, unknownCoding),
  },
  { name: 'refused: https', weight: 1, ends: ['https_target'], ...untraced, run: refused(400, https) },
  // The head went on before the body was seen to be malformed, so there is a span.
  { name: 'refused: chunk', weight: 1, ends: ['bad_body'], run: refused(400, badChunk) },
  // Nothing tells which request these lines belong to.
  {
    name: 'refused: no request line',
    weight: 1,
    ends: ['bad_request_line'],
    isAnonymous: true,
    ...untraced,
    run: refused(400, garbage),
  },
  {
    name: 'refused: too large',
    weight: 1,
    ends: ['head_too_large'],
    isAnonymous: true,
    ...untraced,
    run: refused(431, large),
  },
]

module.exports = { kinds }
