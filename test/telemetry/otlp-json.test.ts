import type { Link, SpanContext } from '@opentelemetry/api'
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { Signal } from '../../src/export/exporter'
import { jsonOf, objectOf } from '../../src/telemetry/otlp-json'
import {
  decodedRequest,
  encodedRequest,
  encodedResponse,
  randomRequest,
  statusWithRetryInfo,
} from '../support/otlp-whole'
import { seeded } from '../support/random'

const requests = { traces: 'TracesRequest', logs: 'LogsRequest', metrics: 'MetricsRequest' } as const

const hex = (...digits: string[]): Buffer => Buffer.from(digits.join(''), 'hex')

describe('what protobufjs reads, we read', () => {
  test.each<[Signal, number]>([
    ['traces', 71],
    ['logs', 72],
    ['metrics', 73],
  ])('law: generated %s (seed %i)', (signal, seed) => {
    const random = seeded(seed)
    const seen = new Set<string>()
    for (let i = 0; i < 150; i++) {
      const bytes = encodedRequest(signal, randomRequest(random, signal))
      const json = jsonOf(requests[signal], bytes)
      for (const [, name] of json.matchAll(/"(\w+)":/g)) seen.add(name as string)
      expect(JSON.parse(json)).toEqual(decodedRequest(signal, bytes))
    }
    // The messages are not empty ones: names from deep down are among them.
    const deep = {
      traces: ['parentSpanId', 'links'],
      logs: ['bytesValue', 'eventName'],
      metrics: ['asInt', 'zeroThreshold'],
    }
    expect([...seen]).toEqual(expect.arrayContaining(deep[signal]))
  })
})

test("a span with everything is what OpenTelemetry's own serializer makes of it", () => {
  const context: SpanContext = {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: 1,
    traceState: { serialize: () => 'vendor=1' } as SpanContext['traceState'] & object,
  }
  const attributes = { text: 'ä', yes: true, no: false, whole: -7, half: 0.5, list: ['a', 'b'], numbers: [1, 2.5] }
  const link: Link & { droppedAttributesCount: number } = { context, attributes, droppedAttributesCount: 3 }
  const span = {
    name: 'GET',
    kind: 2,
    spanContext: () => context,
    parentSpanContext: { ...context, spanId: '00f067aa0ba902b7', isRemote: true },
    startTime: [1_700_000_000, 123_456_789],
    endTime: [1_700_000_001, 1],
    status: { code: 2, message: 'broken' },
    attributes,
    links: [link],
    events: [{ time: [1_700_000_000, 500_000_000], name: 'event', attributes, droppedAttributesCount: 4 }],
    duration: [0, 1],
    ended: true,
    resource: resourceFromAttributes({ 'service.name': 'shop', weight: 3 }),
    instrumentationScope: { name: 'outspan', version: '1.2.3', schemaUrl: 'https://example.com/2' },
    droppedAttributesCount: 1,
    droppedEventsCount: 2,
    droppedLinksCount: 5,
  }
  const spans = [span] as unknown as Parameters<typeof JsonTraceSerializer.serializeRequest>[0]
  const bytes = Buffer.from(ProtobufTraceSerializer.serializeRequest(spans) as Uint8Array)
  const theirs = Buffer.from(JsonTraceSerializer.serializeRequest(spans) as Uint8Array).toString()
  // They write integers of 64 bits as numbers, which their receivers take as well.
  const normal = theirs.replace(/"intValue":(-?\d+)/g, '"intValue":"$1"')
  expect(JSON.parse(jsonOf('TracesRequest', bytes))).toEqual(JSON.parse(normal))
})

describe('spelling', () => {
  test('ids in hexadecimal digits, other bytes in base64, enumerations as numbers, 64 bits as text', () => {
    const span = {
      traceId: hex('0af7651916cd43dd8448eb211c80319c'),
      kind: 3,
      startTimeUnixNano: '1700000000123456789',
      attributes: [{ key: 'b', value: { bytesValue: Buffer.from([0xfb, 0xff]) } }],
    }
    const bytes = encodedRequest('traces', { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] })
    expect(jsonOf('TracesRequest', bytes)).toBe(
      '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","kind":3,' +
        '"startTimeUnixNano":"1700000000123456789","attributes":[{"key":"b","value":{"bytesValue":"+/8="}}]}]}]}]}',
    )
  })

  test.each<[string, number, unknown]>([
    ['NaN', Number.NaN, 'NaN'],
    ['Infinity', Number.POSITIVE_INFINITY, 'Infinity'],
    ['-Infinity', Number.NEGATIVE_INFINITY, '-Infinity'],
    ['0.1', 0.1, 0.1],
  ])('the double %s', (_, value, spelled) => {
    const bytes = Buffer.alloc(9)
    bytes[0] = 0x21
    bytes.writeDoubleLE(value, 1)
    expect(objectOf('AnyValue', bytes)).toEqual({ doubleValue: spelled })
  })

  test('what is there stays there, be it empty; what is not is left out', () => {
    expect(objectOf('AnyValue', hex('1000'))).toEqual({ boolValue: false })
    expect(objectOf('AnyValue', hex('2a00'))).toEqual({ arrayValue: {} })
    expect(objectOf('AnyValue', hex(''))).toEqual({})
  })
})

describe('as others may write it', () => {
  test.each<[string, Buffer, object]>([
    ['numbers of a list one by one', hex('1001', '1002', '108001'), { bucketCounts: ['1', '2', '128'] }],
    ['numbers of a list packed, in two pieces', hex('12020102', '120103'), { bucketCounts: ['1', '2', '3'] }],
    ['an integer with a group of zeros', hex('08828000'), { offset: 1 }],
    ['a field twice', hex('0802', '0804'), { offset: 2 }],
    [
      'unknown fields of each wire type',
      hex('1801', '210000000000000000', '2a0161', '3500000000', '0802'),
      { offset: 1 },
    ],
    ['a field of another wire type', hex('0d00000000', '0802'), { offset: 1 }],
    ['a list of another wire type', hex('1500000000', '0802'), { offset: 1 }],
  ])('%s', (_, bytes, expected) => {
    expect(objectOf('Buckets', bytes)).toEqual(expected)
  })

  test('a deep value, but not one without end', () => {
    const nested = (depth: number): Buffer => {
      let bytes = hex('1001')
      for (let i = 0; i < depth; i++) {
        bytes = Buffer.concat([Buffer.from([0x0a, (bytes.length & 0x7f) | 0x80, bytes.length >> 7]), bytes])
        bytes = Buffer.concat([Buffer.from([0x2a, (bytes.length & 0x7f) | 0x80, bytes.length >> 7]), bytes])
      }
      return bytes
    }
    expect(JSON.stringify(objectOf('AnyValue', nested(49)))).toContain('true')
    expect(() => objectOf('AnyValue', nested(60))).toThrow(/nest too deep/)
  })
})

describe('malformed', () => {
  test.each([
    ['a length beyond the end', hex('0a05', '6161')],
    ['a length without end', hex('0affffffffffffffffffffff')],
    ['a huge length', hex('0affffffffffffffffff01')],
    ['a number cut off', hex('2100000000')],
    ['an integer cut off', hex('1880')],
    ['an integer without end', hex('18ffffffffffffffffffff01')],
    ['a group', hex('0b0c')],
    ['the field 0', hex('0001')],
  ])('%s throws', (_, bytes) => {
    expect(() => objectOf('AnyValue', bytes)).toThrow(/malformed protobuf/)
  })

  test('law (seed 74): bytes that were spoilt throw an Error or are read, and it ends', () => {
    const random = seeded(74)
    for (let i = 0; i < 300; i++) {
      const bytes = encodedRequest('metrics', randomRequest(random, 'metrics'))
      if (bytes.length === 0) continue
      const spoilt = bytes.subarray(0, random.integer(1, bytes.length))
      for (let n = 0; n < 3; n++) spoilt[random.integer(0, spoilt.length - 1)] = random.integer(0, 255)
      try {
        JSON.parse(jsonOf('MetricsRequest', spoilt))
      } catch (error) {
        expect(String(error)).toMatch(/malformed protobuf/)
      }
    }
  })
})

test('answers', () => {
  const partialSuccess = { rejectedDataPoints: '5', errorMessage: 'too old' }
  expect(objectOf('MetricsResponse', encodedResponse('metrics', { partialSuccess }))).toEqual({ partialSuccess })
  expect(objectOf('RpcStatus', statusWithRetryInfo({ seconds: 1 }))).toMatchObject({ code: 8, message: 'too much' })
})
