import { merge } from '../../src/config/live'
import type { Option } from '../../src/config/option'
import { options } from '../../src/config/options'
import { type Chosen, resolve } from '../../src/config/resolve'

function chosen(flags: Readonly<Record<string, string>>): Chosen {
  const given = Object.entries(flags).map(([flag, value]) => [flag, [value]] as const)
  const resolved = resolve({ flags: new Map(given), environment: {}, file: undefined })
  expect(resolved.problems).toEqual([])
  return resolved
}

test('each option changes while the program runs, or is on this list: a new one has to decide', () => {
  const rows: [string, Option<unknown>][] = Object.entries(options)
  expect(rows.filter(([, row]) => !row.isLive).map(([name]) => name)).toEqual([
    'listen',
    'admin',
    'workers',
    'config',
    'configWatch',
    'serviceName',
    'resourceAttributes',
    'signals',
    'exporter',
    'tracesExporter',
    'logsExporter',
    'metricsExporter',
    'spoolDir',
    'spoolMaxBytes',
    'metricsTemporality',
    'metricsExemplars',
    'hooks',
  ])
})

test('/config has no setting where it tells of reloads', () => {
  const rows: Option<unknown>[] = Object.values(options)
  expect(rows.filter(({ key }) => key === 'reload' || key.startsWith('reload.'))).toEqual([])
})

describe('merge', () => {
  test('live settings change, the others wait for a restart; each keeps the origin of its value', () => {
    const before = chosen({ '--via': 'one', '--listen': '127.0.0.1:1', '--dns-cache': '1s' })
    const merged = merge(before, chosen({ '--via': 'two', '--listen': '127.0.0.1:2', '--workers': '2' }))
    expect(merged.changed).toEqual(['via', 'dns.cache'])
    expect(merged.waiting).toEqual(['listen', 'workers'])
    expect(merged.settings).toMatchObject({ via: 'two', dnsCache: 5000, workers: 1, listen: { port: 1 } })
    expect(merged.origins).toMatchObject({ via: '--via', dnsCache: 'default', workers: 'default', listen: '--listen' })
  })

  test.each<[string, Record<string, string>, Record<string, string>, string[]]>([
    [
      'nothing',
      { '--otlp-header': 'a=b', '--listen': '[::1]:1' },
      { '--otlp-header': 'a=b', '--listen': '[::1]:1' },
      [],
    ],
    ['a secret', { '--otlp-header': 'a=b' }, { '--otlp-header': 'a=c' }, ['otlp.headers']],
    ['one secret more', { '--otlp-header': 'a=b' }, {}, ['otlp.headers']],
    [
      'credentials in a URL',
      { '--upstream-proxy': 'http://a:b@x' },
      { '--upstream-proxy': 'http://a:c@x' },
      ['upstream_proxy.url'],
    ],
    ['an order', { '--extract': 'w3c,b3' }, { '--extract': 'b3,w3c' }, ['propagation.extract']],
    ['another collector', { '--otlp-endpoint': 'http://a' }, { '--otlp-endpoint': 'http://b' }, ['otlp.endpoint']],
  ])('%s', (_, before, after, changed) => {
    const merged = merge(chosen(before), chosen(after))
    expect([merged.changed, merged.waiting]).toEqual([changed, []])
  })

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['the first collector', {}, { '--otlp-endpoint': 'http://a' }],
    [
      'spans where there were none',
      { '--otlp-endpoint': 'http://a', '--instrumentations': 'off' },
      { '--otlp-endpoint': 'http://a' },
    ],
    [
      'spans for an exporter of hooks, where there were none',
      { '--hooks': __filename, '--exporter': 'mine', '--instrumentations': 'off' },
      { '--hooks': __filename, '--exporter': 'mine' },
    ],
    ['the last collector', { '--otlp-endpoint': 'http://a' }, {}],
    ['the collector of one signal', { '--otlp-logs-endpoint': 'http://a' }, { '--otlp-traces-endpoint': 'http://a' }],
  ])('%s needs a restart', (_, before, after) => {
    const merged = merge(chosen(before), chosen(after))
    expect(merged.changed).toEqual([])
    expect(merged.waiting.length).toBeGreaterThan(0)
    expect(merged.settings).toEqual(chosen(before).settings)
  })
})
