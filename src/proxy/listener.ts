/** The near side: accepts clients, knows all their connections, and ends them when the process stops. */
import { createServer, type Server } from 'node:net'
import { ClientConnection, type ClientLimits, type Entrance } from './client-connection'

export interface ListenerSettings extends ClientLimits {
  /** Client connections that may be open; more are closed as they come. */
  readonly connections: number
}

/** Where a server listens. An IPv6 host has no brackets. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

const KEEP_ALIVE_DELAY = 30_000

export class Listener {
  readonly #server: Server
  readonly #clients = new Set<ClientConnection>()
  #onIdle: (() => void) | undefined
  /** Connections accepted, and turned away at the limit. */
  accepted = 0
  rejected = 0

  constructor(entrance: Entrance, settings: ListenerSettings) {
    const options = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_DELAY }
    this.#server = createServer(options, (socket) => {
      this.accepted++
      this.#clients.add(new ClientConnection(socket, entrance, settings, this.#onClosed))
    })
    this.#server.maxConnections = settings.connections
    this.#server.on('drop', () => this.rejected++)
  }

  get open(): number {
    return this.#clients.size
  }

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
    const bound = this.#server.address()
    return { host: address.host, port: bound !== null && typeof bound === 'object' ? bound.port : address.port }
  }

  /**
   * Stops: idle connections end now, busy ones after their exchange, and what is left when the time is up is cut off.
   * @param timeout milliseconds
   */
  async drain(timeout: number): Promise<void> {
    this.#server.close()
    for (const client of this.#clients) client.drain()
    if (this.#clients.size === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        for (const client of this.#clients) client.cutOff()
      }, timeout)
      this.#onIdle = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  readonly #onClosed = (client: ClientConnection): void => {
    this.#clients.delete(client)
    if (this.#clients.size === 0) this.#onIdle?.()
  }
}
