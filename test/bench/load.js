/**
 * The load: a closed loop over keep-alive connections. It is cheap by intent, so that the candidate's core is the one
 * that is full: request bytes are built once, all sockets read into one buffer, and a response is checked by length,
 * status and body without being parsed. Only the first response is parsed, to learn the length of the others.
 *
 * Messages: `open` connects, `run` sends and answers with what it measured, `pace` does so at a given rate (an open loop:
 * latency counts from the moment a request was due), `close` ends the connections.
 */
'use strict'
const net = require('node:net')
const { performance } = require('node:perf_hooks')
const { BODY } = require('./origin-body')

const READ_SIZE = 64 * 1024
/** Latencies are counted in slots of 10 µs, up to a second. */
const SLOTS_PER_MS = 100
const SLOTS = 100_000
/** `HTTP/1.1 200`: the digits of the status. */
const STATUS_AT = 9
const OK = Buffer.from('200')

const shared = Buffer.allocUnsafe(READ_SIZE)
const histogram = new Uint32Array(SLOTS)

/** @type {{ socket: net.Socket, request: Buffer, sentAt: number, part: Buffer | undefined }[]} */
let connections = []
/** Bytes of a whole response; 0 until the first one was parsed. */
let responseSize = 0
let sent = 0
let done = 0
let active = 0
let limit = 0
let deadline = 0
let startedAt = 0
/** Of the open loop: requests in a millisecond, 0 in the closed loop, and the connections that wait for their next one. */
let rate = 0
const resting = []

/** A request as HTTP clients send it to a proxy. Half of the callers are traced already. */
function requestBytes(originPort, hasTrace) {
  const lines = [
    `GET http://127.0.0.1:${originPort}/api/v1/orders/1842?expand=items HTTP/1.1`,
    `Host: 127.0.0.1:${originPort}`,
    'User-Agent: bench/1.0 (linux; x64)',
    'Accept: application/json, text/plain, */*',
    'Accept-Encoding: gzip, deflate, br',
    'Accept-Language: en-US,en;q=0.9',
    'Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N',
    'X-Request-Id: 5f0c1e6a-7d55-4f0c-9d5e-0f6b3b1d2a77',
    hasTrace ? 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' : 'Cache-Control: no-cache',
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

function open({ port, originPort, count }) {
  responseSize = 0
  let connected = 0
  connections = Array.from({ length: count }, (_, index) => {
    const connection = { request: requestBytes(originPort, index % 2 === 0), sentAt: 0, part: undefined }
    const onBytes = (size, buffer) => receive(connection, buffer.subarray(0, size))
    connection.socket = net.connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: { buffer: shared, callback: (size, buffer) => onBytes(size, buffer) ?? true },
    })
    connection.socket.once('connect', () => {
      connected++
      if (connected === count) process.send({ opened: count })
    })
    connection.socket.once('error', (error) => fail(`a connection failed: ${error.message}`))
    connection.socket.once('end', () => fail('a connection was ended'))
    return connection
  })
}

function run({ requests, seconds }) {
  start(requests, seconds)
  rate = 0
  active = connections.length
  for (const connection of connections) send(connection, startedAt)
}

function pace({ requestsPerSecond, seconds }) {
  start(Math.floor(requestsPerSecond * seconds), seconds)
  rate = requestsPerSecond / 1000
  active = 0
  resting.push(...connections)
  const timer = setInterval(() => {
    sendDue()
    if (sent === limit) clearInterval(timer)
  }, 1)
}

/** Sends what is due by now, as far as there are connections. */
function sendDue() {
  const due = Math.min(limit, Math.floor((performance.now() - startedAt) * rate))
  while (sent < due && resting.length > 0) {
    active++
    send(resting.pop(), startedAt + sent / rate)
  }
}

function start(requests, seconds) {
  histogram.fill(0)
  sent = 0
  done = 0
  limit = requests
  startedAt = performance.now()
  deadline = startedAt + seconds * 1000
}

function send(connection, now) {
  sent++
  connection.sentAt = now
  connection.socket.write(connection.request)
}

/** Takes what arrived on a connection: nearly always one whole response. */
function receive(connection, bytes) {
  if (connection.part !== undefined || bytes.length !== responseSize) return receivePart(connection, bytes)
  complete(connection, bytes)
}

/** A first response, or one that came in pieces. */
function receivePart(connection, bytes) {
  // The shared buffer is overwritten by the next read.
  const whole = connection.part === undefined ? Buffer.from(bytes) : Buffer.concat([connection.part, bytes])
  if (responseSize === 0) responseSize = sizeOf(whole)
  if (responseSize !== 0 && whole.length > responseSize)
    fail(`a response has ${whole.length} bytes, not ${responseSize}: ${whole.latin1Slice(0, 400)}`)
  if (responseSize === 0 || whole.length < responseSize) {
    connection.part = whole
    return
  }
  connection.part = undefined
  complete(connection, whole)
}

/** The size of a response, head and body; 0 while its head is not whole. */
function sizeOf(bytes) {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return 0
  const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.latin1Slice(0, end))?.[1]
  if (Number(length) !== BODY.length) fail(`a response has Content-Length ${length}, not ${BODY.length}`)
  return end + 4 + BODY.length
}

function complete(connection, bytes) {
  const bodyAt = responseSize - BODY.length
  if (OK.compare(bytes, STATUS_AT, STATUS_AT + 3) !== 0 || BODY.compare(bytes, bodyAt, responseSize) !== 0) {
    fail(`a response is not the origin's: ${bytes.latin1Slice(0, responseSize)}`)
  }
  done++
  const now = performance.now()
  histogram[Math.min(SLOTS - 1, ((now - connection.sentAt) * SLOTS_PER_MS) | 0)]++
  if (rate > 0) rest(connection, now)
  else if (sent < limit && now < deadline) send(connection, now)
  else if (--active === 0) finish(now)
}

function rest(connection, now) {
  resting.push(connection)
  active--
  if (sent < limit) return sendDue()
  if (active > 0) return
  resting.length = 0
  finish(now)
}

function finish(now) {
  process.send({ requests: done, elapsed: (now - startedAt) / 1000, p50: percentile(0.5), p99: percentile(0.99) })
}

/** In milliseconds. */
function percentile(share) {
  let left = done * share
  let slot = 0
  while (slot < SLOTS - 1 && left > histogram[slot]) left -= histogram[slot++]
  return (slot + 0.5) / SLOTS_PER_MS
}

function close() {
  for (const { socket } of connections) socket.removeAllListeners('end').destroy()
  connections = []
  process.send({ closed: true })
}

/** A wrong answer ends the bench: a candidate that is broken must not look fast. */
function fail(message) {
  process.send({ error: message }, () => process.exit(1))
  for (const { socket } of connections) socket.destroy()
}

const verbs = { open, run, pace, close }
process.on('message', ({ verb, ...args }) => verbs[verb](args))
process.on('disconnect', () => process.exit())
process.send({ ready: true })
