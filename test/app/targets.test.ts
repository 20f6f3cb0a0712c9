import { targetsOf } from '../../src/app/targets'
import { resolve } from '../../src/config/resolve'

test.each<[Record<string, string>, string]>([
  [{}, 'in memory, for want of --otlp-endpoint'],
  [{ OUTSPAN_OTLP_ENDPOINT: 'http://a:4317' }, 'http://a:4317'],
  [
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://a:4317' },
    'traces: http://a:4317; logs, metrics: in memory, for want of --otlp-endpoint',
  ],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:4317', OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'https://b/logs' },
    'traces, metrics: http://a:4317; logs: https://b/logs',
  ],
  [{ OUTSPAN_OTLP_ENDPOINT: 'http://a:4317', OUTSPAN_SIGNALS: 'traces' }, 'traces: http://a:4317; logs, metrics: off'],
  [{ OUTSPAN_OTLP_ENDPOINT: 'http://a:4317', OTEL_SDK_DISABLED: 'true' }, 'off, by OTEL_SDK_DISABLED'],
  [{ OUTSPAN_SIGNALS: 'none' }, 'off, by OUTSPAN_SIGNALS'],
  [{ OUTSPAN_OTLP_ENDPOINT: 'http://a:4317', OUTSPAN_EXPORTER: 'memory' }, 'in memory'],
  [{ OUTSPAN_OTLP_ENDPOINT: 'http://a:4317', OUTSPAN_EXPORTER: 'otlp,console' }, 'http://a:4317 and console'],
  [{ OUTSPAN_EXPORTER: 'console' }, 'console'],
  [{ OUTSPAN_EXPORTER: 'none' }, 'off'],
  [
    { OTEL_METRICS_EXPORTER: 'prometheus', OTEL_TRACES_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'console' },
    'traces: off; logs: console; metrics: in memory',
  ],
])('%j', (environment, words) => {
  expect(targetsOf(resolve({ flags: new Map(), environment, file: undefined }))).toBe(words)
})
