/** Rules for single destinations: what a request must match, and the settings that are different for it. */
import { parseAddressRange } from '../model/address-range'
import { isHostPattern } from '../model/host-pattern'
import { fraction, integer, type Kind, method, named, Problem } from './kinds'
import { clearList, extractList, formatName, injectList } from './propagation-kinds'
import { type UpstreamProxy, wayOut } from './upstream-proxy'

export interface RuleMatch {
  /** Names: `api.example.com`, `*.example.com` (any name below it), `*`. */
  readonly hosts?: readonly string[]
  /** Address ranges, `10.0.0.0/8`. They match addresses in URLs; names are not resolved for this. */
  readonly cidrs?: readonly string[]
  readonly ports?: readonly number[]
  /** Case-sensitive, as methods are. */
  readonly methods?: readonly string[]
  /** Prefixes of the path. */
  readonly paths?: readonly string[]
}

/** The first rule that matches a request applies. What it leaves out is as in the general settings. */
export interface Rule {
  readonly name: string
  readonly match: RuleMatch
  readonly extract?: readonly string[]
  readonly clear?: readonly string[]
  readonly inject?: readonly string[]
  readonly defaultFormat?: string
  readonly samplingRate?: number
}

const hostPattern = checked(
  (text) => (isHostPattern(text) ? text.toLowerCase() : undefined),
  'is no host pattern, such as *.example.com',
)
const range = checked((text) => (parseAddressRange(text) ? text : undefined), 'is no address range, such as 10.0.0.0/8')
const path = checked((text) => (text.startsWith('/') ? text : undefined), 'is no path: it does not begin with /')

const matchKeys = {
  hosts: listOf(hostPattern),
  cidrs: listOf(range),
  ports: listOf(integer(1, 65_535)),
  methods: listOf(method),
  paths: listOf(path),
}

const ruleKeys = {
  extract: asList(extractList),
  clear: asList(clearList),
  inject: asList(injectList),
  default_format: single(formatName),
  sampling_rate: single(fraction),
}

/** The propagation rules, as they stand in the file. */
export const rules: Kind<readonly Rule[]> = listOfRules(ruleKeys, (name, match, settings) => ({
  name,
  match,
  ...(settings.extract !== undefined && { extract: settings.extract as string[] }),
  ...(settings.clear !== undefined && { clear: settings.clear as string[] }),
  ...(settings.inject !== undefined && { inject: settings.inject as string[] }),
  ...(settings.default_format !== undefined && { defaultFormat: settings.default_format as string }),
  ...(settings.sampling_rate !== undefined && { samplingRate: settings.sampling_rate as number }),
}))

/** The first rule that matches a request decides its way out. */
export interface ProxyRule {
  readonly name: string
  readonly match: RuleMatch
  /** Undefined for the straight way. */
  readonly proxy: UpstreamProxy | undefined
}

/** The rules for ways out, as they stand in the file. */
export const proxyRules: Kind<readonly ProxyRule[]> = {
  ...listOfRules({ proxy: single(wayOut) }, (name, match, settings, tell): ProxyRule => {
    const { proxy } = settings
    if (!('proxy' in settings)) tell('proxy is missing: a URL, or direct')
    return { name, match, proxy: proxy === 'direct' ? undefined : (proxy as UpstreamProxy) }
  }),
  show: (value) => value.map((rule) => ({ ...rule, proxy: wayOut.show(rule.proxy ?? 'direct') })),
}

type Tell = (words: string) => void

/** A list of rules, as it stands in the file. @param keys what a rule may set, beside its name and match */
export function listOfRules<R>(
  keys: Readonly<Record<string, Reader>>,
  build: (name: string, match: RuleMatch, settings: Readonly<Record<string, unknown>>, tell: Tell) => R,
): Kind<readonly R[]> {
  return {
    placeholder: 'LIST',
    read: () => new Problem('can be given in the file only'),
    readStructure: (value) => {
      if (!Array.isArray(value)) return new Problem('is not a list of rules')
      const problems: string[] = []
      const read = value.map((rule: unknown, index) => {
        const name = isMapping(rule) && typeof rule.name === 'string' ? rule.name : `rule ${index + 1}`
        const tell: Tell = (words) => void problems.push(`${name}: ${words}`)
        const { match, settings } = readRule(rule, keys, tell)
        return build(name, match, settings, tell)
      })
      return problems.length > 0 ? new Problem(problems.join('; ')) : read
    },
    empty: [],
    show: (value) => value,
  }
}

export type Reader = (value: unknown) => unknown | Problem

function readRule(
  value: unknown,
  keys: Readonly<Record<string, Reader>>,
  tell: Tell,
): { readonly match: RuleMatch; readonly settings: Readonly<Record<string, unknown>> } {
  if (!isMapping(value)) {
    tell('is not a mapping')
    return { match: {}, settings: {} }
  }
  const { name: given, match, ...rest } = value
  if (given !== undefined && typeof given !== 'string') tell('name is no text')
  if (match === undefined) tell('match is missing; {} matches everything')
  else if (!isMapping(match)) tell('match is not a mapping')
  return {
    match: isMapping(match) ? readKeys(match, matchKeys, (words) => tell(`match.${words}`)) : {},
    settings: readKeys(rest, keys, tell),
  }
}

function readKeys(
  value: Readonly<Record<string, unknown>>,
  readers: Readonly<Record<string, Reader>>,
  tell: Tell,
): Record<string, unknown> {
  const read: Record<string, unknown> = {}
  for (const [key, part] of Object.entries(value)) {
    const reader = Object.hasOwn(readers, key) ? readers[key] : undefined
    const result = reader
      ? reader(part)
      : new Problem(`is no setting of a rule; there are ${Object.keys(readers).join(', ')}`)
    if (result instanceof Problem) tell(`${key} ${result.words}`)
    read[key] = result instanceof Problem ? undefined : result
  }
  return read
}

/** Whether what stands in the file is a mapping. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A list in YAML, or one value in the place of a list of one. */
function listOf(item: Kind<unknown>): Reader {
  return (value) => {
    if (Array.isArray(value) && value.length === 0) return new Problem('is empty: nothing could match; leave it out')
    const read: unknown[] = []
    for (const part of Array.isArray(value) ? value : [value]) {
      const result = single(item)(part)
      if (result instanceof Problem) return result
      read.push(result)
    }
    return read
  }
}

/** A list in YAML, or the text of one, as a flag has it. */
export function asList(kind: Kind<readonly string[]>): Reader {
  return (value) => kind.read(Array.isArray(value) ? value.map(String).join(',') || 'none' : String(value))
}

/** One value. */
export function single(kind: Kind<unknown>): Reader {
  return (value) => {
    const result =
      typeof value === 'string' || typeof value === 'number'
        ? kind.read(String(value))
        : new Problem('is no single value')
    return result instanceof Problem ? new Problem(`${named(kind, String(value))} ${result.words}`) : result
  }
}

/** Text that passes a check. @param read gives it in its canonical form, or undefined @param words why it does not pass */
export function checked(read: (text: string) => string | undefined, words: string): Kind<string> {
  return { placeholder: 'TEXT', read: (text) => read(text) ?? new Problem(words), show: (value) => value }
}
