/** `outspan check`: the settings in force and where each came from. */
import { describe } from '../../app/life'
import type { Resolved } from '../../config/resolve'

export function checkCommand({ settings, origins, warnings }: Resolved): string {
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
