/** Names that a module of hooks may bring beside our own. They are known once it has been loaded, after settings have been read. */
import { choice, type Kind } from './kinds'
import type { Resolved } from './resolve'

/** What such names may be. They stand in lists on the command line, and in the access log. */
export const isHookName = /^[a-z0-9][a-z0-9._-]*$/

/** One of a few words, or what may be a name of the user's: `foreignProblems` judges that. */
export function choiceOrHook(words: readonly string[]): Kind<string> {
  const own = choice(words)
  return { ...own, read: (text) => (isHookName.test(text) ? text : own.read(text)) }
}

/** What the user's code brings. */
export interface HookNames {
  readonly formats: readonly string[]
  /** Undefined where they are not known yet. */
  readonly exporters: readonly string[] | undefined
}

interface Named {
  /** Where it was said. */
  readonly where: string
  readonly names: readonly string[] | undefined
  /** What there is. */
  readonly known: readonly string[] | undefined
}

/** @returns the problems with names that nobody brings, each a whole sentence */
export function foreignProblems(
  { settings, origins }: Pick<Resolved, 'settings' | 'origins'>,
  own: HookNames,
  brought: HookNames,
): string[] {
  const formats = [...own.formats, ...brought.formats]
  const exporters = brought.exporters && [...(own.exporters ?? []), ...brought.exporters]
  const named: Named[] = [
    { where: origins.extract, names: settings.extract, known: formats },
    { where: origins.inject, names: settings.inject, known: ['preserve', ...formats] },
    ...settings.rules.flatMap(({ name, extract, inject }) => [
      { where: `${origins.rules}: ${name}: extract`, names: extract, known: formats },
      { where: `${origins.rules}: ${name}: inject`, names: inject, known: ['preserve', ...formats] },
    ]),
    { where: origins.exporter, names: settings.exporter, known: exporters },
    { where: origins.tracesExporter, names: settings.tracesExporter, known: exporters },
    // Those of hooks take spans.
    { where: origins.logsExporter, names: settings.logsExporter, known: own.exporters },
    { where: origins.metricsExporter, names: settings.metricsExporter, known: own.exporters },
  ]
  return named.flatMap(({ where, names = [], known = names }) =>
    names
      .filter((name) => !known.includes(name))
      .map((name) => `${where}: has "${name}", which is none of ${known.join(', ')}`),
  )
}
