/** An origin that answers every request with one large body, as fast as it is taken. Its argument is the size in bytes. */
'use strict'
const net = require('node:net')

const SIZE = Number(process.argv[2])
const block = Buffer.alloc(64 * 1024, 'x')

const server = net.createServer({ noDelay: true }, (socket) => {
  let left = 0
  const send = () => {
    while (left > 0) {
      const part = left < block.length ? block.subarray(0, left) : block
      left -= part.length
      if (!socket.write(part)) return
    }
  }
  socket.on('drain', send)
  socket.on('data', () => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`)
    left = SIZE
    send()
  })
  socket.on('error', () => socket.destroy())
})

server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('disconnect', () => process.exit())
