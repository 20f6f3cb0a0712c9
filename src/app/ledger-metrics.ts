/** The books as metrics: for traces by the names that they have always had, for every signal by one name with its label. */
import type { Ledger } from '../export/ledger'
import { type Labels, type Metric, type NumberMetric, single } from '../telemetry/metrics'
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
  const books = Object.entries(ledgers)
  const metrics: Metric[] = parts.map(([name, kind, description, value]) => ({
    kind,
    name: `outspan.telemetry.${name}`,
    unit: '{entry}',
    description,
    points: books.map(([name, ledger]) => ({ attributes: labelsOf(name), value: value(ledger) })),
  }))
  metrics.push({
    kind: 'counter',
    name: 'outspan.telemetry.dropped',
    unit: '{entry}',
    description: 'Entries that were never exported, by signal and reason.',
    points: books.flatMap(([name, { dropped }]) =>
      Object.entries(dropped).map(([reason, value]) => ({ attributes: { ...labelsOf(name), reason }, value })),
    ),
  })
  metrics.push({
    kind: 'counter',
    name: 'outspan.telemetry.filtered',
    unit: '{entry}',
    description: 'Entries that a filter left out, by signal and filter.',
    points: books.flatMap(([name, { filtered }]) =>
      Object.entries(filtered).map(([filter, value]) => ({ attributes: { ...labelsOf(name), filter }, value })),
    ),
  })
  return [...metrics, ...spanMetrics(ledgers.traces)]
}

/** The books of a user's exporter are named `traces.` and its name. */
function labelsOf(name: string): Labels {
  const dot = name.indexOf('.')
  return dot < 0 ? { signal: name } : { signal: name.slice(0, dot), exporter: name.slice(dot + 1) }
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
