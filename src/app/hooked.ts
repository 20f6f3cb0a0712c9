/** The user's hooks where telemetry leaves: what they look at on the way, and the exporters that are their own. */

import { exporterNames } from '../config/delivery-options'
import type { Settings } from '../config/options'
import { ExportQueue, type QueueSettings } from '../export/export-queue'
import { Ledger } from '../export/ledger'
import { HookExporter } from '../hooks/exporter'
import { HookedQueue, type Sink } from '../hooks/hooked-queue'
import { listProblems } from '../hooks/module'
import type { SpanExporter } from '../hooks/public'
import type { Hooks } from '../hooks/runner'
import type { Logger } from '../log/logger'
import type { Change } from './change'
import { exportersOf, exportTroubleOf, queueSettingsOf, resourceOf, timeoutOf } from './signals'
import { version } from './version'

/** What there is already. */
interface Own {
  readonly traces: ExportQueue | undefined
  readonly logs: ExportQueue | undefined
  readonly ledgers: { readonly traces: Ledger; readonly logs: Ledger }
}

export class Hooked {
  readonly hooks: Hooks
  /** Undefined where spans go nowhere. */
  readonly spans: HookedQueue | undefined
  readonly events: HookedQueue | undefined
  /** The books of the user's exporters, by `traces.` and their names. */
  readonly ledgers: Readonly<Record<string, Ledger>>
  readonly #queues: readonly ExportQueue[]
  readonly #exporters: readonly HookExporter[]

  /** @throws when exporters can't be made */
  constructor(hooks: Hooks, own: Own, settings: Settings, log: Logger) {
    this.hooks = hooks
    const hasSpans = settings.signals.includes('traces') && !settings.instrumentations.includes('off')
    const exporters = hasSpans ? chosen(hooks, settings, log) : []
    const made = exporters.map((exporter) => ({
      name: `traces.${exporter.name}`,
      ...sinkOf(exporter, hooks, settings, log),
    }))
    this.ledgers = Object.fromEntries(made.map(({ name, ledger }) => [name, ledger]))
    this.#queues = made.map(({ queue }) => queue)
    this.#exporters = made.map(({ sender }) => sender)
    const sinks: Sink[] = [...(own.traces ? [{ queue: own.traces, ledger: own.ledgers.traces }] : []), ...made]
    if (sinks.length > 0)
      this.spans = new HookedQueue(sinks, 'beforeSpan', hooks.changesSpans ? hooks.changeSpan : undefined)
    if (own.logs) {
      const sink = { queue: own.logs, ledger: own.ledgers.logs }
      this.events = new HookedQueue([sink], 'beforeEvent', hooks.changesEvents ? hooks.changeEvent : undefined)
    }
  }

  prepare(settings: Settings): Change {
    const queueSettings = hookQueueSettingsOf(settings)
    return {
      commit: () => {
        for (const exporter of this.#exporters) exporter.timeout = timeoutOf('traces', settings)
        for (const queue of this.#queues) queue.renew(queueSettings)
      },
      abandon: () => {},
    }
  }

  async close(timeout: number): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.close(timeout)))
  }
}

/** The module's exporters that the settings name. */
function chosen(hooks: Hooks, settings: Settings, log: Logger): readonly SpanExporter[] {
  const exporters = exportersIn(hooks, settings)
  const names = exportersOf('traces', settings)
  const own: readonly string[] = exporterNames
  const all = [...own, ...exporters.map(({ name }) => name)]
  for (const name of names)
    if (!all.includes(name)) throw new Error(`--exporter has "${name}", which is none of ${all.join(', ')}`)
  const unused = exporters.filter(({ name }) => !names.includes(name))
  for (const { name } of unused)
    log.warn('an exporter of --hooks is not used: --exporter does not name it', { exporter: name })
  return exporters.filter(({ name }) => names.includes(name))
}

function exportersIn({ exporters = [] }: Hooks, settings: Settings): readonly SpanExporter[] {
  if (typeof exporters !== 'function') return exporters
  const made = exporters({ resource: resourceOf(settings) })
  const problems = listProblems(made)
  if (problems.length > 0) throw new Error(`${settings.hooks} ${problems.join('; ')}`)
  return made
}

/** One batch at a time. */
function hookQueueSettingsOf(settings: Settings): QueueSettings {
  return { ...queueSettingsOf('traces', settings), concurrency: 1 }
}

/** A queue with the bounds that all have. It has no place on disk: what waits there is OTLP's. */
function sinkOf(exporter: SpanExporter, { guard }: Hooks, settings: Settings, log: Logger) {
  const about = {
    resource: resourceOf(settings),
    scope: { name: 'outspan', version },
    timeout: timeoutOf('traces', settings),
  }
  const ledger = new Ledger()
  const trouble = exportTroubleOf(log, `traces could not be exported by ${exporter.name}`)
  const sender = new HookExporter(exporter, about, guard)
  const queue = new ExportQueue(sender, hookQueueSettingsOf(settings), ledger, trouble)
  return { sender, queue, ledger }
}
