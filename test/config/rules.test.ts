import { recordFields } from '../../src/config/access-log-template'
import { check } from '../../src/config/check'
import { parseConfig } from '../../src/config/file'
import { type Resolved, resolve } from '../../src/config/resolve'
import { yamlExamples } from '../support/readme'

function resolved(
  text: string,
  environment: Record<string, string> = {},
): Pick<Resolved, 'settings' | 'problems' | 'warnings'> {
  const file = parseConfig(text, 'x.yaml')
  const read = resolve({ flags: new Map(), environment, file: file.values })
  const { settings, problems, warnings } = read
  return { settings, problems: [...file.problems, ...problems, ...check(read)], warnings }
}

const rulesOf = (rules: string) => resolved(`propagation:\n  rules: ${rules}`)

describe('rules', () => {
  test.each<[string, unknown]>([
    ['[]', []],
    ['[{match: {}}]', [{ name: 'rule 1', match: {} }]],
    ['[{name: a, match: {hosts: A.example}}]', [{ name: 'a', match: { hosts: ['a.example'] } }]],
    [
      '[{match: {hosts: ["*.a", b], cidrs: [10.0.0.0/8], ports: [80, 8080], methods: [GET], paths: [/x]}}]',
      [
        {
          name: 'rule 1',
          match: { hosts: ['*.a', 'b'], cidrs: ['10.0.0.0/8'], ports: [80, 8080], methods: ['GET'], paths: ['/x'] },
        },
      ],
    ],
    [
      '[{match: {}, extract: [w3c, b3], clear: [X-A, baggage], inject: [preserve, datadog], default_format: b3, sampling_rate: 0.5}]',
      [
        {
          name: 'rule 1',
          match: {},
          extract: ['w3c', 'b3'],
          clear: ['x-a', 'baggage'],
          inject: ['preserve', 'datadog'],
          defaultFormat: 'b3',
          samplingRate: 0.5,
        },
      ],
    ],
    ['[{match: {}, inject: none, extract: w3c}]', [{ name: 'rule 1', match: {}, inject: [], extract: ['w3c'] }]],
    ['[{match: {}, inject: []}]', [{ name: 'rule 1', match: {}, inject: [] }]],
  ])('%s', (text, rules) => {
    const { settings, problems } = rulesOf(text)
    expect(problems).toEqual([])
    expect(settings.rules).toEqual(rules)
  })

  test.each<[string, RegExp]>([
    ['yes', /is not a list of rules/],
    ['{a: b}', /is not a list of rules/],
    ['[a]', /rule 1: is not a mapping/],
    ['[{}]', /rule 1: match is missing/],
    ['[{match: a}]', /match is not a mapping/],
    ['[{name: [a], match: {}}]', /name is no text/],
    [
      '[{match: {host: a}}]',
      /rule 1: match\.host is no setting of a rule; there are hosts, cidrs, ports, methods, paths/,
    ],
    ['[{match: {}, inejct: [w3c]}]', /inejct is no setting/],
    ['[{match: {hosts: ["a b"]}}]', /match\.hosts "a b" is no host pattern/],
    ['[{match: {cidrs: [10.0.0.0]}}]', /match\.cidrs "10\.0\.0\.0" is no address range/],
    ['[{match: {ports: [0]}}]', /match\.ports "0" is not a whole number/],
    ['[{match: {methods: ["G T"]}}]', /match\.methods "G T" is no method/],
    ['[{match: {paths: [x]}}]', /match\.paths "x" is no path/],
    ['[{match: {hosts: []}}]', /match\.hosts is empty/],
    ['[{match: {hosts: [{a: b}]}}]', /is no single value/],
    ['[{match: {}, inject: [w4c]}]', /rule 1: inject: has "w4c", which is none of preserve, w3c/],
    ['[{match: {}, extract: [preserve]}]', /rule 1: extract: has "preserve", which is none of w3c/],
    ['[{match: {}, sampling_rate: 2}]', /sampling_rate "2" is not a number from 0 to 1/],
    ['[{match: {}, clear: [Host]}]', /clear has "Host", which frames or routes/],
    ['[{match: {}, clear: ["a b"]}]', /clear has "a b", which is no header name/],
  ])('%s is refused', (text, words) => {
    expect(rulesOf(text).problems).toEqual([expect.stringMatching(words)])
  })

  test('all problems are told, with the rule that each is in', () => {
    const [problem] = rulesOf('[{name: one, match: {ports: [0]}}, {name: two, match: {}, clear: [Host]}]').problems
    expect(problem).toMatch(/^x\.yaml:2 propagation\.rules: one: .*; two: /)
  })
})

describe('the variables of OpenTelemetry', () => {
  test.each<[string, string[], string[]]>([
    ['tracecontext,baggage', ['w3c'], ['w3c']],
    ['b3', ['b3'], ['b3-single']],
    ['b3multi, tracecontext', ['b3', 'w3c'], ['b3', 'w3c']],
    ['xray,ottrace,jaeger,sentry', ['aws', 'ot', 'jaeger', 'sentry'], ['aws', 'ot', 'jaeger', 'sentry']],
    ['none', [], []],
  ])('OTEL_PROPAGATORS=%s', (text, extract, inject) => {
    expect(resolved('', { OTEL_PROPAGATORS: text }).settings).toMatchObject({ extract, inject })
  })

  test('a propagator that is not known is a warning, and the defaults stay', () => {
    const { settings, warnings, problems } = resolved('', { OTEL_PROPAGATORS: 'tracecontext,foo' })
    expect(problems).toEqual([])
    expect(warnings).toHaveLength(1)
    expect(settings.inject).toEqual(['preserve'])
  })

  test.each<[string, string | undefined, string, number]>([
    ['always_on', undefined, 'probability', 1],
    ['always_off', undefined, 'probability', 0],
    ['traceidratio', '0.25', 'probability', 0.25],
    ['parentbased_always_on', '0.25', 'parent_probability_fallback', 1],
    ['parentbased_always_off', undefined, 'parent_probability_fallback', 0],
    ['parentbased_traceidratio', '0.1', 'parent_probability_fallback', 0.1],
    ['parentbased_traceidratio', undefined, 'parent_probability_fallback', 1],
    ['parentbased_traceidratio', 'x', 'parent_probability_fallback', 1],
  ])('OTEL_TRACES_SAMPLER=%s, argument %s', (sampler, argument, samplingStrategy, samplingRate) => {
    const environment = { OTEL_TRACES_SAMPLER: sampler, ...(argument && { OTEL_TRACES_SAMPLER_ARG: argument }) }
    expect(resolved('', environment).settings).toMatchObject({ samplingStrategy, samplingRate })
  })

  test('a sampler with an argument that is no share is left aside whole, and told once', () => {
    const environment = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: 'abc' }
    const { settings, warnings } = resolved('sampling: { rate: 0.2 }', environment)
    expect(settings).toMatchObject({ samplingStrategy: 'parent_probability_fallback', samplingRate: 0.2 })
    expect(warnings).toEqual([
      expect.stringMatching(/OTEL_TRACES_SAMPLER_ARG="abc", which is not a number from 0 to 1/),
    ])
  })
})

test.each([
  ['{match: {}}', 'rule 1: proxy is missing: a URL, or direct'],
  [
    '{match: {}, proxy: "ftp://u:geheim@a"}',
    'rule 1: proxy the value is not the http:// URL of a proxy, such as http://proxy.example:3128',
  ],
  [
    '{match: {hosts: "http://u:geheim@a"}, proxy: direct}',
    'rule 1: match.hosts the value is no host pattern, such as *.example.com',
  ],
])('of a way out, %s is told once, without credentials', (rule, words) => {
  expect(resolved(`upstream_proxy:\n  rules: [${rule}]\n`).problems).toEqual([
    `x.yaml:2 upstream_proxy.rules: ${words}`,
  ])
})

test.each([...recordFields, 'http.request.header.x-a', 'net.peer.name', 'outspan.x'])(
  'no attribute of the settings has the name of one that outspan sets: %s',
  (key) => {
    const problem = expect.stringContaining('sets an attribute that outspan sets itself')
    expect(resolved(`spans:\n  attributes: { ${key}: x }`).problems).toEqual([problem])
    expect(resolved(`spans:\n  rules: [{ match: {}, attributes: { ${key}: x } }]`).problems).toEqual([problem])
    expect(resolved(`spans:\n  attributes: { my.${key}: x }`).problems).toEqual([])
  },
)

test('the examples in the README are settings that can be used', () => {
  expect(yamlExamples.length).toBeGreaterThan(1)
  for (const example of yamlExamples) expect(resolved(example).problems).toEqual([])
})
