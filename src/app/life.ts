/** Start up, drain, stop down: each once, in this order, however often it is asked for. */
import { AdminServer, type AdminSource } from '../admin/server'
import type { Option } from '../config/option'
import { type OptionName, options, type Settings } from '../config/options'
import type { Resolved } from '../config/resolve'
import type { Logger } from '../log/logger'
import type { ListenAddress } from '../proxy/listener'
import type { Metric } from '../telemetry/metrics'
import { build, type Parts } from './build'
import { processMetrics } from './process-metrics'
import type { Ledgers } from './telemetry'

/** Time for telemetry to leave, after the last exchange, in milliseconds. */
export const FLUSH_TIMEOUT = 5000

/** What the command starts and stops: this process alone, or several. */
export interface Program {
  readonly proxyAddress: ListenAddress | undefined
  readonly adminAddress: ListenAddress | undefined
  /** Listens. Rejects when an address can't be had; nothing is left open then. */
  start(): Promise<void>
  /** Drains, flushes and closes. Safe to call twice. */
  stop(): Promise<void>
  /** Opens log files anew, after they were renamed. */
  reopen(): void
  /** The books of each signal, to be told at the end. */
  ledgers(): Ledgers
}

export class Life implements Program {
  readonly #settings: Settings
  readonly #parts: Parts
  readonly #admin: AdminServer | undefined
  #isReady = false
  #stopping: Promise<void> | undefined
  proxyAddress: ListenAddress | undefined
  adminAddress: ListenAddress | undefined

  /** @throws when a file that the settings name can't be opened */
  constructor(resolved: Pick<Resolved, 'settings' | 'origins'>, log: Logger) {
    this.#settings = resolved.settings
    this.#parts = build(resolved.settings, log)
    this.#parts.telemetry.pushMetrics(() => this.metrics())
    this.#admin = adminOf(resolved, {
      isReady: () => this.#isReady,
      metrics: () => this.metrics(),
      exchanges: () => this.exchanges(),
      ledger: () => this.ledgers(),
    })
  }

  metrics(): Metric[] {
    return [...this.#parts.metrics(), ...processMetrics()]
  }

  /** The books of each signal. */
  ledgers(): Ledgers {
    return this.#parts.telemetry.ledgers
  }

  /** Access-log records of the newest exchanges as JSON texts, newest first. */
  exchanges(): string[] {
    return this.#parts.telemetry.newest()
  }

  async start(): Promise<void> {
    const { listen, admin } = this.#settings
    try {
      if (this.#admin && admin !== 'off') this.adminAddress = await this.#admin.listen(admin)
      this.proxyAddress = await this.#parts.listener.listen(listen)
    } catch (error) {
      await this.stop()
      throw error
    }
    this.#isReady = true
  }

  reopen(): void {
    this.#parts.telemetry.reopen()
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    const { listener, upstreams, telemetry } = this.#parts
    this.#isReady = false
    await listener.drain(this.#settings.drainTimeout, this.#settings.drainQuiet)
    upstreams.closeIdle()
    await telemetry.flush(FLUSH_TIMEOUT)
    await this.#admin?.close()
  }
}

/** The admin server, unless it is off. @param source what only the program that is asked for knows */
export function adminOf(
  { settings, origins }: Pick<Resolved, 'settings' | 'origins'>,
  source: Pick<AdminSource, 'isReady' | 'metrics' | 'exchanges' | 'ledger'>,
): AdminServer | undefined {
  if (settings.admin === 'off') return undefined
  return new AdminServer({
    ...source,
    startTime: Date.now(),
    config: () => describe(settings, origins),
  })
}

/** Every setting: its value as the user would write it, secrets masked, and where it came from. */
export function describe(
  settings: Settings,
  origins: Resolved['origins'],
): Record<string, { value: unknown; origin: string }> {
  const names = (Object.keys(options) as OptionName[]).filter((name) => {
    const row: Option<unknown> = options[name]
    return row.variantOf === undefined || settings[name] !== undefined
  })
  return Object.fromEntries(
    names.map((name) => {
      const value: unknown = settings[name]
      const { key, kind }: { key: string; kind: { show(value: unknown): unknown } } = options[name]
      return [key, { value: value === undefined ? null : kind.show(value), origin: origins[name] }]
    }),
  )
}
