/** Where telemetry goes, in a phrase for each target: for the line that says `ready`. */
import { ofSignal, signalNames } from '../config/delivery-options'
import { options, type Settings } from '../config/options'
import type { Resolved } from '../config/resolve'
import type { Signal } from '../export/exporter'
import { exportersOf } from './signals'

/** `http://collector:4317` where all signals go there, else `traces: http://collector:4317; logs, metrics: console`. */
export function targetsOf({ settings, origins }: Pick<Resolved, 'settings' | 'origins'>): string {
  if (settings.signals.length === 0) return `off, by ${origins.signals}`
  const byTarget = new Map<string, Signal[]>()
  for (const signal of signalNames) {
    const target = targetOf(signal, settings)
    byTarget.set(target, [...(byTarget.get(target) ?? []), signal])
  }
  const [first, ...others] = [...byTarget.keys()]
  if (others.length === 0) return first as string
  return [...byTarget].map(([target, signals]) => `${signals.join(', ')}: ${target}`).join('; ')
}

function targetOf(signal: Signal, settings: Settings): string {
  if (!settings.signals.includes(signal)) return 'off'
  const targets = exportersOf(signal, settings).flatMap((exporter) => {
    if (exporter === 'console') return exporter
    if (exporter === 'memory') return 'in memory'
    if (exporter === 'otlp') return collectorOf(signal, settings)
    return signal === 'traces' ? exporter : []
  })
  return targets.length === 0 ? 'off' : targets.join(' and ')
}

function collectorOf(signal: Signal, settings: Settings): string {
  const endpoint = ofSignal(settings, signal, 'otlpEndpoint')
  if (endpoint === undefined) return 'in memory, for want of --otlp-endpoint'
  return String(options.otlpEndpoint.kind.show(endpoint))
}
