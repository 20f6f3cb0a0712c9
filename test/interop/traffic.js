/** Calls through a proxy, and the origin that they reach. */
'use strict'
const { randomBytes } = require('node:crypto')
const { once } = require('node:events')
const http = require('node:http')
const net = require('node:net')

/** An origin that remembers the trace headers that it got. */
async function startOrigin() {
  const traceparents = []
  const server = http.createServer((request, response) => {
    traceparents.push(request.headers.traceparent)
    request.resume()
    request.on('end', () => {
      response.statusCode = request.url === '/missing' ? 404 : 200
      response.end('hello')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, traceparents, port: server.address().port }
}

/** A trace context of a caller. */
function context(flags = '01') {
  const traceId = randomBytes(16).toString('hex')
  const parentId = randomBytes(8).toString('hex')
  return { traceId, parentId, headers: { traceparent: `00-${traceId}-${parentId}-${flags}` } }
}

/** One request, to its end. @returns {Promise<number>} the status */
async function send(proxy, target, { method = 'GET', body, headers = {} } = {}) {
  const { host } = new URL(target)
  const options = { host: proxy.hostname, port: proxy.port, method, path: target, agent: false }
  const request = http.request({ ...options, headers: { Host: host, ...headers } })
  request.end(body)
  const [response] = await once(request, 'response')
  response.resume()
  await once(response, 'end')
  return response.statusCode
}

/** A tunnel, through which one request is made. */
async function tunnel(proxy, authority) {
  const socket = net.connect(Number(proxy.port), proxy.hostname)
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
  await once(socket, 'data')
  socket.end(`GET / HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`)
  socket.resume()
  await once(socket, 'close')
}

module.exports = { context, send, startOrigin, tunnel }
