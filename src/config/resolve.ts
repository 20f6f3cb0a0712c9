/**
 * From what was given to what is in force: flags win over `OUTSPAN_` variables, those over `OTEL_` variables, those over
 * the file, the file over defaults. Each value remembers where it came from; all problems are told at once.
 */
import { type Environment, type Kind, named, Problem } from './kinds'
import { flagOf, type Option, variableOf } from './option'
import { type OptionName, options, type Settings } from './options'
import { unheeded } from './unheeded'

/** What the user gave, as it was given. */
export interface Given {
  /** Values by flag (with dashes), in order. */
  readonly flags: ReadonlyMap<string, readonly string[]>
  readonly environment: Environment
  /** Values by key; lists and mappings already as items. */
  readonly file: ReadonlyMap<string, FileValue> | undefined
}

export interface FileValue {
  /** The items of the value: one for a scalar. */
  readonly items: readonly string[]
  /** The value as it is, for kinds that are more than text. */
  readonly structure?: unknown
  /** Where it stands, for messages: `outspan.yaml:3 listen`. */
  readonly where: string
}

export interface Resolved {
  readonly settings: Settings
  /** Where each value came from: `--listen`, `OUTSPAN_LISTEN`, `outspan.yaml:3 listen`, `default`. */
  readonly origins: Readonly<Record<OptionName, string>>
  /** Each a whole sentence that names the place. Not empty: the settings must not be used. */
  readonly problems: readonly string[]
  /** The options that could not be read: their values are defaults that nobody chose. */
  readonly failed: ReadonlySet<OptionName>
  /** `OTEL_` variables that can't be read are ignored with a warning, as the OpenTelemetry specification wants it. */
  readonly warnings: readonly string[]
}

/** Settings that are in force, or may be. */
export type Chosen = Pick<Resolved, 'settings' | 'origins'>

interface Source {
  readonly origin: string
  readonly items: readonly string[]
  readonly structure?: unknown
  readonly isOtel?: true
}

/** Settings from all that was given. What is wrong with it is among the problems; then the default stands in its place. */
export function resolve(given: Given): Resolved {
  const settings: Partial<Record<OptionName, unknown>> = {}
  const origins: Partial<Record<OptionName, string>> = {}
  const problems: string[] = []
  const warnings: string[] = []
  const failed = new Set<OptionName>()
  for (const name of Object.keys(options) as OptionName[]) {
    const row: Option<unknown> = options[name]
    settings[name] = row.default
    origins[name] = 'default'
    for (const source of sourcesOf(row, given)) {
      const skipped: string[] = []
      const value = readSource(row.kind, source, given.environment, skipped)
      if (!(value instanceof Problem)) {
        settings[name] = value
        origins[name] = source.origin
        warnings.push(...skipped.map((words) => `${source.origin}: ${words}; it is left out`))
        break
      }
      if (!source.isOtel) {
        problems.push(`${source.origin}: ${value.words}`)
        failed.add(name)
        break
      }
      warnings.push(`${source.origin}: ${value.words}; it is ignored`)
    }
  }
  return {
    settings: settings as Settings,
    origins: origins as Record<OptionName, string>,
    problems,
    failed,
    // A variable that says two settings is told once.
    warnings: [...new Set([...warnings, ...unheeded(given.environment)])],
  }
}

/** Where an option was given, the strongest first. An empty variable is an unset one. */
function* sourcesOf(row: Option<unknown>, { flags, environment, file }: Given): Generator<Source> {
  if (!row.isFileOnly) {
    const flag = flagOf(row)
    const values = flags.get(flag)
    if (values) yield { origin: flag, items: values }
    const variable = variableOf(row)
    if (environment[variable]) yield { origin: variable, items: split(row.kind, environment[variable]) }
  }
  // What a flag or our own variable says for all signals is stronger than what OpenTelemetry's says for one.
  const { variantOf } = row
  const isOverruled = variantOf !== undefined && (flags.has(flagOf(variantOf)) || environment[variableOf(variantOf)])
  for (const otel of isOverruled ? [] : (row.otel ?? [])) {
    const text = environment[otel]
    if (text) yield { origin: otel, items: split(row.kind, text.trim()), isOtel: true }
  }
  const value = file?.get(row.key)
  if (value) yield { origin: value.where, items: value.items, structure: value.structure }
}

function split(kind: Kind<unknown>, text: string): readonly string[] {
  return kind.split?.(text) ?? [text]
}

/** @param skipped gets what is wrong with items that are left out */
function readSource(
  kind: Kind<unknown>,
  source: Source,
  environment: Environment,
  skipped: string[],
): unknown | Problem {
  if (source.structure !== undefined && kind.readStructure) return kind.readStructure(source.structure)
  if (source.items.length > 1 && !kind.join) return new Problem(`is given ${source.items.length} times`)
  let joined: unknown
  for (const item of source.items) {
    const value = source.isOtel && kind.readOtel ? kind.readOtel(item, environment, source.origin) : kind.read(item)
    if (value instanceof Problem) {
      const words = `${named(kind, item)} ${value.words}`
      if (!source.isOtel || !kind.skipsBadOtelItems || source.items.length === 1) return new Problem(words)
      skipped.push(words)
      continue
    }
    joined = joined === undefined || !kind.join ? value : kind.join(joined, value)
  }
  return joined ?? kind.empty ?? new Problem('has no value')
}
