/** The books as metrics: for traces by the names that they have always had, for every signal by one name with its label. */
import type { Ledger } from '../export/ledger'
import { type Metric, type NumberMetric, single } from '../telemetry/metrics'
import type { Ledgers } from './telemetry'

type Part = readonly [name: string, kind: NumberMetric['kind'], description: string, value: (ledger: Ledger) => number]

const parts: readonly Part[] = [
  ['observed', 'counter', 'Entries of telemetry that were seen, by signal.', (ledger) => ledger.observed],
  ['exported', 'counter', 'Entries that the collector took.', (ledger) => ledger.exported],
  ['sampled_out', 'counter', 'Spans that sampling left out.', (ledger) => ledger.sampledOut],
  ['queued', 'updown', 'Entries that wait in memory or are on their way.', (ledger) => ledger.queued],
  ['spooled', 'updown', 'Entries that wait on disk.', (ledger) => ledger.spooled],
]

export function ledgerMetrics(ledgers: Ledgers): Metric[] {
  const signals = Object.entries(ledgers)
  const metrics: Metric[] = parts.map(([name, kind, description, value]) => ({
    kind,
    name: `outspan.telemetry.${name}`,
    unit: '{entry}',
    description,
    points: signals.map(([signal, ledger]) => ({ attributes: { signal }, value: value(ledger) })),
  }))
  metrics.push({
    kind: 'counter',
    name: 'outspan.telemetry.dropped',
    unit: '{entry}',
    description: 'Entries that were never exported, by signal and reason.',
    points: signals.flatMap(([signal, { dropped }]) =>
      Object.entries(dropped).map(([reason, value]) => ({ attributes: { signal, reason }, value })),
    ),
  })
  metrics.push({
    kind: 'counter',
    name: 'outspan.telemetry.filtered',
    unit: '{entry}',
    description: 'Entries that a filter left out, by signal and filter.',
    points: signals.flatMap(([signal, { filtered }]) =>
      Object.entries(filtered).map(([filter, value]) => ({ attributes: { signal, filter }, value })),
    ),
  })
  return [...metrics, ...spanMetrics(ledgers.traces)]
}

function spanMetrics({ observed, sampledOut, exported, dropped, queued, spooled }: Ledger): Metric[] {
  return [
    single(
      'counter',
      'outspan.spans.observed',
      '{span}',
      'Sampled spans of exchanges that ended.',
      observed - sampledOut,
    ),
    single('counter', 'outspan.spans.exported', '{span}', 'Spans that the collector took.', exported),
    {
      kind: 'counter',
      name: 'outspan.spans.dropped',
      unit: '{span}',
      description: 'Spans that were never exported, by reason.',
      points: Object.entries(dropped).map(([reason, value]) => ({ attributes: { reason }, value })),
    },
    single('updown', 'outspan.spans.queued', '{span}', 'Spans that wait for the collector.', queued + spooled),
  ]
}
