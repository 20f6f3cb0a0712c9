/**
 * What becomes of the settings in force when they are read again: options that are live take their new value, the others
 * stay as they are until a restart.
 */
import { exporterNames, ofSignal, signalNames } from './delivery-options'
import type { Option } from './option'
import { type OptionName, options, type Settings } from './options'
import type { Chosen } from './resolve'
import { Secret } from './secret'

export interface Merged extends Chosen {
  /** Keys of the settings that have another value than before. */
  readonly changed: readonly string[]
  /** Keys of the settings that differ from what was read: a restart applies that. */
  readonly waiting: readonly string[]
}

const names = Object.keys(options) as OptionName[]

/** Those that decide whether a signal leaves at all. */
const outlets: readonly OptionName[] = [
  'instrumentations',
  'otlpEndpoint',
  ...signalNames.map((signal) => `${signal}OtlpEndpoint` as const),
]

/** @param read what flags, environment and file say now */
export function merge(inForce: Chosen, read: Chosen): Merged {
  const isFixed = (name: OptionName) =>
    !(options[name] as Option<unknown>).isLive ||
    (outlets.includes(name) && !haveSameOutlets(inForce.settings, read.settings))
  const differing = names.filter((name) => !isSame(inForce.settings[name], read.settings[name]))
  const waiting = new Set(differing.filter(isFixed))
  const chosen = (name: OptionName) => (waiting.has(name) ? inForce : read)
  return {
    settings: Object.fromEntries(names.map((name) => [name, chosen(name).settings[name]])) as unknown as Settings,
    origins: Object.fromEntries(names.map((name) => [name, chosen(name).origins[name]])) as Chosen['origins'],
    changed: differing.filter((name) => !waiting.has(name)).map((name) => options[name].key),
    waiting: [...waiting].map((name) => options[name].key),
  }
}

/** A collector can be another one. The first one for a signal needs a queue, and the last one leaves one behind. */
function haveSameOutlets(one: Settings, other: Settings): boolean {
  const has = (settings: Settings, signal: (typeof signalNames)[number]) =>
    ofSignal(settings, signal, 'otlpEndpoint') !== undefined &&
    !(signal === 'traces' && settings.instrumentations.includes('off'))
  return signalNames.every((signal) => has(one, signal) === has(other, signal)) && feedsHooks(one) === feedsHooks(other)
}

/** Whether exporters of hooks get spans. They are made at the start, and need no collector. */
function feedsHooks({ tracesExporter, exporter, instrumentations }: Settings): boolean {
  const own: readonly string[] = exporterNames
  return !instrumentations.includes('off') && (tracesExporter ?? exporter).some((name) => !own.includes(name))
}

/** Values of options are data, and secrets within it. */
function isSame(one: unknown, other: unknown): boolean {
  if (one instanceof Secret && other instanceof Secret) return one.reveal() === other.reveal()
  if (typeof one !== 'object' || one === null || typeof other !== 'object' || other === null) {
    return Object.is(one, other)
  }
  const parts = Object.entries(one)
  return (
    parts.length === Object.keys(other).length &&
    parts.every(([key, part]) => Object.hasOwn(other, key) && isSame(part, (other as Record<string, unknown>)[key]))
  )
}
