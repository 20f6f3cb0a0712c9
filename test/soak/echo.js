/** The far end of tunnels. The first byte says how it behaves. */
'use strict'
const net = require('node:net')

const behaviours = {
  /** Sends all back, and ends when the other side does. */
  E: (socket) => socket.pipe(socket),
  /** Ends its half at once, and reads on. */
  H: (socket) => {
    socket.end('bye')
    socket.resume()
  },
  R: (socket) => socket.resetAndDestroy(),
}

function createEcho() {
  return net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    socket.once('data', (bytes) => {
      socket.unshift(bytes.subarray(1))
      behaviours[String.fromCharCode(bytes[0])](socket)
    })
    socket.once('end', () => socket.readableFlowing === null && socket.end())
  })
}

module.exports = { createEcho }
