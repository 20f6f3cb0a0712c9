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

export function coursesOf(settings: Settings, random: Random): Courses<Course> {
  const general = courseOf(settings, undefined, random)
  return new Courses(general, settings.rules, (rule) => courseOf(settings, rule, random))
}

/** @param rule what it leaves out is as in the general settings */
function courseOf(settings: Settings, rule: Rule | undefined, random: Random): Course {
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

/** Every header that propagation knows of. */
const everyField: readonly string[] = [
  ...new Set([
    ...formats.flatMap(({ fields, alsoReads = [] }) => [...fields, ...alsoReads]),
    'x-datadog-origin',
    'baggage',
  ]),
]

/** Names have been checked with the settings. */
function formatNamed(name: string): Format {
  return formatsByName.get(name) as Format
}
