/** Combinations of settings that can't work together. */
import { exporterNames, ofSignal, signalNames } from './delivery-options'
import { foreignProblems, type HookNames } from './hook-names'
import type { OptionName, Settings } from './options'
import { formatNames } from './propagation-kinds'
import type { Resolved } from './resolve'

interface Rule {
  /** The options that it looks at. It is silent when one of them could not be read. */
  readonly of: readonly OptionName[]
  readonly isBroken: (settings: Settings, origins: Resolved['origins']) => boolean
  readonly words: string
}

const rules: readonly Rule[] = [
  {
    of: ['requestIdHeader', 'responseTraceHeader'],
    isBroken: ({ requestIdHeader, responseTraceHeader }) => requestIdHeader === responseTraceHeader,
    words: '--request-id-header and --response-trace-header: both name the same header',
  },
  {
    of: ['listen', 'admin'],
    isBroken: ({ listen, admin }) =>
      admin !== 'off' && listen.port !== 0 && listen.port === admin.port && listen.host === admin.host,
    words: '--listen and --admin: both have the same address',
  },
  {
    of: ['otlpClientCertificate', 'otlpClientKey'],
    isBroken: (settings) =>
      signalNames.some((signal) => {
        const [certificate, key] = [
          ofSignal(settings, signal, 'otlpClientCertificate'),
          ofSignal(settings, signal, 'otlpClientKey'),
        ]
        return (certificate === undefined) !== (key === undefined)
      }),
    words: '--otlp-client-certificate and --otlp-client-key: one needs the other',
  },
  {
    of: ['otlpEndpoint', 'otlpCertificate', 'otlpClientCertificate'],
    // A platform may set OpenTelemetry's variables for all programs: that is no reason not to start.
    isBroken: (settings, origins) =>
      signalNames.every((signal) => !/^https:/i.test(ofSignal(settings, signal, 'otlpEndpoint') ?? '')) &&
      [origins.otlpCertificate, origins.otlpClientCertificate].some(isDeliberate),
    words: '--otlp-certificate, --otlp-client-certificate: they need an https:// --otlp-endpoint',
  },
]

/** The names that need no hooks. */
export const ownNames: HookNames = { formats: formatNames, exporters: exporterNames }

function isDeliberate(origin: string): boolean {
  return origin !== 'default' && !origin.startsWith('OTEL_')
}

/** @returns the problems, each a whole sentence */
export function check({ settings, origins, failed }: Pick<Resolved, 'settings' | 'origins' | 'failed'>): string[] {
  const broken = rules.filter((rule) => !rule.of.some((name) => failed.has(name)) && rule.isBroken(settings, origins))
  // Those of hooks are judged when these have been loaded.
  const hasHooks = settings.hooks !== undefined || failed.has('hooks')
  const foreign = hasHooks ? [] : foreignProblems({ settings, origins }, ownNames, { formats: [], exporters: [] })
  return [...broken.map(({ words }) => words), ...foreign]
}
