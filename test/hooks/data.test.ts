/** Laws of what hooks get: unchanged it is the same span or record again, whatever that was. */
import { readEvent, writeEventData } from '../../src/hooks/event-data'
import { readSpan, writeSpanData } from '../../src/hooks/span-data'
import { RequestMaker, resourceBytes, scopeBytes } from '../../src/telemetry/otlp-request'
import { ProtobufWriter } from '../../src/telemetry/protobuf'
import { ProtobufReader } from '../../src/telemetry/protobuf-reader'
import { decodedRequest, encodedRequest } from '../support/otlp-whole'

const id = (digit: string, digits: number) => Buffer.from(digit.repeat(digits), 'hex').toString('base64')

const attributes = [
  { key: 'text', value: { stringValue: 'ä€\ud83d\ude00' } },
  { key: 'yes', value: { boolValue: true } },
  { key: 'int', value: { intValue: '9007199254740993' } },
  { key: 'negative', value: { intValue: '-5' } },
  { key: 'double', value: { doubleValue: 3 } },
  { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '1' }] } } },
]

const span = {
  traceId: id('a', 32),
  spanId: id('b', 16),
  parentSpanId: id('c', 16),
  traceState: 'a=b',
  name: 'GET',
  kind: 3,
  startTimeUnixNano: '1700000000000001000',
  endTimeUnixNano: '1700000000000009000',
  attributes,
  droppedAttributesCount: 3,
  events: [{ name: 'e', timeUnixNano: '1700000000000002000', attributes: attributes.slice(0, 2) }],
  links: [{ traceId: id('d', 32), spanId: id('e', 16), attributes: attributes.slice(0, 1) }],
  status: { code: 2, message: 'why' },
  flags: 0x103,
}

const record = {
  timeUnixNano: '1700000000000001000',
  observedTimeUnixNano: '1700000000000001000',
  severityNumber: 9,
  severityText: 'INFO',
  body: { stringValue: 'words' },
  attributes: [
    ...attributes,
    { key: 'map', value: { kvlistValue: { values: [{ key: 'a', value: { stringValue: 'b' } }] } } },
  ],
  droppedAttributesCount: 1,
  flags: 1,
  traceId: id('a', 32),
  spanId: id('b', 16),
  eventName: 'outspan.access',
}

const requests = {
  traces: { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] },
  logs: { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] },
}

/** The content of the one entry of a request. */
function entryOf(signal: 'traces' | 'logs', request: object = requests[signal]): Buffer {
  let bytes = encodedRequest(signal, request)
  for (let depth = 0; depth < 3; depth++) {
    const reader = new ProtobufReader(bytes)
    while (reader.next() && reader.field !== (depth === 0 ? 1 : 2)) reader.pass()
    bytes = reader.raw()
  }
  return bytes
}

const find = (value: unknown, key: string): unknown => {
  if (typeof value !== 'object' || value === null) return undefined
  if (Object.hasOwn(value, key)) return (value as Record<string, unknown>)[key]
  for (const each of Object.values(value)) {
    const found = find(each, key)
    if (found !== undefined) return found
  }
  return undefined
}

/** What `write` appends, and what is expected, as protobufjs reads it. */
function both(signal: 'traces' | 'logs', write: (to: ProtobufWriter) => void): [unknown, unknown] {
  const writer = new ProtobufWriter()
  write(writer)
  const request = new RequestMaker(resourceBytes({}), scopeBytes('outspan', '1')).make(writer.take())
  const key = signal === 'traces' ? 'spans' : 'logRecords'
  return [
    find(decodedRequest(signal, request), key),
    find(decodedRequest(signal, encodedRequest(signal, requests[signal])), key),
  ]
}

test('a span that nobody changes', () => {
  const { data, fields } = readSpan(entryOf('traces'))
  expect(data).toMatchObject({
    traceId: 'a'.repeat(32),
    parentSpanId: 'c'.repeat(16),
    startTime: 1_700_000_000_000.001,
    kind: 'client',
    status: { code: 'error', message: 'why' },
    attributes: { text: 'ä€\ud83d\ude00', negative: -5, list: ['a', 1] },
  })
  const [written, expected] = both('traces', (to) => writeSpanData(to, structuredClone(data), fields))
  expect(written).toEqual(expected)
})

test('a log record that nobody changes', () => {
  const { data, fields } = readEvent(entryOf('logs'))
  expect(data).toMatchObject({ name: 'outspan.access', body: 'words', attributes: { map: { a: 'b' } } })
  const [written, expected] = both('logs', (to) => writeEventData(to, structuredClone(data), fields))
  expect(written).toEqual(expected)
})

test('the bounds are for what hooks set, and not for what is there already', () => {
  const long = Array.from({ length: 200 }, () => ({ stringValue: 'x'.repeat(5000) }))
  const list = { key: 'list', value: { arrayValue: { values: long } } }
  const map = { key: 'map', value: { kvlistValue: { values: [list] } } }
  const [spans, records] = [
    { ...span, attributes: [...attributes, { ...list, key: 'lines' }] },
    { ...record, body: { stringValue: 'b'.repeat(5000) }, attributes: [...attributes, list, map] },
  ]
  const { data, fields } = readSpan(entryOf('traces', { resourceSpans: [{ scopeSpans: [{ spans: [spans] }] }] }))
  data.attributes.more = 1
  const written = new ProtobufWriter()
  writeSpanData(written, JSON.parse(JSON.stringify(data)), fields)
  const again = readSpan(contentOf(written)).data
  expect(again).toEqual(data)
  expect(again.attributes.lines).toHaveLength(200)

  const event = readEvent(entryOf('logs', { resourceLogs: [{ scopeLogs: [{ logRecords: [records] }] }] }))
  event.data.attributes.more = 1
  writeEventData(written, JSON.parse(JSON.stringify(event.data)), event.fields)
  expect(readEvent(contentOf(written)).data).toEqual(event.data)
  expect(event.data.body).toHaveLength(5000)
})

test('what is set may refer to itself, and to one thing many times', () => {
  const { data, fields } = readEvent(entryOf('logs'))
  let wide: unknown[] = Array(128).fill(true)
  for (let depth = 0; depth < 6; depth++) wide = Array(128).fill(wide)
  const round: Record<string, unknown> = {}
  round.again = [round, round]
  const written = new ProtobufWriter()
  const start = performance.now()
  writeEventData(written, { ...data, body: round as never, attributes: { wide: wide as never, text: 'ä' } }, fields)
  expect(performance.now() - start).toBeLessThan(1000)
  expect(written.size).toBeLessThan(512 * 1024)
  expect(readEvent(contentOf(written)).data.body).toMatchObject({ again: [{}, {}] })
})

function contentOf(writer: ProtobufWriter): Buffer {
  const reader = new ProtobufReader(writer.take())
  reader.next()
  return reader.raw()
}

test('ids and times stay, nonsense does not get in', () => {
  const { data, fields } = readSpan(entryOf('traces'))
  const link = { traceId: 'zz', spanId: '', attributes: {} }
  const changed = {
    ...data,
    traceId: 'x',
    spanId: '1',
    startTime: -1,
    kind: 'constructor' as 'client',
    status: { code: 'toString' as 'error' },
    links: [link],
    events: [{ name: 'e', time: Number.NaN, attributes: {} }],
    attributes: { ok: 1, no: Symbol('x') as unknown as string, ['k'.repeat(300)]: 1, nan: Number.NaN },
  }
  const [written] = both('traces', (to) => writeSpanData(to, changed, fields))
  expect(written).toMatchObject([
    {
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      startTimeUnixNano: span.startTimeUnixNano,
      kind: 1,
    },
  ])
  expect(find(written, 'status')).toBeUndefined()
  expect(find(written, 'links')).toBeUndefined()
  expect((find(written, 'attributes') as { key: string }[]).map(({ key }) => key)).toEqual(['ok', 'nan'])
  expect((find(written, 'events') as { timeUnixNano: string }[])[0]?.timeUnixNano).toBe(span.endTimeUnixNano)
})
