/**
 * Clients that leave, in every phase. What becomes of a request depends on what had arrived of it by then, so where a line
 * is to be there, the client leaves after a sign that its head got through.
 */
'use strict'
const { Wire } = require('../wire')

const SIGN = 'HTTP/1.1 103'
const BODY = ['Content-Length: 100000']

const leave = (world, wire) => (world.random.chance(0.5) ? wire.reset() : wire.destroy())

/** Without a whole head there is no exchange: neither a line nor a span. */
async function inHead(world, note) {
  const id = world.id()
  const head = world.head(id, 'get/10')
  const wire = new Wire(world).write(head.slice(0, world.random.integer(1, head.length - 1)))
  await wire.until(() => !wire.socket.connecting, 'the connection')
  note(id)
  leave(world, wire)
}

async function inRequestBody(world, note) {
  const id = world.id()
  const wire = new Wire(world).write(world.head(id, 'sign', { method: 'POST', lines: BODY }) + 'b'.repeat(5000))
  await wire.receives(SIGN)
  note(id)
  leave(world, wire)
}

/** The client closes its sending half in the body, which is as good as leaving. */
async function endInRequestBody(world, note) {
  const id = world.id()
  const wire = new Wire(world).write(world.head(id, 'sign', { method: 'POST', lines: BODY }) + 'b'.repeat(5000))
  await wire.receives(SIGN)
  note(id)
  wire.socket.end()
  await wire.end()
  wire.destroy()
}

async function beforeResponse(world, note) {
  const id = world.id()
  const wire = new Wire(world).write(world.head(id, 'sign'))
  await wire.receives(SIGN)
  note(id)
  leave(world, wire)
}

async function inResponse(world, note) {
  const id = world.id()
  const wire = new Wire(world).write(world.head(id, 'drip/200/40'))
  await wire.receives('drip')
  note(id, wire.status)
  leave(world, wire)
}

async function inLargeResponse(world, note) {
  const id = world.id()
  const wire = new Wire(world).write(world.head(id, 'big/50000000'))
  await wire.receives('outspan')
  note(id, wire.status)
  leave(world, wire)
}

/** At once behind the head: whether it got through is not known. */
async function blind(world, note) {
  const id = world.id()
  const wire = new Wire(world).write(world.head(id, 'drip/3/20'))
  await wire.until(() => !wire.socket.connecting, 'the connection')
  note(id)
  leave(world, wire)
}

/** With requests waiting behind the one that is answered. */
async function inPipeline(world, note) {
  const ids = Array.from({ length: 5 }, () => world.id())
  const wire = new Wire(world).write(ids.map((id) => world.head(id, 'drip/1/30')).join(''))
  await wire.receives('drip')
  for (const id of ids) note(id)
  leave(world, wire)
}

const gone = ['client_closed']
const goneOrNot = ['ok', 'client_closed']

const kinds = [
  { name: 'leaves in the head', weight: 3, lines: 'none', run: inHead },
  { name: 'leaves in the body', weight: 3, ends: gone, run: inRequestBody },
  { name: 'ends in the body', weight: 2, ends: gone, run: endInRequestBody },
  { name: 'leaves before the answer', weight: 3, ends: gone, run: beforeResponse },
  { name: 'leaves in the answer', weight: 3, ends: gone, run: inResponse },
  { name: 'leaves in a large answer', weight: 1, ends: gone, run: inLargeResponse },
  { name: 'leaves at any time', weight: 3, lines: 'maybe', ends: goneOrNot, run: blind },
  { name: 'leaves in a pipeline', weight: 2, lines: 'maybe', ends: goneOrNot, run: inPipeline },
]

module.exports = { kinds }
