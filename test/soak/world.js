/** What an actor knows: where everything is, its randomness, and the ids that it has given to requests. */
'use strict'
const http = require('node:http')
const net = require('node:net')
const { seeded } = require('./random')

const TIMEOUT = 60_000

/** @typedef {{ status: number, headers: object, trailers: object, size: number, interims: number }} Answer */

class World {
  connections = 0
  /** Called with every id that is given. */
  onId
  #ids = 0
  #prefix

  /** @param {{ seed: number, prefix: string, ports: { proxyPort: number, originPort: number, rudePort: number, echoPort: number } }} options */
  constructor({ seed, prefix, ports }) {
    Object.assign(this, ports)
    this.random = seeded(seed)
    this.#prefix = prefix
    this.agent = new http.Agent({ keepAlive: true })
    this.agent.createConnection = () => this.dial()
  }

  id() {
    const id = `${this.#prefix}-${this.#ids++}`
    this.onId?.(id)
    return id
  }

  /** Every connection to the proxy is made here, and counted. */
  dial(options = {}) {
    const socket = net.connect({ host: '127.0.0.1', port: this.proxyPort, noDelay: true, ...options })
    socket.once('connect', () => this.connections++)
    return socket
  }

  url(id, path, port = this.originPort) {
    return `http://127.0.0.1:${port}/${id}/${path}`
  }

  /** The text of a request head. */
  head(id, path, { method = 'GET', lines = [], version = 'HTTP/1.1' } = {}) {
    const host = `Host: 127.0.0.1:${this.originPort}`
    return [`${method} ${this.url(id, path)} ${version}`, host, ...lines, '\r\n'].join('\r\n')
  }

  /**
   * A request by Node.js's own client.
   * @param {{ method?: string, headers?: object, port?: number, timeout?: number, send?(request: http.ClientRequest): void,
   *   take?(response: http.IncomingMessage, request: http.ClientRequest): void }} options `send` writes the body and ends;
   *   `take` is called with the response
   * @returns {Promise<Answer>} rejects when the exchange breaks
   */
  exchange(
    id,
    path,
    { method = 'GET', headers = {}, port, send = (request) => request.end(), take, timeout = TIMEOUT } = {},
  ) {
    return new Promise((resolve, reject) => {
      let interims = 0
      const request = http.request({
        method,
        agent: this.agent,
        host: '127.0.0.1',
        port: this.proxyPort,
        path: this.url(id, path, port),
        headers: { Host: `127.0.0.1:${port ?? this.originPort}`, ...headers },
      })
      const timer = setTimeout(() => request.destroy(new Error('time is up')), timeout)
      request.on('close', () => clearTimeout(timer))
      request.on('information', () => interims++)
      request.on('error', reject)
      request.on('response', (response) => {
        let size = 0
        response.on('data', (bytes) => {
          size += bytes.length
        })
        response.on('error', reject)
        response.on('end', () => {
          const { statusCode: status, headers, trailers } = response
          resolve({ status, headers, trailers, size, interims })
        })
        take?.(response, request)
      })
      send(request)
    })
  }

  close() {
    this.agent.destroy()
  }
}

/** Fails with words unless it is so. */
function check(isSo, words) {
  if (!isSo) throw new Error(words)
}

/** Waits for a promise that has to fail. */
async function fails(promise, words) {
  const failed = await promise.then(
    () => false,
    () => true,
  )
  check(failed, words)
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

module.exports = { World, check, fails, pause }
