/** Combinations of settings that can't work together. */
import type { Settings } from './options'

/** @returns the problems, each a whole sentence */
export function check(settings: Settings): string[] {
  const problems: string[] = []
  const { listen, admin } = settings
  if (admin !== 'off' && listen.port !== 0 && listen.port === admin.port && listen.host === admin.host) {
    problems.push('--listen and --admin: both have the same address')
  }
  if (Boolean(settings.otlpClientCertificate) !== Boolean(settings.otlpClientKey)) {
    problems.push('--otlp-client-certificate and --otlp-client-key: one needs the other')
  }
  const isSecure = settings.otlpEndpoint?.toLowerCase().startsWith('https:') ?? false
  const hasTls = settings.otlpCertificate !== undefined || settings.otlpClientCertificate !== undefined
  if (hasTls && !isSecure) {
    problems.push('--otlp-certificate, --otlp-client-certificate: they need an https:// --otlp-endpoint')
  }
  if (settings.queueBatchSize > settings.queueCapacity) {
    problems.push(
      `--queue-batch-size: ${settings.queueBatchSize} is more than --queue-capacity, which is ${settings.queueCapacity}`,
    )
  }
  return problems
}
