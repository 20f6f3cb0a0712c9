/** `outspan check`: the settings in force and where each came from, or what they mean for one request. */
import { explain } from '../../app/explain'
import { describe } from '../../app/in-force'
import type { Resolved } from '../../config/resolve'
import type { Explained } from '../arguments'

export function checkCommand({ settings, origins, warnings }: Resolved, explained: Explained | undefined): string {
  if (explained) return explain(settings, explained.method, explained.url, explained.lines)
  const rows = Object.entries(describe(settings, origins))
  const width = Math.max(...rows.map(([key]) => key.length))
  return [
    ...rows.map(([key, { value, origin }]) => `${key.padEnd(width)}  ${textOf(value)}  (${origin})`),
    ...warnings.map((warning) => `warning: ${warning}`),
    'These settings are fit to start with.',
    '',
  ].join('\n')
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
