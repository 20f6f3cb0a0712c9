import { CONTENT_TYPE, prometheusText } from '../../src/admin/prometheus'
import { Life } from '../../src/app/life'
import { resolve } from '../../src/config/resolve'
import { type HistogramMetric, type Metric, single, Tally } from '../../src/telemetry/metrics'
import { finishedExchange } from '../export/finished-exchange'
import { silent } from '../support/proxy'

/** The text format, version 0.0.4. */
const grammar = {
  help: /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\\n]|\\\\|\\n)*)$/,
  type: /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/,
  comment: /^# (?!HELP|TYPE)/,
  sample:
    /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*",?)*\})? (-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|NaN|[+-]Inf)( -?[0-9]+)?$/,
}

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

interface Parsed {
  readonly types: ReadonlyMap<string, string>
  readonly helps: ReadonlyMap<string, string>
  readonly samples: readonly Sample[]
}

/** Reads the text and holds it to the format: every line, no name or series twice, a type before its samples. */
function parse(text: string): Parsed {
  expect(text).toMatch(/\n$/)
  const types = new Map<string, string>()
  const helps = new Map<string, string>()
  const samples: Sample[] = []
  const seen = new Set<string>()
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const help = grammar.help.exec(line)
    const type = grammar.type.exec(line)
    const sample = grammar.sample.exec(line)
    if (help) {
      expect(helps.has(help[1] as string)).toBe(false)
      helps.set(help[1] as string, help[2] as string)
    } else if (type) {
      expect(types.has(type[1] as string)).toBe(false)
      types.set(type[1] as string, type[2] as string)
    } else if (sample) {
      const [, name = '', labelText = '', value] = sample
      expect([line, isTyped(types, name)]).toEqual([line, true])
      const pairs = [...labelText.matchAll(/([a-zA-Z0-9_]+)="((?:[^"\\]|\\.)*)"/g)]
      const labels = pairs.map(([, key = '', text = '']) => [key, unescaped(text)] as const)
      expect(new Set(labels.map(([key]) => key)).size).toBe(labels.length)
      const series = `${name} ${JSON.stringify(labels.toSorted())}`
      expect([series, seen.has(series)]).toEqual([series, false])
      seen.add(series)
      samples.push({ name, labels: Object.fromEntries(labels), value: Number(value) })
    } else {
      expect(line).toMatch(grammar.comment)
    }
  }
  return { types, helps, samples }
}

/** The samples of a histogram have names of their own. */
function isTyped(types: ReadonlyMap<string, string>, name: string): boolean {
  const part = /^(.*)_(?:bucket|sum|count)$/.exec(name)?.[1]
  return types.has(name) || (part !== undefined && types.get(part) === 'histogram')
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
}

const textOf = (...metrics: Metric[]) => prometheusText(metrics, 1_700_000_000_000)

test('the content type is that of the text format', () => {
  expect(CONTENT_TYPE).toMatch(/^text\/plain; version=0\.0\.4; charset=utf-8$/)
})

test('a counter ends in _total, a gauge has its plain name', async () => {
  const { types, helps, samples } = parse(
    await textOf(
      single('counter', 'a.b.things', '{thing}', 'Things.', 3),
      single('gauge', 'a.open', '{thing}', 'Open.', 4),
    ),
  )
  expect([...types].toSorted()).toEqual([
    ['a_b_things_total', 'counter'],
    ['a_open', 'gauge'],
  ])
  expect(helps.get('a_b_things_total')).toBe('Things.')
  expect(samples).toEqual([
    { name: 'a_b_things_total', labels: {}, value: 3 },
    { name: 'a_open', labels: {}, value: 4 },
  ])
})

test.each([0, 1, 2 ** 31, 2 ** 53 - 1, 0.5, 1e-7, 1e21, -3])('the value %d survives', async (value) => {
  const { samples } = parse(await textOf(single('gauge', 'a', '1', 'A.', value)))
  expect(samples[0]?.value).toBe(value)
})

test.each(['plain', '', 'a"b', 'a\\b', 'a\nb', '\\n', 'a=b,c}', 'ä∑🙂', '{'])('the label %j survives', async (text) => {
  const { samples } = parse(
    await textOf({
      kind: 'counter',
      name: 'a',
      unit: '1',
      description: 'A.',
      points: [{ attributes: { 'error.type': text }, value: 1 }],
    }),
  )
  expect(samples).toEqual([{ name: 'a_total', labels: { error_type: text }, value: 1 }])
})

test('a description with a backslash or a line end is escaped', async () => {
  parse(await textOf(single('gauge', 'a', '1', 'One\\two\nthree.', 1)))
})

test('a metric without points has no lines', async () => {
  const empty: Metric = { kind: 'counter', name: 'a', unit: '1', description: 'A.', points: [] }
  const { types } = parse(await textOf(empty, single('gauge', 'b', '1', 'B.', 1)))
  expect([...types.keys()]).toEqual(['b'])
})

test('the tally of exchanges', async () => {
  const tally = new Tally()
  tally.add(finishedExchange())
  tally.add(finishedExchange({ upstreamStatus: 404 }))
  tally.add(finishedExchange({ method: 'we"ird\\', upstreamStatus: 0, fault: 'dns_failure', attempts: 3 }))
  tally.add(finishedExchange({ contextRefusals: [{ format: 'w3c', reason: 'all_zero' }] }))
  const { types, samples } = parse(await textOf(...tally.metrics()))
  expect(samples.filter(({ name }) => name === 'outspan_exchanges_total')).toEqual([
    { name: 'outspan_exchanges_total', labels: { http_request_method: 'GET' }, value: 2 },
    { name: 'outspan_exchanges_total', labels: { http_request_method: 'GET', error_type: '404' }, value: 1 },
    { name: 'outspan_exchanges_total', labels: { http_request_method: '_OTHER', error_type: 'dns_failure' }, value: 1 },
  ])
  expect(samples).toContainEqual({ name: 'outspan_resends_total', labels: {}, value: 2 })
  for (const [name, type] of types)
    expect([name, type]).toEqual([name, /^http_|_duration_/.test(name) ? 'histogram' : 'counter'])
})

test.each([
  ['a', 's', 'a_seconds'],
  ['a.b', 'By', 'a_b_bytes'],
  ['a.seconds', 's', 'a_seconds'],
  ['a', '{thing}', 'a'],
  // A name in _count belongs to a histogram.
  ['a.b.count', '{thing}', 'a_b'],
])('%s in %s is %s', async (name, unit, expected) => {
  expect((await samplesOf(single('gauge', name, unit, 'A.', 1)))[0]?.name).toBe(expected)
  expect((await samplesOf(single('counter', name, unit, 'A.', 1)))[0]?.name).toBe(`${expected}_total`)
})

const samplesOf = async (...metrics: Metric[]) => parse(await textOf(...metrics)).samples

test('a histogram is buckets that add up, a sum and a count', async () => {
  const durations: HistogramMetric = {
    kind: 'histogram',
    name: 'a.duration',
    unit: 's',
    description: 'A.',
    bounds: [0.005, 1],
    points: [{ attributes: { 'server.port': 80 }, count: 6, sum: 4.5, counts: [1, 2, 3] }],
  }
  const { types, samples } = parse(await textOf(durations))
  expect([...types]).toEqual([['a_duration_seconds', 'histogram']])
  const sample = (suffix: string, value: number, labels = {}) => ({
    name: `a_duration_seconds_${suffix}`,
    labels: { server_port: '80', ...labels },
    value,
  })
  expect(samples).toEqual([
    sample('count', 6),
    sample('sum', 4.5),
    sample('bucket', 1, { le: '0.005' }),
    sample('bucket', 3, { le: '1' }),
    sample('bucket', 6, { le: '+Inf' }),
  ])
})

test.each([99, 100, 101, 200, 1234])('%d series come whole, with one head, however they are cut', async (count) => {
  const points = Array.from({ length: count }, (_, value) => ({ attributes: { host: `h${value}\n# TYPE a` }, value }))
  const { samples } = parse(await textOf({ ...single('gauge', 'a', '{thing}', 'A.', 0), points }))
  expect(samples.map(({ value }) => value)).toEqual(points.map(({ value }) => value))
})

describe('all metrics of the program', () => {
  let life: Life
  let parsed: Parsed

  beforeAll(async () => {
    const { settings, origins } = resolve({ flags: new Map(), environment: {}, file: undefined })
    const anywhere = { host: '127.0.0.1', port: 0 }
    const otlpEndpoint = 'http://127.0.0.1:1'
    const chosen = { ...settings, listen: anywhere, admin: anywhere, accessLog: '/dev/null', otlpEndpoint }
    life = new Life({ settings: chosen, origins }, silent)
    await life.start()
    // A request that is refused is an exchange as well.
    await fetch(`http://127.0.0.1:${life.proxyAddress?.port}/`)
    const url = `http://127.0.0.1:${life.adminAddress?.port}/metrics`
    // Some figures of the process are there from the second time on.
    await fetch(url)
    await new Promise((resolve) => setTimeout(resolve, 300))
    const response = await fetch(url)
    expect(response.headers.get('content-type')).toBe(CONTENT_TYPE)
    parsed = parse(await response.text())
  })

  afterAll(() => life.stop())

  test('parse, and there are some', () => {
    expect(parsed.samples.length).toBeGreaterThan(15)
  })

  test('have a help and a type each', () => {
    expect([...parsed.helps.keys()].toSorted()).toEqual([...parsed.types.keys()].toSorted())
    for (const help of parsed.helps.values()) expect(help).toMatch(/^[A-Z].*\.$/)
  })

  test('are counters that end in _total, or others that do not', () => {
    for (const [name, type] of parsed.types) {
      expect([name, type, name.endsWith('_total')]).toEqual([name, type, type === 'counter'])
    }
  })

  test('are ours by name, or by the conventions', () => {
    for (const name of parsed.types.keys())
      expect(name).toMatch(/^(?:outspan|http_client|process|v8js|nodejs)_[a-z0-9_]+$/)
  })

  test('are numbers that are no less than nothing', () => {
    for (const sample of parsed.samples) expect(sample.value).toBeGreaterThanOrEqual(0)
  })

  test.each([
    ['outspan_exchanges_total', { http_request_method: 'GET', error_type: 'origin_form' }, 1],
    ['outspan_spans_dropped_total', { reason: 'queue_full' }, 0],
    ['outspan_spans_dropped_total', { reason: 'refused' }, 0],
    ['outspan_spans_dropped_total', { reason: 'shutdown' }, 0],
    ['outspan_client_connections_accepted_total', {}, 1],
    ['outspan_access_log_dropped_total', {}, 0],
  ])('%s %j is %d', (name, labels, value) => {
    expect(parsed.samples.filter((sample) => sample.name === name && same(sample.labels, labels))).toEqual([
      { name, labels, value },
    ])
  })

  test('the ledger of spans closes', () => {
    const total = (name: string) =>
      parsed.samples.filter((sample) => sample.name === name).reduce((sum, { value }) => sum + value, 0)
    expect(total('outspan_spans_observed_total')).toBe(
      total('outspan_spans_exported_total') + total('outspan_spans_dropped_total') + total('outspan_spans_queued'),
    )
  })
})

function same(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  return JSON.stringify(Object.entries(one).toSorted()) === JSON.stringify(Object.entries(other).toSorted())
}
