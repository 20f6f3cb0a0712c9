import { Problem } from '../../src/config/kinds'
import { flagOf, type Option, variableOf } from '../../src/config/option'
import { options } from '../../src/config/options'

const rows: [string, Option<unknown>][] = Object.entries(options)
const names = (read: (row: Option<unknown>) => readonly string[]): string[] => rows.flatMap(([, row]) => read(row))

/** The items by which a user would write a default. */
function writtenDefault(row: Option<unknown>): string[] {
  const shown = row.kind.show(row.default)
  return typeof shown === 'object' && shown !== null
    ? Object.entries(shown).map(([key, value]) => `${key}=${value}`)
    : [String(shown)]
}

function expectUnique(list: readonly string[]): void {
  expect(list.filter((name, index) => list.indexOf(name) !== index)).toEqual([])
}

test('keys, flags and variables are unique', () => {
  expectUnique(names((row) => [row.key]))
  expectUnique(names((row) => [flagOf(row)]))
  expectUnique(names((row) => [variableOf(row)]))
  // One variable of OpenTelemetry's may say two things at once, and two options that it speaks of stand together.
  const shared = ['OTEL_PROPAGATORS', 'OTEL_TRACES_SAMPLER']
  expectUnique(names((row) => (row.otel ?? []).filter((variable) => !shared.includes(variable))))
})

test('no key is the prefix of another one: a key is a value or a mapping, never both', () => {
  const keys = names((row) => [row.key])
  expect(keys.filter((key) => keys.some((other) => other.startsWith(`${key}.`)))).toEqual([])
})

test.each([
  [options.listen, '--listen', 'OUTSPAN_LISTEN'],
  [options.serviceName, '--service-name', 'OUTSPAN_SERVICE_NAME'],
  [options.resourceAttributes, '--resource-attribute', 'OUTSPAN_RESOURCE_ATTRIBUTE'],
  [options.otlpClientCertificate, '--otlp-client-certificate', 'OUTSPAN_OTLP_CLIENT_CERTIFICATE'],
  [options.queueBatchSize, '--queue-batch-size', 'OUTSPAN_QUEUE_BATCH_SIZE'],
  [options.accessLog, '--access-log', 'OUTSPAN_ACCESS_LOG'],
  [options.maxDestinationConnections, '--max-connections-per-destination', 'OUTSPAN_MAX_CONNECTIONS_PER_DESTINATION'],
] as [Option<unknown>, string, string][])('%#: %s %s', (row, flag, variable) => {
  expect(flagOf(row)).toBe(flag)
  expect(variableOf(row)).toBe(variable)
})

/** Two items that a repeatable kind takes. */
function itemsOf({ key, kind }: Option<unknown>): string[] {
  if (kind.placeholder === 'HOST=NAME') return ['*.example.com=a', '[::1]:80=b']
  if (kind.placeholder !== 'LIST') return ['a=1', 'b=2']
  if (key === 'spans.url_templates') return ['/users/{id}', '/files/*']
  if (key === 'access_log.statuses') return ['4xx', '500-599']
  if (key === 'spans.instrumentations') return ['dns', 'connect']
  if (key === 'signals') return ['traces', 'logs']
  if (key === 'failed_requests.statuses') return ['404', '500-599']
  if (key === 'failed_requests.events') return ['responses', 'exceptions']
  return key.startsWith('exporter') ? ['otlp', 'memory'] : ['w3c', 'b3']
}

describe.each(rows)('%s', (name, row) => {
  test('names have the forms of their places', () => {
    expect(row.key).toMatch(/^[a-z]+(?:_[a-z]+)*(?:\.[a-z]+(?:_[a-z]+)*)*$/)
    expect(flagOf(row)).toMatch(/^--[a-z]+(?:-[a-z]+)*$/)
    expect(variableOf(row)).toMatch(/^OUTSPAN_[A-Z]+(?:_[A-Z]+)*$/)
    for (const variable of row.otel ?? []) expect(variable).toMatch(/^OTEL_[A-Z]+(?:_[A-Z]+)*$/)
  })

  test('the doc is whole sentences', () => {
    expect(row.doc).toMatch(/^[A-Z][^\n]*\.$/)
    expect(row.doc).toBe(row.doc.trim())
  })

  test('the kind has a placeholder of one word', () => {
    expect(row.kind.placeholder).toMatch(/^\S+$/)
  })

  test('the default, if there is one, is written in a form that is read as the same', () => {
    if (row.default === undefined || row.isFileOnly) return
    let read: unknown = row.kind.empty
    for (const item of writtenDefault(row)) {
      const value = row.kind.read(item)
      if (value instanceof Problem) throw new Error(`${name}: "${item}" ${value.words}`)
      read = row.kind.join?.(read, value) ?? value
    }
    expect(read).toEqual(row.default)
  })

  test('a repeatable kind takes several items in one variable', () => {
    if (!row.kind.join) return
    const [first = '', second = ''] = itemsOf(row)
    const separate = row.kind.join(row.kind.read(first), row.kind.read(second))
    const items = row.kind.split?.(`${first},${second}`) ?? [`${first},${second}`]
    const read = items.map((item) => row.kind.read(item))
    expect(read.reduce((former, item) => row.kind.join?.(former, item))).toEqual(separate)
  })
})
