/**
 * Holds /metrics of a running outspan that had traffic, with one process and with two, to `promtool check metrics`.
 * Where promtool is not installed, it is taken out of Debian's package prometheus, which needs no rights and installs nothing.
 */
'use strict'
const { spawn, spawnSync } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const http = require('node:http')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { createInterface } = require('node:readline')

const binary = path.join(__dirname, '../../bin/outspan.js')
const APT_TIMEOUT = 60_000
const METRICS_TIMEOUT = 20_000

/** @returns {string | undefined} a promtool that runs */
function findPromtool(folder) {
  if (runs('promtool')) return 'promtool'
  const options = { cwd: folder, stdio: 'ignore', timeout: APT_TIMEOUT }
  if (spawnSync('apt-get', ['download', 'prometheus'], options).status !== 0) return undefined
  const archive = fs.readdirSync(folder).find((name) => name.endsWith('.deb'))
  if (!archive || spawnSync('dpkg-deb', ['--extract', archive, '.'], options).status !== 0) return undefined
  const extracted = path.join(folder, 'usr/bin/promtool')
  return runs(extracted) ? extracted : undefined
}

function runs(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0
}

/** Listens on a port that the system chooses. */
async function listen(server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}

/** Starts outspan. @returns the process and its addresses */
async function startOutspan(...args) {
  const outspan = spawn(process.execPath, [binary, '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', ...args], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  for await (const line of createInterface({ input: outspan.stderr })) {
    const { message, proxy, admin } = JSON.parse(line)
    if (message === 'ready') return { outspan, proxy: new URL(proxy), admin }
  }
  throw new Error('outspan did not start')
}

/** One request through the proxy, to its end. */
async function send(proxy, target, method = 'GET', body = undefined) {
  const request = http.request({ host: proxy.hostname, port: proxy.port, method, path: target, agent: false })
  request.end(body)
  const [response] = await once(request, 'response')
  response.resume()
  await once(response, 'end')
}

/** A tunnel through the proxy, opened and closed. */
async function tunnel(proxy, authority) {
  const socket = net.connect(Number(proxy.port), proxy.hostname)
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
  await once(socket, 'data')
  socket.end()
  socket.resume()
  await once(socket, 'close')
}

/** Requests that end well, with an error, not at all, and a tunnel. */
async function traffic(proxy, port) {
  const origin = `127.0.0.1:${port}`
  for (let i = 0; i < 20; i++) await send(proxy, `http://${origin}/${i}`)
  await send(proxy, `http://${origin}/missing`)
  await send(proxy, `http://${origin}/`, 'POST', 'x'.repeat(5000))
  await send(proxy, 'http://127.0.0.1:1/')
  await send(proxy, '/not-for-a-proxy')
  await tunnel(proxy, origin)
}

/** Metrics as soon as all are there: some figures of the process are so from the second time on, and a tunnel when it has ended. */
async function wholeMetrics(admin) {
  const needed = ['http_client_request_duration_seconds_bucket{', 'outspan_tunnel_duration_seconds_count{']
  needed.push('nodejs_eventloop_delay_max')
  const end = performance.now() + METRICS_TIMEOUT
  for (;;) {
    const text = await (await fetch(`${admin}/metrics`)).text()
    const missing = needed.filter((name) => !text.includes(name))
    if (missing.length === 0) return text
    if (performance.now() > end) throw new Error(`/metrics has no ${missing.join(', ')}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

async function check(promtool, port, ...args) {
  const { outspan, proxy, admin } = await startOutspan(...args)
  try {
    await traffic(proxy, port)
    const text = await wholeMetrics(admin)
    const { status, stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], { input: text, encoding: 'utf8' })
    process.stdout.write(`${stdout}${stderr}`)
    process.stdout.write(
      `promtool, outspan ${args.join(' ')}: ${status === 0 ? 'no complaints' : `status ${status}`}\n`,
    )
    return status === 0
  } finally {
    outspan.kill('SIGKILL')
  }
}

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'promtool-'))
  const origin = http.createServer((request, response) => {
    request.resume()
    response.statusCode = request.url === '/missing' ? 404 : 200
    response.end('hello')
  })
  try {
    const promtool = findPromtool(folder)
    if (!promtool) {
      process.stdout.write(
        'promtool: skipped, it is not installed and apt-get has no package prometheus to take it from\n',
      )
      return
    }
    const port = await listen(origin)
    const results = [await check(promtool, port, '--workers', '1'), await check(promtool, port, '--workers', '2')]
    if (results.includes(false)) process.exitCode = 1
  } finally {
    origin.close()
    fs.rmSync(folder, { recursive: true })
  }
}

main()
