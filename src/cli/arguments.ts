/** The command line, read without judging values: a command, flags with their texts, and what is neither. */
import { parseArgs } from 'node:util'
import { flagOf, type Option, options } from '../config/options'

export interface Arguments {
  readonly command: string
  /** Texts by flag (with dashes), in order. */
  readonly flags: ReadonlyMap<string, readonly string[]>
  readonly wantsHelp: boolean
  readonly wantsVersion: boolean
  /** Each a whole sentence. */
  readonly problems: readonly string[]
}

export const commands = ['run', 'check'] as const

export function readArguments(argv: readonly string[]): Arguments {
  const rows: readonly Option<unknown>[] = Object.values(options)
  const known = new Set(rows.filter(({ isFileOnly }) => !isFileOnly).map(flagOf))
  const names = [...known].map((flag) => [flag.slice(2), { type: 'string', multiple: true }] as const)
  const switches = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } } as const
  const { tokens } = parseArgs({
    args: [...argv],
    options: { ...Object.fromEntries(names), ...switches },
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const flags = new Map<string, string[]>()
  const problems: string[] = []
  const words: string[] = []
  let wantsHelp = false
  let wantsVersion = false
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value)
    if (token.kind !== 'option') continue
    const flag = `--${token.name}`
    if (token.name === 'help') wantsHelp = true
    else if (token.name === 'version') wantsVersion = true
    else if (!known.has(flag)) problems.push(`${token.rawName}: there is no such option; outspan --help lists them`)
    else if (token.value === undefined || (!token.inlineValue && token.value.startsWith('--')))
      problems.push(`${flag}: the value is missing`)
    else flags.set(flag, [...(flags.get(flag) ?? []), token.value])
  }
  const [command = 'run', ...rest] = words
  if (!(commands as readonly string[]).includes(command)) {
    problems.push(`${command}: there is no such command; there are ${commands.join(' and ')}`)
  }
  for (const word of rest) problems.push(`${word}: is not expected here`)
  return { command, flags, wantsHelp, wantsVersion, problems }
}
