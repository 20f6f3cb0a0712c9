/** The kinds of propagation's settings: formats by name, headers to clear, and OpenTelemetry's names for both. */
import { formats } from '../propagation/formats'
import { neverCleared } from '../propagation/outgoing'
import { choiceOrHook } from './hook-names'
import { choice, type Environment, fraction, headerName, type Kind, list, Problem } from './kinds'

export const formatNames: readonly string[] = formats.map(({ name }) => name)

export const formatName: Kind<string> = { ...choice(formatNames), placeholder: 'FORMAT' }

/** OpenTelemetry's propagators as formats to extract and to inject. `baggage` passes through in any case. */
const propagators: { readonly [name: string]: { readonly extract?: string; readonly inject?: string } } = {
  __proto__: null as never,
  tracecontext: { extract: 'w3c', inject: 'w3c' },
  baggage: {},
  // One extractor reads both layouts.
  b3: { extract: 'b3', inject: 'b3-single' },
  b3multi: { extract: 'b3', inject: 'b3' },
  jaeger: { extract: 'jaeger', inject: 'jaeger' },
  ottrace: { extract: 'ot', inject: 'ot' },
  xray: { extract: 'aws', inject: 'aws' },
  none: {},
}

function readPropagators(text: string, way: 'extract' | 'inject'): readonly string[] | Problem {
  const names = text.split(',').map((name) => name.trim().toLowerCase())
  const unknown = names.find((name) => propagators[name] === undefined && !formatNames.includes(name))
  if (unknown !== undefined) return new Problem(`names the propagator ${unknown}, which is not known`)
  const read = names.map((name) => (propagators[name] ? propagators[name][way] : name))
  return [...new Set(read.filter((name) => name !== undefined))]
}

export const extractList: Kind<readonly string[]> = {
  ...list(choiceOrHook(formatNames)),
  readOtel: (text) => readPropagators(text, 'extract'),
}

/** `preserve` writes the format that was extracted. */
export const injectList: Kind<readonly string[]> = {
  ...list(choiceOrHook(['preserve', ...formatNames])),
  readOtel: (text) => readPropagators(text, 'inject'),
}

/** Header names; `all` stands for every header that any format owns, and `baggage`. */
export const clearList: Kind<readonly string[]> = list({
  ...headerName,
  read: (text) => {
    // A star is a token character, and a prefix to whoever removes lines: it could take Host and Content-Length along.
    if (text.includes('*')) return new Problem('is not the whole name of a header')
    return neverCleared.has(text.toLowerCase()) ? new Problem('frames or routes the message') : headerName.read(text)
  },
})

const samplers: { readonly [name: string]: { readonly strategy: Strategy; readonly rate: number | 'argument' } } = {
  __proto__: null as never,
  always_on: { strategy: 'probability', rate: 1 },
  always_off: { strategy: 'probability', rate: 0 },
  traceidratio: { strategy: 'probability', rate: 'argument' },
  parentbased_always_on: { strategy: 'parent_probability_fallback', rate: 1 },
  parentbased_always_off: { strategy: 'parent_probability_fallback', rate: 0 },
  parentbased_traceidratio: { strategy: 'parent_probability_fallback', rate: 'argument' },
}

const strategies = ['parent_probability_fallback', 'parent_drop_probability_fallback', 'probability'] as const

export type Strategy = (typeof strategies)[number]

/** `OTEL_TRACES_SAMPLER` says strategy and rate at once, the latter with its argument. */
export const samplingStrategy: Kind<Strategy> = {
  ...choice(strategies),
  placeholder: 'STRATEGY',
  readOtel: (name, environment) => readSampler(name, environment, ({ strategy }) => strategy),
}

export const samplingRate: Kind<number> = {
  ...fraction,
  readOtel: (name, environment) => readSampler(name, environment, ({ rate }) => rate),
}

/** Strategy and rate are taken together, or neither is. */
function readSampler<T>(
  name: string,
  environment: Environment | undefined,
  part: (sampler: { readonly strategy: Strategy; readonly rate: number }) => T,
): T | Problem {
  const sampler = samplers[name.toLowerCase()]
  if (!sampler) return new Problem('is a sampler that is not known')
  if (sampler.rate !== 'argument') return part({ ...sampler, rate: sampler.rate })
  const argument = environment?.OTEL_TRACES_SAMPLER_ARG?.trim()
  const rate = argument ? fraction.read(argument) : 1
  if (!(rate instanceof Problem)) return part({ ...sampler, rate })
  return new Problem(`has the argument OTEL_TRACES_SAMPLER_ARG="${argument}", which ${rate.words}`)
}
