/** OpenTelemetry's variables that concern what outspan does and that it can't follow: it says so rather than nothing. */
import type { Environment } from './kinds'

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

/** Each a whole sentence that names the variable. */
export function unheeded(environment: Environment): string[] {
  return rows.flatMap(([variable, isWrong, words]) => {
    const text = environment[variable]?.trim()
    return text && isWrong(text) ? [`${variable}: "${text}" ${words}`] : []
  })
}
