/** The command line, read without judging values: a command, flags with their texts, and what is neither. */
import { parseArgs } from 'node:util'
import { flagOf } from '../config/option'
import { optionRows } from '../config/options'
import { isToken } from '../model/field-line'

export interface Explained {
  readonly method: string
  readonly url: string
  /** Lines given by `--header`, `Name: value`. */
  readonly lines: readonly string[]
}

export interface Arguments {
  readonly command: string
  /** Texts by flag (with dashes), in order. */
  readonly flags: ReadonlyMap<string, readonly string[]>
  readonly wantsHelp: boolean
  readonly wantsVersion: boolean
  /** The request that `check --explain METHOD URL` is about. */
  readonly explained: Explained | undefined
  /** `check --collector`. */
  readonly asksCollector: boolean
  /** Each a whole sentence. */
  readonly problems: readonly string[]
}

export const commands = ['run', 'check'] as const

/** The flags of settings, with their dashes. */
const known: ReadonlySet<string> = new Set(optionRows.filter(({ isFileOnly }) => !isFileOnly).map(flagOf))

const switches = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
  explain: { type: 'boolean' },
  collector: { type: 'boolean' },
  header: { type: 'string', multiple: true, short: 'H' },
} as const

/** Reads the words behind the name of the program. What is wrong is among the problems. */
export function readArguments(argv: readonly string[]): Arguments {
  const flags = new Map<string, string[]>()
  const problems: string[] = []
  const words: string[] = []
  let wantsHelp = false
  let wantsVersion = false
  let wantsExplanation = false
  let asksCollector = false
  const lines: string[] = []
  // The word behind an option that there is not is its value, which may be a secret.
  let isStray = false
  for (const token of tokensOf(argv)) {
    if (token.kind === 'positional' && !isStray) words.push(token.value)
    isStray = false
    if (token.kind !== 'option') continue
    const flag = `--${token.name}`
    if (token.name === 'help') wantsHelp = true
    else if (token.name === 'version') wantsVersion = true
    else if (token.name === 'explain') wantsExplanation = true
    else if (token.name === 'collector') asksCollector = true
    else if (token.name === 'header' && !isMissing(token)) lines.push(token.value as string)
    else if (token.name !== 'header' && !known.has(flag)) {
      problems.push(`${token.rawName}: there is no such option; outspan --help lists them`)
      isStray = token.inlineValue !== true
    } else if (isMissing(token)) problems.push(`${token.rawName}: the value is missing`)
    else flags.set(flag, [...(flags.get(flag) ?? []), token.value as string])
  }
  const [command = 'run', ...rest] = words
  if (!(commands as readonly string[]).includes(command)) {
    problems.push(`${command}: there is no such command; there are ${commands.join(' and ')}`)
  }
  const explained = wantsExplanation ? readExplained(command, rest, lines, problems) : undefined
  if (asksCollector && command !== 'check') problems.push('--collector: is used as outspan check --collector')
  if (lines.length > 0 && !wantsExplanation) problems.push('--header: goes with --explain')
  if (!wantsExplanation) for (const word of rest) problems.push(`${word}: is not expected here`)
  return { command, flags, wantsHelp, wantsVersion, explained, asksCollector, problems }
}

/** Options and other words, in their order. */
function tokensOf(argv: readonly string[]) {
  const names = [...known].map((flag) => [flag.slice(2), { type: 'string', multiple: true }] as const)
  const { tokens } = parseArgs({
    args: [...argv],
    options: { ...Object.fromEntries(names), ...switches },
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  return tokens
}

/** What looks like the next option was hardly meant as the value of this one. */
function isMissing({ value, inlineValue }: { value: string | undefined; inlineValue: boolean | undefined }): boolean {
  return value === undefined || (!inlineValue && value.startsWith('--'))
}

function readExplained(
  command: string,
  words: readonly string[],
  lines: readonly string[],
  problems: string[],
): Explained | undefined {
  const [method, url, ...rest] = words
  if (command !== 'check' || method === undefined || url === undefined || rest.length > 0) {
    problems.push('--explain: is used as outspan check --explain METHOD URL')
    return undefined
  }
  if (!isToken(method)) problems.push(`--explain: "${method}" is no method`)
  for (const line of lines) {
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/.test(line))
      problems.push(`--header: "${line}" is not NAME: VALUE`)
  }
  return { method, url, lines }
}
