/**
 * The OpenTelemetry Collector: built once from its Go modules, started with OTLP in and files of OTLP/JSON out, and what it
 * wrote. What is built stays in the user's cache, under a name that is made of its sources.
 */
'use strict'
const { spawn, spawnSync } = require('node:child_process')
const { createHash } = require('node:crypto')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { pause } = require('./pause')

const SOURCES = path.join(__dirname, 'collector')
const BUILD_TIMEOUT = 15 * 60_000
const START_TIMEOUT = 60_000
const STOP_TIMEOUT = 30_000
/** Where Go is installed by its own packages. */
const GO_FOLDER = '/usr/local/go/bin'

const signals = {
  traces: { outer: 'resourceSpans', middle: 'scopeSpans', inner: 'spans' },
  logs: { outer: 'resourceLogs', middle: 'scopeLogs', inner: 'logRecords' },
  metrics: { outer: 'resourceMetrics', middle: 'scopeMetrics', inner: 'metrics' },
}

const running = new Set()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** @returns {{ binary: string } | { reason: string }} the collector's program, or why there is none */
function buildCollector() {
  const hash = createHash('sha256')
  for (const name of fs.readdirSync(SOURCES).sort()) hash.update(fs.readFileSync(path.join(SOURCES, name)))
  const cache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache')
  const folder = path.join(cache, 'outspan-interop', hash.digest('hex').slice(0, 16))
  const binary = path.join(folder, 'collector')
  if (fs.existsSync(binary)) return { binary }
  fs.mkdirSync(folder, { recursive: true })
  // Built beside its place and then moved there: what is there is whole.
  const fresh = `${binary}.${process.pid}`
  const { error, status, stdout, stderr } = spawnSync(
    'go',
    ['build', '-mod=readonly', '-trimpath', '-ldflags=-s -w', '-o', fresh, '.'],
    {
      cwd: SOURCES,
      encoding: 'utf8',
      env: { ...process.env, CGO_ENABLED: '0', PATH: `${process.env.PATH}:${GO_FOLDER}` },
      timeout: BUILD_TIMEOUT,
    },
  )
  if (error) return { reason: `go build: ${error.message}` }
  if (status !== 0) return { reason: `go build ended with status ${status}: ${`${stdout}${stderr}`.trim()}` }
  fs.renameSync(fresh, binary)
  return { binary }
}

/** Ports that nothing listens on, all different. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => net.createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => server.address().port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

class Collector {
  #binary
  #folder
  #starts = 0
  #child
  #ports

  /** @param {string} folder for its configuration and what it writes */
  constructor(binary, folder, ports) {
    this.#binary = binary
    this.#folder = folder
    this.#ports = ports
  }

  static async make(binary, folder) {
    return new Collector(binary, folder, await freePorts(2))
  }

  /** The endpoint for a protocol of outspan's. */
  endpoint(protocol) {
    const [grpc, http] = this.#ports
    return `http://127.0.0.1:${protocol === 'grpc' ? grpc : http}`
  }

  /** Starts it, each time with files of its own and the same ports. */
  async start() {
    const config = path.join(this.#folder, `collector-${++this.#starts}.yaml`)
    fs.writeFileSync(config, this.#configuration())
    const child = spawn(this.#binary, ['--config', `file:${config}`], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child = child
    running.add(child)
    let log = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      log += text
    })
    child.once('exit', () => running.delete(child))
    const end = performance.now() + START_TIMEOUT
    while (!log.includes('Everything is ready')) {
      if (child.exitCode !== null || performance.now() > end) throw new Error(`the collector did not start: ${log}`)
      await pause(20)
    }
  }

  /** Lets it write what it has, and ends it. */
  async stop() {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT)
    child.kill('SIGTERM')
    await once(child, 'exit')
    clearTimeout(timer)
  }

  /** The entries of a signal in the order in which they came, each with its resource. Complete once the collector has stopped. */
  entries(signal) {
    const { outer, middle, inner } = signals[signal]
    const entries = []
    for (let start = 1; start <= this.#starts; start++) {
      const file = this.#file(signal, start)
      const lines = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
      for (const message of lines.flatMap((line) => JSON.parse(line)[outer])) {
        const resource = attributesOf(message.resource)
        for (const scope of message[middle]) {
          for (const entry of scope[inner]) entries.push({ ...entry, resource, scope: scope.scope })
        }
      }
    }
    return entries
  }

  #file(signal, start) {
    return path.join(this.#folder, `${signal}-${start}.json`)
  }

  #configuration() {
    const names = Object.keys(signals)
    const [grpc, http] = this.#ports
    const file = (signal) => [signal, { path: this.#file(signal, this.#starts) }]
    // JSON is YAML.
    return JSON.stringify({
      receivers: {
        otlp: {
          protocols: { grpc: { endpoint: `127.0.0.1:${grpc}` }, http: { endpoint: `127.0.0.1:${http}` } },
        },
      },
      exporters: Object.fromEntries(names.map(file).map(([signal, settings]) => [`file/${signal}`, settings])),
      service: {
        telemetry: { metrics: { level: 'none' } },
        pipelines: Object.fromEntries(
          names.map((signal) => [signal, { receivers: ['otlp'], exporters: [`file/${signal}`] }]),
        ),
      },
    })
  }
}

/** Attributes as plain data; OTLP/JSON writes whole numbers as text. */
function attributesOf({ attributes = [] } = {}) {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, 'intValue' in value ? Number(value.intValue) : Object.values(value)[0]]),
  )
}

/** The data points of a metric, whatever its kind. */
function pointsOf({ sum, gauge, histogram }) {
  return (sum ?? gauge ?? histogram).dataPoints
}

module.exports = { Collector, attributesOf, buildCollector, pointsOf }
