/** The memory of client connections that are kept and unused: they were served once, and wait. */
'use strict'
const { once } = require('node:events')
const net = require('node:net')
const { stop } = require('./children')
const { memory } = require('./measure')

/** Below what a process may open by default on most systems, with some room: each is a descriptor here and there. */
const CONNECTIONS = 4000
const AT_A_TIME = 100
const SETTLING = 1500

/** @returns {Promise<number>} bytes of resident memory for each connection */
async function measureIdle(candidate, world) {
  const { child, port } = await candidate.start(world)
  const sockets = []
  const openMore = async (count) => {
    for (let i = 0; i < count; i += AT_A_TIME) {
      const batch = Array.from({ length: AT_A_TIME }, () => served(port, world.originPort))
      sockets.push(...(await Promise.all(batch)))
    }
    await new Promise((resolve) => setTimeout(resolve, SETTLING))
    return memory(child.pid).rss
  }
  // What only the first connections cost is not theirs.
  const before = await openMore(CONNECTIONS / 4)
  const after = await openMore(CONNECTIONS)
  for (const socket of sockets) socket.destroy()
  await stop(child)
  return ((after - before) * 1e6) / CONNECTIONS
}

async function served(port, originPort) {
  const socket = net.connect({ port, host: '127.0.0.1' })
  socket.write(`GET http://127.0.0.1:${originPort}/ HTTP/1.1\r\nHost: 127.0.0.1:${originPort}\r\n\r\n`)
  await once(socket, 'data')
  return socket
}

module.exports = { measureIdle }
