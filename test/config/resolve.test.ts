import { inspect } from 'node:util'
import type { Kind } from '../../src/config/kinds'
import { type OptionName, options } from '../../src/config/options'
import { type FileValue, type Given, type Resolved, resolve } from '../../src/config/resolve'

interface Sources {
  readonly flags?: Readonly<Record<string, readonly string[]>>
  readonly environment?: Given['environment']
  /** Items by key; each stands at a line of its own. */
  readonly file?: Readonly<Record<string, readonly string[]>>
}

function resolved({ flags = {}, environment = {}, file }: Sources): Resolved {
  const values = Object.entries(file ?? {}).map(([key, items], index): [string, FileValue] => [
    key,
    { items, where: `outspan.yaml:${index + 1}` },
  ])
  return resolve({ flags: new Map(Object.entries(flags)), environment, file: file && new Map(values) })
}

describe('precedence', () => {
  /** From the strongest to the weakest: what is given, the origin it has. */
  type Rank = readonly [origin: string, sources: Sources, value: unknown]

  const laws: [OptionName, readonly Rank[]][] = [
    [
      'serviceName',
      [
        ['--service-name', { flags: { '--service-name': ['flag'] } }, 'flag'],
        ['OUTSPAN_SERVICE_NAME', { environment: { OUTSPAN_SERVICE_NAME: 'variable' } }, 'variable'],
        ['OTEL_SERVICE_NAME', { environment: { OTEL_SERVICE_NAME: 'otel' } }, 'otel'],
        ['outspan.yaml:1', { file: { 'service.name': ['file'] } }, 'file'],
        ['default', {}, 'unknown_service:outspan'],
      ],
    ],
    [
      'resourceAttributes',
      [
        ['--resource-attribute', { flags: { '--resource-attribute': ['a=1', 'b=1'] } }, { a: '1', b: '1' }],
        ['OUTSPAN_RESOURCE_ATTRIBUTE', { environment: { OUTSPAN_RESOURCE_ATTRIBUTE: 'a=2,c=2' } }, { a: '2', c: '2' }],
        ['OTEL_RESOURCE_ATTRIBUTES', { environment: { OTEL_RESOURCE_ATTRIBUTES: 'a=3,d=3' } }, { a: '3', d: '3' }],
        ['outspan.yaml:1', { file: { 'resource.attributes': ['a=4', 'e=4'] } }, { a: '4', e: '4' }],
        ['default', {}, {}],
      ],
    ],
    [
      'otlpTimeout',
      [
        ['--otlp-timeout', { flags: { '--otlp-timeout': ['1s'] } }, 1000],
        ['OUTSPAN_OTLP_TIMEOUT', { environment: { OUTSPAN_OTLP_TIMEOUT: '2s' } }, 2000],
        ['OTEL_EXPORTER_OTLP_TIMEOUT', { environment: { OTEL_EXPORTER_OTLP_TIMEOUT: '4000' } }, 4000],
        ['outspan.yaml:1', { file: { 'otlp.timeout': ['5s'] } }, 5000],
        ['default', {}, 10_000],
      ],
    ],
  ]

  function together(sources: readonly Sources[]): Sources {
    const file = Object.assign({}, ...sources.map((each) => each.file))
    return {
      flags: Object.assign({}, ...sources.map((each) => each.flags)),
      environment: Object.assign({}, ...sources.map((each) => each.environment)),
      ...(Object.keys(file).length > 0 && { file }),
    }
  }

  // Every subset of the sources: the strongest of it wins whole.
  const cases = laws.flatMap(([name, ranks]) =>
    Array.from({ length: 2 ** (ranks.length - 1) }, (_, bits) => {
      const given = ranks.filter((_rank, index) => index === ranks.length - 1 || (bits >> index) & 1)
      return [name, given.map(([origin]) => origin).join(' > '), given] as const
    }),
  )

  test.each(cases)('%s: %s', (name, _, given) => {
    const found = resolved(together(given.map(([, sources]) => sources)))
    expect(found.problems).toEqual([])
    expect(found.warnings).toEqual([])
    expect([found.origins[name], found.settings[name]]).toEqual([given[0]?.[0], given[0]?.[2]])
  })
})

test('with nothing given, everything is at its default and says so', () => {
  const { settings, origins, problems, warnings } = resolved({})
  for (const [name, row] of Object.entries(options)) {
    expect([name, settings[name as OptionName]]).toEqual([name, row.default])
    expect([name, origins[name as OptionName]]).toEqual([name, 'default'])
  }
  expect([problems, warnings]).toEqual([[], []])
})

test('an empty variable is an unset one', () => {
  const { settings, origins, problems, warnings } = resolved({
    environment: {
      OUTSPAN_LISTEN: '',
      OUTSPAN_SERVICE_NAME: '',
      OTEL_SERVICE_NAME: '',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4317',
      OUTSPAN_OTLP_HEADER: '',
      OTEL_RESOURCE_ATTRIBUTES: undefined,
    },
    file: { 'service.name': ['from the file'] },
  })
  expect([problems, warnings]).toEqual([[], []])
  expect(origins.listen).toBe('default')
  expect(settings.serviceName).toBe('from the file')
  expect(origins.otlpEndpoint).toBe('OTEL_EXPORTER_OTLP_ENDPOINT')
  expect(settings.otlpHeaders).toEqual({})
})

describe('problems', () => {
  test.each(['--connect-timeout', '--request-head-timeout'])('%s of nothing would refuse everything', (flag) => {
    expect(resolved({ flags: { [flag]: ['0s'] } }).problems).toEqual([`${flag}: "0s" is no time at all`])
  })

  test('all are told at once, in words that name the place and the value', () => {
    const { problems } = resolved({
      flags: { '--listen': ['nowhere'], '--queue-capacity': ['0'], '--log-level': ['loud'] },
      environment: { OUTSPAN_DRAIN_TIMEOUT: '20' },
      file: { 'limits.head_size': ['64'], 'otlp.headers': ['geheim'] },
    })
    expect(problems.toSorted()).toEqual([
      expect.stringMatching(/^--listen: "nowhere" is not HOST:PORT/),
      expect.stringMatching(/^--log-level: "loud" is none of debug, info, warn, error$/),
      expect.stringMatching(/^--queue-capacity: "0" is not a whole number/),
      expect.stringMatching(/^OUTSPAN_DRAIN_TIMEOUT: "20" is not a duration/),
      expect.stringMatching(/^outspan\.yaml:1: "64" is not a size/),
      expect.stringMatching(/^outspan\.yaml:2: the value is not KEY=VALUE/),
    ])
  })

  test('the strongest source decides: a weaker one does not stand in for what is wrong', () => {
    const { problems } = resolved({
      flags: { '--listen': ['nowhere'] },
      environment: { OUTSPAN_LISTEN: '127.0.0.1:1' },
      file: { listen: ['also nowhere'] },
    })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(/^--listen: /)
  })

  test('what a stronger source hides is not judged', () => {
    const { problems } = resolved({
      flags: { '--listen': ['127.0.0.1:1'] },
      environment: { OUTSPAN_LISTEN: 'nowhere' },
      file: { listen: ['nowhere'] },
    })
    expect(problems).toEqual([])
  })

  test('a single value given several times is told', () => {
    const { problems } = resolved({ flags: { '--listen': ['127.0.0.1:1', '127.0.0.1:2', '127.0.0.1:3'] } })
    expect(problems).toEqual(['--listen: is given 3 times'])
  })

  test.each<[OptionName, string]>([
    ['serviceName', 'service.name'],
    ['listen', 'listen'],
    ['queueCapacity', 'queue.capacity'],
  ])('%s: a list without items is no value', (name, key) => {
    const { problems, settings } = resolved({ file: { [key]: [] } })
    expect(problems).toEqual(['outspan.yaml:1: has no value'])
    expect(settings[name]).toEqual(options[name].default)
  })

  test('an empty list of a repeatable option is an empty value', () => {
    const { problems, settings, origins } = resolved({ file: { 'resource.attributes': [] } })
    expect([problems, settings.resourceAttributes, origins.resourceAttributes]).toEqual([[], {}, 'outspan.yaml:1'])
  })

  test('one bad item of a repeatable option is named, and only it', () => {
    const { problems } = resolved({ flags: { '--resource-attribute': ['a=1', 'b', 'c=3'] } })
    expect(problems).toEqual(['--resource-attribute: "b" is not KEY=VALUE'])
  })
})

describe('OTEL_ variables that can not be read', () => {
  test.each<[string, string, OptionName, Sources, string, unknown]>([
    // variable, text, option, what else is given, origin, value
    [
      'OTEL_EXPORTER_OTLP_TRACES_TIMEOUT',
      'soon',
      'tracesOtlpTimeout',
      { file: { 'otlp.traces.timeout': ['7ms'] } },
      'outspan.yaml:1',
      7,
    ],
    [
      'OTEL_BSP_SCHEDULE_DELAY',
      '5s',
      'tracesQueueDelay',
      { file: { 'queue.traces.delay': ['2s'] } },
      'outspan.yaml:1',
      2000,
    ],
    ['OTEL_BSP_SCHEDULE_DELAY', '5s', 'tracesQueueDelay', {}, 'default', undefined],
    ['OTEL_BSP_MAX_QUEUE_SIZE', '-1', 'tracesQueueCapacity', {}, 'default', undefined],
    ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '0', 'tracesQueueBatchSize', {}, 'default', undefined],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector', 'otlpEndpoint', {}, 'default', undefined],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://user:word@collector:4317', 'otlpEndpoint', {}, 'default', undefined],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http/xml', 'otlpProtocol', {}, 'default', 'grpc'],
    ['OTEL_EXPORTER_OTLP_CERTIFICATE', '/no/such/file', 'otlpCertificate', {}, 'default', undefined],
    ['OTEL_EXPORTER_OTLP_CERTIFICATE', __filename, 'otlpCertificate', {}, 'default', undefined],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=1,b', 'resourceAttributes', {}, 'default', {}],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=%zz', 'resourceAttributes', {}, 'default', {}],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=%zz', 'otlpHeaders', {}, 'default', {}],
    ['OTEL_SDK_DISABLED', 'yes', 'signals', {}, 'default', ['traces', 'logs', 'metrics']],
    ['OTEL_METRIC_EXPORT_INTERVAL', '0', 'metricsInterval', {}, 'default', 60_000],
    ['OTEL_METRIC_EXPORT_INTERVAL', '-5', 'metricsInterval', {}, 'default', 60_000],
    ['OTEL_BSP_EXPORT_TIMEOUT', 'soon', 'tracesQueueExportTimeout', {}, 'default', undefined],
    ['OTEL_TRACES_EXPORTER', 'zipkin', 'tracesExporter', {}, 'default', undefined],
    ['OTEL_LOG_LEVEL', 'loud', 'logLevel', {}, 'default', 'info'],
  ])('%s=%s: %s falls through with a warning', (variable, text, name, others, origin, value) => {
    const { settings, origins, problems, warnings } = resolved({
      ...others,
      environment: { [variable]: text, ...others.environment },
    })
    expect(problems).toEqual([])
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`^${variable}: .*ignored`))])
    expect([origins[name], settings[name]]).toEqual([origin, value])
  })

  test('are not looked at when a stronger source is there', () => {
    const { warnings } = resolved({
      environment: { OUTSPAN_QUEUE_DELAY: '1s', OTEL_BSP_SCHEDULE_DELAY: 'soon', OTEL_BLRP_SCHEDULE_DELAY: 'soon' },
    })
    expect(warnings).toEqual([])
  })
})

describe('the forms of OTEL_ variables', () => {
  test.each<[string, string, OptionName, unknown]>([
    ['OTEL_BSP_SCHEDULE_DELAY', '250', 'tracesQueueDelay', 250],
    ['OTEL_BSP_SCHEDULE_DELAY', '0', 'tracesQueueDelay', 0],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', ' 10000 ', 'otlpTimeout', 10_000],
    ['OTEL_EXPORTER_OTLP_COMPRESSION', 'gzip', 'otlpCompression', 'gzip'],
    // Enumerations and booleans know no case.
    ['OTEL_EXPORTER_OTLP_COMPRESSION', 'GZIP', 'otlpCompression', 'gzip'],
    ['OTEL_EXPORTER_OTLP_LOGS_PROTOCOL', 'HTTP/Protobuf', 'logsOtlpProtocol', 'http/protobuf'],
    ['OTEL_PROPAGATORS', 'TraceContext', 'inject', ['w3c']],
    ['OTEL_TRACES_SAMPLER', 'ALWAYS_OFF', 'samplingRate', 0],
    ['OTEL_LOG_LEVEL', 'DEBUG', 'logLevel', 'debug'],
    ['OTEL_SDK_DISABLED', 'TRUE', 'signals', []],
    ['OTEL_SDK_DISABLED', 'False', 'signals', ['traces', 'logs', 'metrics']],
    ['OTEL_BSP_EXPORT_TIMEOUT', '2000', 'tracesQueueExportTimeout', 2000],
    ['OTEL_BLRP_EXPORT_TIMEOUT', '2000', 'logsQueueExportTimeout', 2000],
    ['OTEL_METRIC_EXPORT_TIMEOUT', '2000', 'metricsQueueExportTimeout', 2000],
    ['OTEL_LOGS_EXPORTER', 'OTLP, console', 'logsExporter', ['otlp', 'console']],
    ['OTEL_TRACES_EXPORTER', 'none', 'tracesExporter', []],
    ['OTEL_METRICS_EXPORTER', 'prometheus', 'metricsExporter', ['memory']],
    ['OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', 'LowMemory', 'metricsTemporality', 'lowmemory'],
    ['OTEL_METRICS_EXEMPLAR_FILTER', 'ALWAYS_ON', 'metricsExemplars', 'always_on'],
    // A collector of gRPC without a scheme has TLS.
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4317', 'otlpEndpoint', 'https://collector:4317'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', '[::1]:4317', 'otlpEndpoint', 'https://[::1]:4317'],
    ['OTEL_SERVICE_NAME', ' shop ', 'serviceName', 'shop'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=1, b = 2 ,', 'resourceAttributes', { a: '1', b: '2' }],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=x%2Cy%3Dz%25,b=%C3%A4', 'resourceAttributes', { a: 'x,y=z%', b: 'ä' }],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a%3Db=c', 'resourceAttributes', { 'a=b': 'c' }],
  ])('%s=%s', (variable, text, name, value) => {
    const { settings, origins, warnings } = resolved({ environment: { [variable]: text } })
    expect([warnings, origins[name], settings[name]]).toEqual([[], variable, value])
  })

  test.each([
    [{ OTEL_EXPORTER_OTLP_INSECURE: 'True' }, 'http://collector:4317'],
    [{ OTEL_EXPORTER_OTLP_LOGS_INSECURE: 'true' }, 'http://collector:4317'],
    [{ OTEL_EXPORTER_OTLP_INSECURE: 'true', OTEL_EXPORTER_OTLP_LOGS_INSECURE: 'false' }, 'https://collector:4317'],
    [{ OTEL_EXPORTER_OTLP_TRACES_INSECURE: 'true' }, 'https://collector:4317'],
  ])('a collector without a scheme, %j', (insecure, url) => {
    const environment = { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'collector:4317', ...insecure }
    expect(resolved({ environment }).settings.logsOtlpEndpoint).toBe(url)
  })

  test('of headers, a pair that can not be read is left out; of resource attributes, all are', () => {
    const { settings, warnings } = resolved({
      environment: { OTEL_EXPORTER_OTLP_HEADERS: 'x=1,geheim,y=2', OTEL_RESOURCE_ATTRIBUTES: 'x=1,oops,y=2' },
    })
    expect(Object.keys(settings.otlpHeaders)).toEqual(['x', 'y'])
    expect(settings.resourceAttributes).toEqual({})
    expect(warnings.toSorted()).toEqual([
      'OTEL_EXPORTER_OTLP_HEADERS: the value is not KEY=VALUE; it is left out',
      'OTEL_RESOURCE_ATTRIBUTES: "oops" is not KEY=VALUE; it is ignored',
    ])
  })

  test.each([
    ['OTEL_EXPORTER_OTLP_INSECURE', 'yes', 'is neither true nor false, and means false'],
    [
      'OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION',
      'base2_exponential_bucket_histogram',
      'is ignored: histograms have explicit buckets',
    ],
    ['OTEL_CONFIG_FILE', 'otel.yaml', "is ignored: outspan's own file is named by --config"],
  ])('%s=%s can not be followed, and is told', (variable, text, words) => {
    expect(resolved({ environment: { [variable]: text } }).warnings).toEqual([`${variable}: "${text}" ${words}`])
  })

  test('a variable of ours that there is not is told, without its value', () => {
    const environment = { OUTSPAN_OTLP_HEADERS: 'a=geheim', OUTSPAN_PROPAGATION_RULES: '[]', OUTSPAN_LISTN: '' }
    expect(resolved({ environment }).warnings).toEqual([
      'OUTSPAN_OTLP_HEADERS: there is no such variable, and it is ignored',
      'OUTSPAN_PROPAGATION_RULES: there is no such variable, and it is ignored',
    ])
  })

  test('what a platform says of a service named outspan is not told', () => {
    const names = [
      'SERVICE_HOST',
      'SERVICE_PORT',
      'SERVICE_PORT_ADMIN',
      'PORT',
      'PORT_15000_TCP',
      'PORT_15000_TCP_ADDR',
    ]
    const environment = Object.fromEntries(names.map((name) => [`OUTSPAN_${name}`, 'tcp://10.0.0.1:15000']))
    expect(resolved({ environment }).warnings).toEqual([])
  })

  test('what changes nothing is not told', () => {
    const aggregation = 'OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION'
    const environment = { [aggregation]: 'EXPLICIT_bucket_histogram', OTEL_EXPORTER_OTLP_INSECURE: 'false' }
    expect(resolved({ environment }).warnings).toEqual([])
  })

  test('headers are percent-decoded', () => {
    const { settings } = resolved({ environment: { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20a%2Cb,x=1' } })
    const headers = Object.entries(settings.otlpHeaders).map(([key, secret]) => [key, secret.reveal()])
    expect(headers).toEqual([
      ['authorization', 'Bearer a,b'],
      ['x', '1'],
    ])
  })

  test('other sources are not decoded, and their durations have units', () => {
    const { settings } = resolved({
      flags: { '--resource-attribute': ['a=%20,b'] },
      environment: { OUTSPAN_OTLP_HEADER: 'x=%41' },
    })
    expect(settings.resourceAttributes).toEqual({ a: '%20,b' })
    expect(settings.otlpHeaders.x?.reveal()).toBe('%41')
    expect(resolved({ environment: { OUTSPAN_QUEUE_DELAY: '250' } }).problems).toHaveLength(1)
  })
})

describe('secrets', () => {
  const said = 'geheim'
  const sources: [string, Sources][] = [
    ['a flag', { flags: { '--otlp-header': [`authorization=${said}`] } }],
    ['a variable', { environment: { OUTSPAN_OTLP_HEADER: `authorization=${said}` } }],
    ['an OTEL_ variable', { environment: { OTEL_EXPORTER_OTLP_HEADERS: `authorization=${said}` } }],
    ['the file', { file: { 'otlp.headers': [`authorization=${said}`] } }],
    ['a flag with an empty key', { flags: { '--otlp-header': [`=${said}`] } }],
    ['a flag without a key', { flags: { '--otlp-header': [said] } }],
    ['a variable without a key', { environment: { OUTSPAN_OTLP_HEADER: `a=b,${said}` } }],
    ['an OTEL_ variable that can not be decoded', { environment: { OTEL_EXPORTER_OTLP_HEADERS: `a=${said}%zz` } }],
    ['the file, without a key', { file: { 'otlp.headers': [said] } }],
    ['userinfo of the collector that is refused', { flags: { '--otlp-endpoint': [`ftp://user:${said}@collector`] } }],
    ['userinfo of the collector', { flags: { '--otlp-endpoint': [`http://user:${said}@collector:4317`] } }],
    ['userinfo in the file', { file: { 'otlp.endpoint': [`http://${said}@collector:4317`] } }],
    ['userinfo in a variable', { environment: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://user:${said}/@collector` } }],
  ]

  test.each(sources)('from %s never show', (_, given) => {
    const found = resolved(given)
    expect(JSON.stringify(found)).not.toContain(said)
    expect(inspect(found, { depth: 10, showHidden: true })).not.toContain(said)
    expect(String(found.problems)).not.toContain(said)
  })

  test.each(sources.slice(0, 4))('from %s are there for who reveals them', (_, given) => {
    expect(resolved(given).settings.otlpHeaders.authorization?.reveal()).toBe(said)
  })

  test('userinfo of the collector is refused, and would not show where settings are shown', () => {
    const text = `http://user:${said}@collector:4317`
    const { problems, settings, failed } = resolved({ flags: { '--otlp-endpoint': [text] } })
    expect(problems).toEqual([expect.stringMatching(/^--otlp-endpoint: the value holds credentials/)])
    expect([settings.otlpEndpoint, failed.has('otlpEndpoint')]).toEqual([undefined, true])
    const kind: Kind<string> = options.otlpEndpoint.kind as Kind<string>
    expect(kind.show(text)).not.toContain(said)
  })
})
