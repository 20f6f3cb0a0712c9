/**
 * Other proxies, where they are installed: nginx, HAProxy and Squid, each with one process or thread, keep-alive on both sides, no
 * cache and no log. None of them traces. nginx and HAProxy are told the origin, as reverse proxies are.
 */
'use strict'
const { spawnSync } = require('node:child_process')
const { mkdtempSync, writeFileSync } = require('node:fs')
const net = require('node:net')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { startProgram, stop } = require('./children')

const READY_TIMEOUT = 10_000
const READY_INTERVAL = 20
/** Debian has them there, which is not in the path of every user. */
const PATH = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`

const nginx = ({ port, originPort, directory }) => `
daemon off;
master_process off;
pid ${directory}/pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`).join(' ')}
  keepalive_requests 1000000000;
  upstream origin { server 127.0.0.1:${originPort}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; }
  }
}
`

const haproxy = ({ port, originPort }) => `
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
listen all
  bind 127.0.0.1:${port}
  server origin 127.0.0.1:${originPort}
`

const squid = ({ port, directory }) => `
http_port 127.0.0.1:${port}
http_access allow all
cache deny all
cache_mem 0
access_log none
cache_log /dev/stderr
cache_store_log none
pid_filename none
coredump_dir ${directory}
shutdown_lifetime 0 seconds
`

const programs = [
  { key: 'nginx', configuration: nginx, flags: (file) => ['-c', file, '-e', 'stderr'] },
  { key: 'haproxy', configuration: haproxy, flags: (file) => ['-f', file] },
  { key: 'squid', configuration: squid, flags: (file) => ['-N', '-f', file] },
]

/** @returns {import('./candidates').Candidate[]} */
function installedCandidates() {
  return programs
    .filter(({ key }) => spawnSync(key, ['-v'], { stdio: 'ignore', env: { ...process.env, PATH } }).status === 0)
    .map(({ key, configuration, flags }) => ({
      key,
      name: key,
      hasTelemetry: false,
      // What they end with when they are told to is theirs.
      isForeign: true,
      start: async ({ originPort, accessLog }) => {
        const directory = mkdtempSync(path.join(path.dirname(accessLog), `${key}-`))
        const port = await freePort()
        const file = path.join(directory, 'configuration')
        writeFileSync(file, configuration({ port, originPort, directory }))
        const child = startProgram(key, flags(file), { ...process.env, PATH })
        try {
          await untilListening(port, child)
        } catch (error) {
          await stop(child)
          throw error
        }
        return { child, port }
      },
    }))
}

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

async function untilListening(port, child) {
  for (const until = Date.now() + READY_TIMEOUT; Date.now() < until; await sleep(READY_INTERVAL)) {
    if (child.exitCode !== null || child.signalCode !== null) break
    if (await isListening(port)) return
  }
  throw new Error(`it does not listen: ${child.stderrText}`)
}

function isListening(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(true))
    socket.once('error', () => resolve(false)).once('connect', () => socket.destroy())
  })
}

module.exports = { installedCandidates }
