/** Connections that are opened and left alone; at the end some of them are used after all. */
'use strict'
const { appendFileSync } = require('node:fs')
const { Wire } = require('./wire')
const { World } = require('./world')

/** Opened at a time, so that the accept queue does not overflow. */
const AT_A_TIME = 100
/** Connections from one address; each has its own range of ports. */
const PER_ADDRESS = 5000

const { ports, journal, seed } = JSON.parse(process.argv[2])
const world = new World({ seed, prefix: 'idle', ports })
const wires = []

async function open({ count }) {
  while (wires.length < count) {
    const batch = Array.from({ length: Math.min(AT_A_TIME, count - wires.length) }, (_, i) => {
      const localAddress = `127.0.0.${2 + Math.floor((wires.length + i) / PER_ADDRESS)}`
      return new Wire(world, { localAddress })
    })
    await Promise.all(batch.map((wire) => wire.until(() => !wire.socket.connecting, 'the connection')))
    wires.push(...batch)
  }
  return { open: wires.length }
}

/** One request on each of some connections, one after the other, and then all are closed. */
async function close({ asking }) {
  const lost = wires.filter((wire) => wire.closed || wire.ended).length
  let answered = 0
  for (const wire of wires.slice(0, asking)) {
    const id = world.id()
    wire.write(world.head(id, 'get/10'))
    await wire.receives('\r\n\r\n')
    appendFileSync(journal, `${JSON.stringify(['GET after idling', id, wire.status])}\n`)
    if (wire.status === 200) answered++
  }
  for (const wire of wires) wire.destroy()
  return { lost, answered, connections: world.connections }
}

const orders = { open, close }

process.on('message', ({ order, ...rest }) => {
  orders[order](rest).then(
    (result) => process.send(result),
    (error) => process.send({ error: error.stack }),
  )
})
process.on('disconnect', () => process.exit())
process.send({})
