/** Variables that concern what outspan does and that it can't follow: it says so rather than nothing. */
import type { Environment } from './kinds'
import { variableOf } from './option'
import { optionRows } from './options'

const isUnclear = (text: string): boolean => !/^(?:true|false)$/i.test(text)
const neither = 'is neither true nor false, and means false'

/** What is wrong with the values of a variable. */
const rows: readonly (readonly [variable: string, isWrong: (text: string) => boolean, words: string])[] = [
  ['OTEL_EXPORTER_OTLP_INSECURE', isUnclear, neither],
  ['OTEL_EXPORTER_OTLP_TRACES_INSECURE', isUnclear, neither],
  ['OTEL_EXPORTER_OTLP_LOGS_INSECURE', isUnclear, neither],
  ['OTEL_EXPORTER_OTLP_METRICS_INSECURE', isUnclear, neither],
  [
    'OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION',
    (text) => text.toLowerCase() !== 'explicit_bucket_histogram',
    'is ignored: histograms have explicit buckets',
  ],
  ['OTEL_CONFIG_FILE', () => true, "is ignored: outspan's own file is named by --config"],
]

const PREFIX = 'OUTSPAN_'

const known: ReadonlySet<string> = new Set(optionRows.flatMap((row) => (row.isFileOnly ? [] : variableOf(row))))

/** What Kubernetes and Docker put there for a service whose name begins with ours. */
const ofService = /_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_[A-Z]+)?)?)$/

/** Each a whole sentence that names the variable. The value of an unknown one does not show: it may be a token. */
export function unheeded(environment: Environment): string[] {
  const unknown = Object.keys(environment).filter(
    (name) => name.startsWith(PREFIX) && environment[name] && !known.has(name) && !ofService.test(name),
  )
  return [...unknown.map((name) => `${name}: there is no such variable, and it is ignored`), ...heededNot(environment)]
}

function heededNot(environment: Environment): string[] {
  return rows.flatMap(([variable, isWrong, words]) => {
    const text = environment[variable]?.trim()
    return text && isWrong(text) ? [`${variable}: "${text}" ${words}`] : []
  })
}
