/** From settings to what propagation is for a request: the general one, or that of the first rule which it matches. */
import { options, type Settings } from '../config/options'
import type { Rule } from '../config/rules'
import type { Random } from '../model/clock'
import { Courses } from '../policy/course'
import { Sampler } from '../policy/sampler'
import type { Format } from '../propagation/format'
import { formats, formatsByName } from '../propagation/formats'
import { Propagation } from '../propagation/propagate'
import { RequestIdHeader } from '../propagation/request-id'

export interface Course {
  /** The rule that applies; undefined for the general settings. */
  readonly rule: string | undefined
  readonly propagation: Propagation
}

/** @param extra formats of the user's own @throws when a setting names a format that there is not */
export function coursesOf(settings: Settings, random: Random, extra: readonly Format[] = []): Courses<Course> {
  const named = namesOf(extra)
  const general = courseOf(settings, undefined, random, named)
  const rules = settings.rules.map((rule) => ({ match: rule.match, course: courseOf(settings, rule, random, named) }))
  return new Courses(general, rules)
}

/** @param rule what it leaves out is as in the general settings */
function courseOf(
  settings: Settings,
  rule: Rule | undefined,
  random: Random,
  { formatNamed, everyField }: Named,
): Course {
  const { extract, clear, inject, defaultFormat } = { ...settings, ...rule }
  const sampler = new Sampler({
    rate: rule?.samplingRate ?? settings.samplingRate,
    strategy: settings.samplingStrategy,
  })
  const propagation = new Propagation(
    {
      // What an operator asks for by name may read more than what is tried anyway: b3 in tracestate.
      extract: extract === options.extract.default ? formats : extract.map(formatNamed),
      clear: clear.flatMap((name) => (name === 'all' ? everyField : [name])),
      inject: inject.map((name) => (name === 'preserve' ? name : formatNamed(name))),
      defaultFormat: formatNamed(defaultFormat),
      alsoNoted: settings.requestIdHeader === 'off' ? [] : [settings.requestIdHeader],
    },
    random,
    (traceId, arrived, traceState) => sampler.decide(traceId, arrived, traceState),
  )
  return { rule: rule?.name, propagation }
}

/** The header of the request id; undefined when it is off. */
export function requestIdHeaderOf({ requestIdHeader, requestIdPolicy }: Settings): RequestIdHeader | undefined {
  return requestIdHeader === 'off' ? undefined : new RequestIdHeader(requestIdHeader, requestIdPolicy)
}

interface Named {
  /** Every header that propagation knows of. */
  readonly everyField: readonly string[]
  formatNamed(name: string): Format
}

function namesOf(extra: readonly Format[]): Named {
  const byName = new Map([...formatsByName, ...extra.map((format) => [format.name, format] as const)])
  const fields = [...formats, ...extra].flatMap(({ fields, alsoReads = [] }) => [...fields, ...alsoReads])
  return {
    everyField: [...new Set([...fields, 'x-datadog-origin', 'baggage'])],
    formatNamed: (name) => {
      const format = byName.get(name)
      if (!format) throw new Error(`there is no propagation format ${name}`)
      return format
    },
  }
}
