/** Start up, drain, stop down: each once, in this order, however often it is asked for. */
import { AdminServer, type AdminSource } from '../admin/server'
import type { ConfigFile } from '../config/file'
import type { Chosen } from '../config/resolve'
import type { Logger } from '../log/logger'
import type { ListenAddress } from '../proxy/listener'
import type { Metric } from '../telemetry/metrics'
import { build, type Parts } from './build'
import type { Change } from './change'
import { InForce, type Loaded } from './in-force'
import { processMetrics } from './process-metrics'
import type { Ledgers } from './telemetry'

/** Time for telemetry to leave, after the last exchange, in milliseconds. */
export const FLUSH_TIMEOUT = 5000

/** As `Change`; in several processes it takes a moment. */
export interface ProgramChange {
  /** Resolves when it is in force. Never rejects. */
  commit(): void | Promise<void>
  abandon(): void
}

/** What the command starts and stops: this process alone, or several. */
export interface Program {
  readonly proxyAddress: ListenAddress | undefined
  readonly adminAddress: ListenAddress | undefined
  /** Listens. Rejects when an address can't be had; nothing is left open then. */
  start(): Promise<void>
  /** Drains, flushes and closes. Safe to call twice. */
  stop(): Promise<void>
  /**
   * Makes ready what other settings say, for exchanges that begin after it is committed. Throws or rejects when that can't be:
   * nothing has changed then.
   * @param file what they were read from
   */
  prepare(next: Chosen, file: ConfigFile | undefined): ProgramChange | Promise<ProgramChange>
  /** Opens the files of logs again: their names may have gone to others. */
  reopen(): void
  /** The books of each signal, to be told at the end. */
  ledgers(): Ledgers
}

export class Life implements Program {
  readonly #inForce: InForce
  readonly #parts: Parts
  readonly #admin: AdminServer | undefined
  #isReady = false
  #stopping: Promise<void> | undefined
  proxyAddress: ListenAddress | undefined
  adminAddress: ListenAddress | undefined

  /** @param hasAdmin false: somebody else answers the operator @throws when a file that the settings name can't be opened */
  constructor(loaded: Loaded | InForce, log: Logger, hasAdmin = true) {
    const inForce = loaded instanceof InForce ? loaded : new InForce(loaded)
    this.#inForce = inForce
    this.#parts = build(inForce.settings, log)
    this.#parts.telemetry.pushMetrics(() => this.metrics())
    this.#admin = adminOf(inForce, hasAdmin, {
      isReady: () => this.#isReady,
      metrics: () => this.metrics(),
      exchanges: () => this.exchanges(),
      ledger: () => this.ledgers(),
    })
  }

  metrics(): Metric[] {
    return [...this.#parts.metrics(), ...this.#inForce.metrics(), ...processMetrics()]
  }

  /** The books of each signal. */
  ledgers(): Ledgers {
    return this.#parts.telemetry.ledgers
  }

  /** Access-log records of the newest exchanges as JSON texts, newest first. */
  exchanges(): string[] {
    return this.#parts.telemetry.newest()
  }

  prepare({ settings }: Pick<Chosen, 'settings'>): Change {
    return this.#parts.prepare(settings)
  }

  reopen(): void {
    this.#parts.telemetry.reopen()
  }

  async start(): Promise<void> {
    const { listen, admin } = this.#inForce.settings
    try {
      if (this.#admin && admin !== 'off') this.adminAddress = await this.#admin.listen(admin)
      this.proxyAddress = await this.#parts.listener.listen(listen)
    } catch (error) {
      await this.stop()
      throw error
    }
    this.#isReady = true
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    const { listener, upstreams, telemetry } = this.#parts
    this.#isReady = false
    const { drainTimeout, drainQuiet } = this.#inForce.settings
    await listener.drain(drainTimeout, drainQuiet)
    upstreams.closeIdle()
    await telemetry.flush(FLUSH_TIMEOUT)
    await this.#admin?.close()
  }
}

/** The admin server, unless it is off. @param source what only the program that is asked for knows */
export function adminOf(
  inForce: InForce,
  hasAdmin: boolean,
  source: Pick<AdminSource, 'isReady' | 'metrics' | 'exchanges' | 'ledger'>,
): AdminServer | undefined {
  if (!hasAdmin || inForce.settings.admin === 'off') return undefined
  return new AdminServer({
    ...source,
    startTime: Date.now(),
    config: () => inForce.describe(),
  })
}
