/**
 * The origin: answers every request with the same bytes. Requests have no body and are not pipelined, so one that ends
 * in an empty line is whole; nothing else of it is read.
 */
'use strict'
const net = require('node:net')
const { BODY } = require('./origin-body')

const HEAD_END = Buffer.from('\r\n\r\n')
const RESPONSE = Buffer.concat([
  Buffer.from(
    [
      'HTTP/1.1 200 OK',
      'Server: origin',
      'Date: Thu, 01 Jan 2026 00:00:00 GMT',
      'Content-Type: application/json; charset=utf-8',
      'Cache-Control: no-store',
      `Content-Length: ${BODY.length}`,
      '\r\n',
    ].join('\r\n'),
  ),
  BODY,
])

let served = 0

const server = net.createServer({ noDelay: true }, (socket) => {
  socket.on('data', (bytes) => {
    const size = bytes.length
    if (size < 4 || HEAD_END.compare(bytes, size - 4, size) !== 0) return
    served++
    socket.write(RESPONSE)
  })
  socket.on('error', () => socket.destroy())
})

server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('message', () => process.send({ served }))
process.on('disconnect', () => process.exit())
