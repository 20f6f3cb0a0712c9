/** Connections that are open to each destination: the idle ones on a stack, the last used first. */
import type { Clock } from '../model/clock'
import type { Destination } from '../model/destination'
import type { FaultCode } from '../model/fault'
import { ConnectionDurations } from '../telemetry/connection-durations'
import { type IsOurs, UpstreamConnection, type UpstreamTaker, type UpstreamTimeouts } from './connection'
import type { Resolver } from './resolver'

export interface PoolSettings extends UpstreamTimeouts {
  /** Milliseconds that an unused connection is kept. Below what servers do, so that they seldom close one in our hands. */
  readonly idle: number
  /** Connections that may be open to one destination. */
  readonly connectionsPerDestination: number
}

interface Shelf {
  readonly destination: Destination
  readonly idle: UpstreamConnection[]
  /** All of them, the idle ones included. */
  readonly open: Set<UpstreamConnection>
}

/** How often connections are looked through for those whose time is up, in milliseconds; oftener for short times. */
const SWEEP_INTERVAL = 1000
const SWEEPS_IN_A_TIMEOUT = 5
/** Destinations that are remembered though nothing is open to them: a count that falls to nothing is told as such. */
const MOST_REMEMBERED = 2000

/** What is open to a destination. */
export interface OpenConnections {
  readonly destination: Destination
  readonly idle: number
  /** Those that carry an exchange or tunnel. */
  readonly active: number
}

export class UpstreamPool {
  #settings: PoolSettings
  readonly #clock: Clock
  readonly #resolver: Resolver
  readonly #shelves = new Map<string, Shelf>()
  readonly #isOurs: IsOurs
  #sweeper: NodeJS.Timeout | undefined
  /** Connections open now, and all that were ever dialled. */
  open = 0
  dialled = 0
  readonly durations = new ConnectionDurations()

  constructor(settings: PoolSettings, clock: Clock, resolver: Resolver, isOurs: IsOurs) {
    this.#settings = settings
    this.#clock = clock
    this.#resolver = resolver
    this.#isOurs = isOurs
  }

  get idle(): number {
    let count = 0
    for (const shelf of this.#shelves.values()) count += shelf.idle.length
    return count
  }

  /** What is open, by destination. */
  get byDestination(): OpenConnections[] {
    return [...this.#shelves.values()].map(({ destination, idle, open }) => ({
      destination,
      idle: idle.length,
      active: open.size - idle.length,
    }))
  }

  /** An idle connection, else a new one, else the reason why there is none. It may still be connecting: writes wait. */
  acquire(destination: Destination, taker: UpstreamTaker): UpstreamConnection | FaultCode {
    const connection = this.#shelves.get(destination.authority)?.idle.pop()
    if (!connection) return this.dial(destination, taker)
    connection.uses++
    connection.changeTaker(taker)
    connection.timeouts = this.#settings
    return connection
  }

  /** A new connection, whatever is idle: for tunnels, and for a request that an idle connection failed. */
  dial(destination: Destination, taker: UpstreamTaker): UpstreamConnection | FaultCode {
    const { connectionsPerDestination } = this.#settings
    const { open, idle } = this.#shelfOf(destination)
    // An idle connection makes room, the one that is unused the longest.
    if (open.size >= connectionsPerDestination) idle[0]?.destroy()
    // The last connection may have taken the shelf along.
    const shelf = this.#shelfOf(destination)
    if (shelf.open.size >= connectionsPerDestination) return 'connection_limit'
    const connection = new UpstreamConnection(
      destination,
      this.#resolver.lookup,
      taker,
      this.#clock,
      this.#settings,
      this.#isOurs,
      this.#onGone,
    )
    shelf.open.add(connection)
    this.open++
    this.dialled++
    this.#sweeper ??= setInterval(() => this.#sweep(), this.#sweepInterval).unref()
    return connection
  }

  /** Settings for what is asked of the pool from now on. Exchanges keep the time-outs that they began with. */
  renew(settings: PoolSettings): void {
    this.#settings = settings
    if (!this.#sweeper) return
    clearInterval(this.#sweeper)
    this.#sweeper = setInterval(() => this.#sweep(), this.#sweepInterval).unref()
  }

  /** Takes a connection back whose exchange was complete at `mark`, to be used again. */
  release(connection: UpstreamConnection, mark: number): void {
    // What is unsent belongs to an exchange that is over; what takes no more is about to go.
    if (connection.unsent > 0 || !connection.isWritable) return connection.destroy()
    connection.changeTaker(undefined)
    connection.idleSince = mark
    this.#shelfOf(connection.destination).idle.push(connection)
  }

  /** Drops every idle connection. */
  closeIdle(): void {
    this.#dropIdle(Number.POSITIVE_INFINITY)
  }

  readonly #onGone = (connection: UpstreamConnection): void => {
    const { destination, connected, carriesHttp, connectedMark } = connection
    if (!connected) this.#resolver.forget(destination.host)
    else if (carriesHttp) this.durations.add(destination, this.#clock.now() - connectedMark)
    const shelf = this.#shelfOf(destination)
    const at = shelf.idle.indexOf(connection)
    if (at >= 0) shelf.idle.splice(at, 1)
    shelf.open.delete(connection)
    this.open--
    if (shelf.open.size === 0 && this.#shelves.size > MOST_REMEMBERED) this.#shelves.delete(destination.authority)
  }

  get #sweepInterval(): number {
    const { responseHead, idle } = this.#settings
    const shortest = Math.min(responseHead || idle, idle)
    return Math.max(10, Math.min(SWEEP_INTERVAL, shortest / SWEEPS_IN_A_TIMEOUT))
  }

  #shelfOf(destination: Destination): Shelf {
    let shelf = this.#shelves.get(destination.authority)
    if (!shelf) {
      shelf = { destination, idle: [], open: new Set() }
      this.#shelves.set(destination.authority, shelf)
    }
    return shelf
  }

  #sweep(): void {
    const now = this.#clock.now()
    this.#dropIdle(now - this.#settings.idle)
    for (const { open } of this.#shelves.values()) {
      for (const connection of open) connection.checkTime(now)
    }
    if (this.open > 0) return
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
  }

  /** The longest unused lie at the bottom of each stack. */
  #dropIdle(before: number): void {
    for (const { idle } of this.#shelves.values()) {
      const fresh = idle.findIndex((connection) => connection.idleSince > before)
      for (const connection of idle.splice(0, fresh < 0 ? idle.length : fresh)) connection.destroy()
    }
  }
}
