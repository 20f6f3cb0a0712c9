/** The yardstick: http-proxy as a forward proxy, with an agent that keeps its connections. It traces nothing. */
'use strict'
const http = require('node:http')
const httpProxy = require('http-proxy')

const target = `http://127.0.0.1:${process.argv[2]}`
const agent = new http.Agent({ keepAlive: true })
const proxy = httpProxy.createProxyServer({ target, agent })
proxy.on('error', (_error, _request, response) => response.destroy())

const server = http.createServer((request, response) => proxy.web(request, response))
// A connection that idles between warm-up and measurement stays open.
server.keepAliveTimeout = 60_000

server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('SIGTERM', () => process.exit())
process.on('disconnect', () => process.exit())
