/** outspan as a person starts it: the real binary, its log, its books, its end. */
'use strict'
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { createInterface } = require('node:readline')

const BINARY = path.join(__dirname, '../../bin/outspan.js')
const STOP_TIMEOUT = 20_000

const running = new Set()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

class Outspan {
  #child
  #records = []
  #isClosed

  /** Starts it on ports that the system chooses, with nothing of the caller's environment. */
  static async start(...args) {
    const outspan = new Outspan()
    await outspan.#start(args)
    return outspan
  }

  #start(args) {
    const addresses = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--drain-quiet', '50ms']
    const child = spawn(process.execPath, [BINARY, ...addresses, ...args], {
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#child = child
    running.add(child)
    this.#isClosed = once(child, 'close').then(() => running.delete(child))
    return new Promise((resolve, reject) => {
      this.#isClosed.then(() => reject(new Error(`outspan did not start: ${JSON.stringify(this.#records)}`)))
      createInterface({ input: child.stderr }).on('line', (line) => {
        const record = line.startsWith('{') ? JSON.parse(line) : { message: line }
        this.#records.push(record)
        if (record.message !== 'ready') return
        this.proxy = new URL(record.proxy)
        this.admin = record.admin
        resolve()
      })
    })
  }

  async ledger() {
    return (await fetch(`${this.admin}/ledger`)).json()
  }

  /** @returns the books in the last line of its log */
  async stop() {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT)
    this.#child.kill('SIGTERM')
    await this.#isClosed
    clearTimeout(timer)
    const last = this.#records.at(-1)
    if (this.#child.exitCode !== 0 || last?.message !== 'stopped') {
      throw new Error(`outspan ended with ${this.#child.exitCode}, its last line is ${JSON.stringify(last)}`)
    }
    return last.ledger
  }

  /** Ends it without a chance to do anything. */
  async kill() {
    this.#child.kill('SIGKILL')
    await this.#isClosed
  }
}

/** What the books of a signal come to, beside what was observed. */
function sumOf({ exported, sampled_out: sampledOut, filtered, dropped, queued, spooled }) {
  const counts = [...Object.values(filtered), ...Object.values(dropped)]
  return counts.reduce((sum, count) => sum + count, exported + sampledOut + queued + spooled)
}

module.exports = { Outspan, sumOf }
