/** Asks the collectors what they think of us, by exports without entries. */
import { ofSignal } from '../config/delivery-options'
import { options, type Settings } from '../config/options'
import type { Exporter, SendResult, Signal } from '../export/exporter'
import { collectorOf, exporterOf } from './signals'

const nothing = { bytes: Buffer.alloc(0), count: 0 }

export interface CollectorCheck {
  /** A line for each signal. */
  readonly text: string
  /** Whether every collector took what it got. */
  readonly isFine: boolean
}

/** Sends every collector that the settings name a batch of nothing, and waits for the answers. */
export async function checkCollectors(settings: Settings): Promise<CollectorCheck> {
  const asked = settings.signals.flatMap((signal) => {
    const endpoint = collectorOf(signal, settings)
    return endpoint === undefined ? [] : [{ signal, endpoint }]
  })
  if (asked.length === 0) return { text: 'No collector is configured: give one by --otlp-endpoint.\n', isFine: false }
  const results = await Promise.all(asked.map(({ signal, endpoint }) => ask(signal, endpoint, settings)))
  const lines = asked.map(({ signal, endpoint }, index) => {
    const protocol = ofSignal(settings, signal, 'otlpProtocol')
    return `${signal.padEnd(8)} ${options.otlpEndpoint.kind.show(endpoint)} (${protocol}): ${words(results[index] as Outcome)}\n`
  })
  return { text: lines.join(''), isFine: results.every(({ kind }) => kind === 'ok') }
}

/** What came of asking, or why nobody could be asked: a certificate that does not fit its key, for one. */
type Outcome = SendResult | { readonly kind: 'unfit'; readonly reason: string }

async function ask(signal: Signal, endpoint: string, settings: Settings): Promise<Outcome> {
  let exporter: Exporter
  try {
    exporter = exporterOf(signal, endpoint, settings)
  } catch (error) {
    return { kind: 'unfit', reason: (error as Error).message }
  }
  const result = await exporter.send(nothing)
  await exporter.close()
  return result
}

const verdicts: Readonly<Record<Outcome['kind'], string>> = {
  ok: 'takes it',
  retry: 'can not be reached, or not now',
  permanent: 'refuses it',
  unfit: 'can not be asked',
}

function words({ kind, reason }: Outcome): string {
  return `${verdicts[kind]}${reason === '' ? '' : `: ${reason}`}`
}
