/** Asks the collectors what they think of us, by exports without entries. */
import { ofSignal } from '../config/delivery-options'
import type { Settings } from '../config/options'
import type { SendResult, Signal } from '../export/exporter'
import { endpointOf, exporterOf, exportersOf } from './signals'

const nothing = { bytes: Buffer.alloc(0), count: 0 }

export interface CollectorCheck {
  /** A line for each signal. */
  readonly text: string
  /** Whether every collector took what it got. */
  readonly isFine: boolean
}

/** @throws when a file that the settings name can't be read */
export async function checkCollectors(settings: Settings): Promise<CollectorCheck> {
  const signals = settings.signals.filter((signal) => exportersOf(signal, settings).includes('otlp'))
  const asked = signals.flatMap((signal) => {
    const endpoint = endpointOf(signal, settings)
    return endpoint === undefined ? [] : [{ signal, endpoint }]
  })
  if (asked.length === 0) return { text: 'No collector is configured: give one by --otlp-endpoint.\n', isFine: false }
  const results = await Promise.all(asked.map(({ signal, endpoint }) => ask(signal, endpoint, settings)))
  const lines = asked.map(({ signal, endpoint }, index) => {
    const protocol = ofSignal(settings, signal, 'otlpProtocol')
    return `${signal.padEnd(8)} ${endpoint} (${protocol}): ${words(results[index] as SendResult)}\n`
  })
  return { text: lines.join(''), isFine: results.every(({ kind }) => kind === 'ok') }
}

async function ask(signal: Signal, endpoint: string, settings: Settings): Promise<SendResult> {
  const exporter = exporterOf(signal, endpoint, settings)
  const result = await exporter.send(nothing)
  await exporter.close()
  return result
}

function words({ kind, reason }: SendResult): string {
  const because = reason === '' ? '' : `: ${reason}`
  if (kind === 'ok') return `takes it${because}`
  return `${kind === 'retry' ? 'can not be reached, or not now' : 'refuses it'}${because}`
}
