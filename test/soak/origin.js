/**
 * The origins, in one process: one that does what the path of a request says (`/id/verb/arguments`), one that closes
 * connections as it likes, and one behind tunnels.
 */
'use strict'
const { writeFileSync } = require('node:fs')
const http = require('node:http')
const { createEcho } = require('./echo')
const { verbs } = require('./verbs')

/** Ids of all requests that got here. */
const seen = new Set()

function answer(request, response) {
  const [, id, verb, ...args] = request.url.split('/')
  seen.add(id)
  request.on('error', () => {})
  response.on('error', () => {})
  verbs[verb](request, response, ...args)
}

/** Longer than connections idle in the proxy, so that only the rude one closes any. */
const patient = { keepAliveTimeout: 60_000, requestTimeout: 0, headersTimeout: 0 }

const origin = http.createServer(patient, answer)
origin.on('checkContinue', (request, response) => {
  response.writeContinue()
  answer(request, response)
})
origin.on('upgrade', (request, socket, head) => {
  seen.add(request.url.split('/')[1])
  socket.on('error', () => {})
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  if (head.length > 0) socket.write(head)
  socket.pipe(socket)
})

/** Answers, and now and then closes the connection behind the answer without having said so. */
let rudeAnswers = 0
const rude = http.createServer(patient, (request, response) => {
  const { socket } = request
  if (rudeAnswers++ % 3 === 0) response.once('finish', () => socket.destroySoon())
  answer(request, response)
})

async function listen(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', 1024, resolve))
  return server.address().port
}

Promise.all([origin, rude, createEcho()].map(listen)).then(([port, rudePort, echoPort]) => {
  process.send({ originPort: port, rudePort, echoPort })
})
process.on('message', ({ file }) => {
  writeFileSync(file, [...seen].join('\n'))
  process.send({ seen: seen.size })
})
process.on('disconnect', () => process.exit())
