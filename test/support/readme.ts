/** The examples of the README, so that tests can hold them to what they promise. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseConfig } from '../../src/config/file'
import type { OptionName, Settings } from '../../src/config/options'
import { resolve } from '../../src/config/resolve'

export const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8')

/** The YAML examples, in their order. */
export const yamlExamples: readonly string[] = [...readme.matchAll(/```yaml\n([\s\S]*?)```/g)].map(
  ([, text = '']) => text,
)

/** What a file with this text sets; throws where it is wrong. */
function settingsOf(yaml: string): Partial<Settings> {
  const { values, problems } = parseConfig(yaml, 'example.yaml')
  const resolved = resolve({ flags: new Map(), environment: {}, file: values })
  const all = [...problems, ...resolved.problems]
  if (all.length > 0) throw new Error(all.join('\n'))
  const isGiven = ([name]: [string, unknown]): boolean => resolved.origins[name as OptionName] !== 'default'
  return Object.fromEntries(Object.entries(resolved.settings).filter(isGiven))
}

/** What the README's example that begins with this key sets. */
export function exampleOf(key: string): Partial<Settings> {
  const example = yamlExamples.find((text) => text.startsWith(`${key}:`))
  if (example === undefined) throw new Error(`no example of ${key}`)
  return settingsOf(example)
}
