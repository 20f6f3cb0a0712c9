/** A client connection on which every byte is one's own. */
'use strict'

const TIMEOUT = 60_000

class Wire {
  /** @param {import('./world').World} world */
  constructor(world, options = {}) {
    this.socket = world.dial({ allowHalfOpen: true, ...options })
    this.text = ''
    this.ended = false
    this.closed = false
    this.#waiters = new Set()
    this.socket.setEncoding('latin1')
    this.socket.on('connect', () => this.#look())
    this.socket.on('data', (text) => {
      this.text += text
      this.#look()
    })
    this.socket.on('end', () => {
      this.ended = true
      this.#look()
    })
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.closed = true
      this.#look()
    })
  }

  #waiters

  #look() {
    for (const waiter of this.#waiters) waiter()
  }

  write(data) {
    this.socket.write(data, 'latin1')
    return this
  }

  /** Waits until it is so. */
  until(isSo, what) {
    return new Promise((resolve, reject) => {
      const done = (settle) => {
        clearTimeout(timer)
        this.#waiters.delete(look)
        settle()
      }
      const fail = (why) =>
        done(() => reject(new Error(`${why} while waiting for ${what}: ${JSON.stringify(this.text.slice(0, 200))}`)))
      const timer = setTimeout(() => fail('time is up'), TIMEOUT)
      const look = () => {
        if (isSo()) done(resolve)
        else if (this.closed) fail('closed')
      }
      this.#waiters.add(look)
      look()
    })
  }

  receives(part) {
    return this.until(() => this.text.includes(part), part)
  }

  /** Waits for the end of what the other side sends, a clean one or not. */
  end() {
    return this.until(() => this.ended || this.closed, 'the end')
  }

  /** The status of the first answer; 0 before it. */
  get status() {
    return Number(this.text.match(/^HTTP\/1\.\d (\d{3})/)?.[1] ?? 0)
  }

  destroy() {
    this.socket.destroy()
  }

  reset() {
    this.socket.resetAndDestroy()
  }
}

module.exports = { Wire }
