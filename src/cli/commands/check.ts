/** `outspan check`: the settings in force and where each came from, or what they mean for one request. */
import { explain } from '../../app/explain'
import { describe } from '../../app/in-force'
import { obstacles } from '../../app/obstacles'
import type { Resolved } from '../../config/resolve'
import type { Explained } from '../arguments'

export interface Checked {
  readonly text: string
  /** Whether outspan would start here, as far as that can be told. */
  readonly isFine: boolean
}

export function checkCommand({ settings, origins, warnings }: Resolved, explained: Explained | undefined): Checked {
  if (explained) return { text: explain(settings, explained.method, explained.url, explained.lines), isFine: true }
  const rows = Object.entries(describe(settings, origins))
  const width = Math.max(...rows.map(([key]) => key.length))
  const inTheWay = obstacles({ settings, origins })
  const lines = [
    ...rows.map(([key, { value, origin }]) => `${key.padEnd(width)}  ${textOf(value)}  (${origin})`),
    ...warnings.map((warning) => `warning: ${warning}`),
    ...(inTheWay.length === 0
      ? ['These settings are fit to start with.']
      : ["With these settings outspan can't start here:"]),
    ...inTheWay.map((each) => `  ${each}`),
  ]
  return { text: `${lines.join('\n')}\n`, isFine: inTheWay.length === 0 }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
