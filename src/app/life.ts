/** Start up, drain, stop down: each once, in this order, however often it is asked for. */
import { AdminServer } from '../admin/server'
import { address } from '../config/kinds'
import { type OptionName, options, type Settings } from '../config/options'
import type { Resolved } from '../config/resolve'
import type { Logger } from '../log/logger'
import type { ListenAddress } from '../proxy/listener'
import { build, type Parts } from './build'

/** Time for telemetry to leave, after the last exchange, in milliseconds. */
export const FLUSH_TIMEOUT = 5000

export class Life {
  readonly #settings: Settings
  readonly #origins: Resolved['origins']
  readonly #log: Logger
  readonly #parts: Parts
  readonly #admin: AdminServer | undefined
  #isReady = false
  #stopping: Promise<void> | undefined
  proxyAddress: ListenAddress | undefined
  adminAddress: ListenAddress | undefined

  /** @throws when a file that the settings name can't be opened */
  constructor({ settings, origins }: Pick<Resolved, 'settings' | 'origins'>, log: Logger) {
    this.#settings = settings
    this.#origins = origins
    this.#log = log
    this.#parts = build(settings, log)
    const { telemetry, metrics } = this.#parts
    if (settings.admin === 'off') return
    this.#admin = new AdminServer({
      startTime: Date.now(),
      isReady: () => this.#isReady,
      metrics,
      exchanges: () => telemetry.newest(),
      config: () => describe(this.#settings, this.#origins),
    })
  }

  /** Listens. Rejects when an address can't be had; nothing is left open then. */
  async start(): Promise<void> {
    const { listen, admin, otlpEndpoint } = this.#settings
    try {
      if (this.#admin && admin !== 'off') this.adminAddress = await this.#admin.listen(admin)
      this.proxyAddress = await this.#parts.listener.listen(listen)
    } catch (error) {
      await this.stop()
      throw error
    }
    this.#isReady = true
    const telemetry =
      otlpEndpoint === undefined
        ? 'in memory, for want of --otlp-endpoint'
        : String(options.otlpEndpoint.kind.show(otlpEndpoint))
    this.#log.info('ready', {
      proxy: `http://${address.show(this.proxyAddress)}`,
      admin: this.adminAddress ? `http://${address.show(this.adminAddress)}` : 'off',
      telemetry,
    })
  }

  /** Drains, flushes and closes. Safe to call twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    const { listener, upstreams, telemetry } = this.#parts
    const wasReady = this.#isReady
    if (wasReady) this.#log.info('draining', { connections: listener.open })
    this.#isReady = false
    await listener.drain(this.#settings.drainTimeout, this.#settings.drainQuiet)
    upstreams.closeIdle()
    await telemetry.flush(FLUSH_TIMEOUT)
    await this.#admin?.close()
    if (wasReady) this.#log.info('stopped')
  }
}

/** Every setting: its value as the user would write it, secrets masked, and where it came from. */
export function describe(
  settings: Settings,
  origins: Resolved['origins'],
): Record<string, { value: unknown; origin: string }> {
  const names = Object.keys(options) as OptionName[]
  return Object.fromEntries(
    names.map((name) => {
      const value: unknown = settings[name]
      const { key, kind }: { key: string; kind: { show(value: unknown): unknown } } = options[name]
      return [key, { value: value === undefined ? null : kind.show(value), origin: origins[name] }]
    }),
  )
}
