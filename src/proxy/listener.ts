/** The near side: accepts clients, knows all their connections, and ends them when the process stops. */
import { createServer, type Server, type Socket } from 'node:net'
import { CONNECTION_BOUNDS } from '../telemetry/connection-durations'
import { Histogram } from '../telemetry/histogram'
import { ClientConnection, type ClientLimits } from './client-connection'
import type { Entrance } from './route'

export interface ListenerSettings extends ClientLimits {
  /** Client connections that may be open; more are closed as they come. */
  readonly connections: number
  /** How often connections are looked through for those on which nothing moves, in milliseconds. */
  readonly sweep: number
}

/** Where a server listens. An IPv6 host has no brackets. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

const KEEP_ALIVE_DELAY = 30_000

/** How often a drain looks whether the program beside us is done, in milliseconds; oftener for short quiet times. */
const LOOK_INTERVAL = 100
const LOOKS_IN_QUIET = 4
/** What clients have to take the rest of what was written to them, in milliseconds. */
const LAST_WORDS = 1000

export class Listener {
  readonly #entrance: Entrance
  #settings: ListenerSettings
  readonly #onRejected: (connections: number) => void
  readonly #server: Server
  readonly #clients = new Set<ClientConnection>()
  #isDraining = false
  #sweeper: NodeJS.Timeout | undefined
  #onEmpty: (() => void) | undefined
  /** Connections accepted, and turned away at the limit. */
  accepted = 0
  rejected = 0
  /** Connections ended because no request was on them for too long. */
  idled = 0
  /** How long connections were open, in seconds. */
  readonly durations = new Histogram(CONNECTION_BOUNDS)

  /** @param onRejected told of every connection that is turned away, with the limit */
  constructor(entrance: Entrance, settings: ListenerSettings, onRejected: (connections: number) => void) {
    this.#onRejected = onRejected
    this.#entrance = entrance
    this.#settings = settings
    const options = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_DELAY }
    this.#server = createServer({ ...options, pauseOnConnect: true }, (socket) => this.#accept(socket))
  }

  get open(): number {
    return this.#clients.size
  }

  /** Settings for what comes from now on, on connections that are open too. */
  renew(settings: ListenerSettings): void {
    const isSwept = this.#sweeper !== undefined && !this.#isDraining
    if (isSwept && settings.sweep !== this.#settings.sweep) {
      clearInterval(this.#sweeper)
      this.#sweeper = setInterval(() => this.#sweep(), settings.sweep).unref()
    }
    this.#settings = settings
    for (const client of this.#clients) client.limits = settings
  }

  /** Where it listens, once it does. */
  address: ListenAddress | undefined

  /** Starts to accept. @returns the address, its port filled in where 0 was asked for */
  async listen(address: ListenAddress): Promise<ListenAddress> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(address.port, address.host, () => {
        this.#server.removeListener('error', reject)
        // Accepting can fail for want of descriptors. The listener goes on, and so must the process.
        this.#server.on('error', () => {})
        resolve()
      })
    })
    this.#sweeper = setInterval(() => this.#sweep(), this.#settings.sweep).unref()
    const bound = this.#server.address()
    this.address = { host: address.host, port: bound !== null && typeof bound === 'object' ? bound.port : address.port }
    return this.address
  }

  /**
   * Stops, and lets the program beside us stop first: it may call out while it does. New connections are taken, every
   * connection ends after its response, and when nothing was on and nothing came for a while, or the time is up, what is
   * left is closed. What is on by then is cut off.
   * @param timeout milliseconds
   * @param quiet milliseconds without any request or new connection, after which the program is taken for done
   */
  async drain(timeout: number, quiet: number): Promise<void> {
    this.#isDraining = true
    for (const client of this.#clients) client.drain()
    await this.#untilQuiet(performance.now() + timeout, quiet)
    clearInterval(this.#sweeper)
    this.#server.close()
    for (const client of this.#clients) client.cutOff()
    const timer = setTimeout(() => {
      for (const client of this.#clients) client.reset()
    }, LAST_WORDS)
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve
      this.#tellEmpty()
    })
    clearTimeout(timer)
  }

  #tellEmpty(): void {
    if (this.#clients.size === 0) this.#onEmpty?.()
  }

  async #untilQuiet(deadline: number, quiet: number): Promise<void> {
    const interval = Math.max(1, Math.min(LOOK_INTERVAL, quiet / LOOKS_IN_QUIET))
    let last = performance.now()
    let seen = this.#activity
    for (let now = last; now < deadline; now = performance.now()) {
      if (this.#activity !== seen || this.#entrance.active > 0) last = now
      if (now - last >= quiet) return
      seen = this.#activity
      await new Promise((resolve) => setTimeout(resolve, Math.min(interval, deadline - now)))
    }
  }

  /** Rises with every connection and request. */
  get #activity(): number {
    return this.accepted + this.#entrance.begun
  }

  #sweep(): void {
    const now = performance.now()
    for (const client of this.#clients) if (client.checkTime(now)) this.idled++
  }

  #accept(socket: Socket): void {
    if (this.#clients.size >= this.#settings.connections) {
      this.rejected++
      this.#onRejected(this.#settings.connections)
      socket.destroy()
      return
    }
    this.accepted++
    const client = new ClientConnection(socket, this.#entrance, this.#settings, this.#onClosed)
    this.#clients.add(client)
    if (this.#isDraining) client.drain()
  }

  readonly #onClosed = (client: ClientConnection): void => {
    this.#clients.delete(client)
    this.durations.record((performance.now() - client.openedAt) / 1000)
    this.#tellEmpty()
  }
}
