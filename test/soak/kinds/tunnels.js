/** Tunnels, by CONNECT and by Upgrade. CONNECT has no path, so the id of a tunnel stands in its User-Agent. */
'use strict'
const { Wire } = require('../wire')
const { check } = require('../world')

const OPEN = 'HTTP/1.1 200 Connection established\r\n'
const HEAD_END = '\r\n\r\n'
const DATA = 'tunnelled '.repeat(200)

function open(world, id, port = world.echoPort) {
  const target = `127.0.0.1:${port}`
  return new Wire(world).write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nUser-Agent: /${id}/\r\n\r\n`)
}

async function opened(world, id) {
  const wire = open(world, id)
  await wire.receives(OPEN)
  await wire.receives(HEAD_END)
  return wire
}

/** What came through the tunnel: the answer to CONNECT has the request id in its head. */
function tunnelled({ text }) {
  return text.slice(text.indexOf(HEAD_END) + HEAD_END.length)
}

async function echo(world, note) {
  const id = world.id()
  const wire = await opened(world, id)
  wire.write(`E${DATA}`)
  await wire.receives(DATA)
  // One half is closed, and the other still carries.
  wire.write('last words')
  wire.socket.end()
  await wire.end()
  check(tunnelled(wire) === `${DATA}last words`, `${wire.text.length} bytes arrived`)
  note(id, 200)
  wire.destroy()
}

async function originEndsFirst(world, note) {
  const id = world.id()
  const wire = await opened(world, id)
  wire.write('H')
  await wire.end()
  check(tunnelled(wire) === 'bye', wire.text)
  note(id, 200)
  wire.write(DATA)
  wire.socket.end()
}

async function clientResets(world, note) {
  const id = world.id()
  const wire = await opened(world, id)
  wire.write(`E${DATA}`)
  await wire.receives(DATA)
  note(id, 200)
  wire.reset()
}

async function originResets(world, note) {
  const id = world.id()
  const wire = await opened(world, id)
  wire.write('R')
  await wire.until(() => wire.closed, 'the reset').catch(() => {})
  check(wire.closed, 'the reset did not arrive')
  note(id, 200)
}

async function refused(world, note) {
  const id = world.id()
  const wire = open(world, id, 1)
  await wire.end()
  check(wire.status === 502, `status ${wire.status}`)
  note(id, 502)
  wire.destroy()
}

/** Switches to WebSocket. What goes over the connection then is echoed. */
async function webSocket(world, note) {
  const id = world.id()
  const lines = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhl']
  const wire = new Wire(world).write(world.head(id, 'upgrade', { lines }))
  await wire.receives('\r\n\r\n')
  check(wire.status === 101, `status ${wire.status}`)
  wire.write(DATA)
  await wire.receives(DATA)
  wire.socket.end()
  await wire.end()
  note(id, 101)
  wire.destroy()
}

const kinds = [
  { name: 'CONNECT, half-closed by the client', weight: 4, run: echo },
  { name: 'CONNECT, half-closed by the origin', weight: 2, run: originEndsFirst },
  { name: 'CONNECT, reset by the client', weight: 2, ends: ['client_closed'], run: clientResets },
  { name: 'CONNECT, reset by the origin', weight: 2, ends: ['connection_reset'], run: originResets },
  { name: 'CONNECT, refused', weight: 2, ends: ['connection_refused'], run: refused },
  { name: 'WebSocket', weight: 4, run: webSocket },
]

module.exports = { kinds }
