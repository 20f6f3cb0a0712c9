/**
 * The floor: a relay that copies bytes between each client connection and one connection to the origin, and looks at
 * none of them. What it costs is what node:net costs.
 */
'use strict'
const net = require('node:net')

const originPort = Number(process.argv[2])

function copy(from, to) {
  from.on('data', (bytes) => {
    if (!to.write(bytes)) from.pause()
  })
  to.on('drain', () => from.resume())
  from.on('close', () => to.destroy())
  from.on('error', () => to.destroy())
}

const server = net.createServer({ noDelay: true }, (client) => {
  const upstream = net.connect({ host: '127.0.0.1', port: originPort, noDelay: true })
  copy(client, upstream)
  copy(upstream, client)
})

server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('SIGTERM', () => process.exit())
process.on('disconnect', () => process.exit())
