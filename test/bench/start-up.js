/** The time of a start: from spawn until `/readyz` answers 200, with the start of Node.js itself beside it. */
'use strict'
const { once } = require('node:events')
const net = require('node:net')
const { outspanArguments, NODE_FLAGS } = require('./candidates')
const { startNode, stop } = require('./children')

const POLL_INTERVAL = 2
const READY_TIMEOUT = 30_000

/** @returns {Promise<{ name: string, times: number[] }[]>} times in milliseconds */
async function measureStarts(receiverPort, starts) {
  const rows = [
    { name: 'node -e 0', start: timeOfNode, times: [] },
    { name: 'outspan', start: () => timeToReady([]), times: [] },
    {
      name: 'outspan --otlp-endpoint',
      start: () => timeToReady(['--otlp-endpoint', `http://127.0.0.1:${receiverPort}`]),
      times: [],
    },
  ]
  for (let i = 0; i < starts; i++) {
    for (const row of rows) row.times.push(await row.start())
  }
  return rows.map(({ name, times }) => ({ name, times }))
}

async function timeOfNode() {
  const start = performance.now()
  const child = startNode([...NODE_FLAGS, '-e', '0'], { isCandidate: true })
  await once(child, 'exit')
  return performance.now() - start
}

async function timeToReady(flags) {
  const port = await freePort()
  const args = outspanArguments('127.0.0.1:0', `127.0.0.1:${port}`, ['--access-log', 'off', ...flags])
  const start = performance.now()
  const child = startNode(args, { isCandidate: true })
  while (!(await isReady(port))) {
    if (child.exitCode !== null || performance.now() - start > READY_TIMEOUT) {
      throw new Error(`outspan did not get ready: ${child.stderrText}`)
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL))
  }
  const time = performance.now() - start
  await stop(child)
  return time
}

/** Asks once. A refused connection is the usual answer until the port is open. */
function isReady(port) {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port })
    let answer = ''
    socket.setEncoding('latin1')
    socket.on('connect', () => socket.write('GET /readyz HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n'))
    socket.on('data', (text) => {
      answer += text
    })
    socket.on('error', () => resolve(false))
    socket.on('close', () => resolve(answer.startsWith('HTTP/1.1 200 ')))
  })
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

module.exports = { measureStarts }
