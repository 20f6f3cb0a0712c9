import { type AnyValue, Double, writeAnyAttribute } from '../../src/telemetry/any-value'
import { objectOf } from '../../src/telemetry/otlp-json'
import { BYTES, type ProtobufWriter } from '../../src/telemetry/protobuf'
import { attributesOf, decodedRecord, type Entry, logsRequest } from '../support/log-record'
import { type Seeded, seeded } from '../support/random'

const RECORDS = (2 << 3) | BYTES
const ATTRIBUTE = (6 << 3) | BYTES

/** Writes a log record that has nothing but these attributes. */
function recordOf(attributes: Readonly<Record<string, AnyValue>>) {
  return (to: ProtobufWriter): void => {
    to.byte(RECORDS)
    const start = to.open()
    for (const [key, value] of Object.entries(attributes)) writeAnyAttribute(to, ATTRIBUTE, key, value)
    to.close(start)
  }
}

test.each<[AnyValue, unknown]>([
  ['text', 'text'],
  ['ä€😀', 'ä€😀'],
  ['', ''],
  [0, '0'],
  [2 ** 53 - 1, String(2 ** 53 - 1)],
  [-1, -1],
  [0.5, 0.5],
  [true, true],
  [false, false],
  [new Double(3), 3],
  [new Double(-0.25), -0.25],
  [[], []],
  [
    ['a', 1, false, new Double(1)],
    ['a', '1', false, 1],
  ],
  [{}, {}],
  [
    { 'a.b': 'c', n: 1, gone: undefined, d: new Double(2) },
    { 'a.b': 'c', n: '1', d: 2 },
  ],
  [
    [{ a: [{ b: {} }] }, []],
    [{ a: [{ b: {} }] }, []],
  ],
  [
    ['x'.repeat(100), 'y'.repeat(20_000)],
    ['x'.repeat(100), 'y'.repeat(20_000)],
  ],
])('%j', (value, expected) => {
  expect(attributesOf(decodedRecord(recordOf({ value, after: 'x' })))).toEqual({ value: expected, after: 'x' })
})

function randomValue(random: Seeded, depth: number): AnyValue {
  const kind = random.integer(0, depth > 4 ? 4 : 6)
  if (kind === 0) return random.text(random.integer(0, 300), 'ab ä€')
  if (kind === 1) return random.integer(0, 2 ** 40)
  if (kind === 2) return random.fraction() - 0.5
  if (kind === 3) return random.chance(0.5)
  if (kind === 4) return new Double(random.integer(-3, 3))
  const values = Array.from({ length: random.integer(0, 6) }, () => randomValue(random, depth + 1))
  return kind === 5 ? values : Object.fromEntries(values.map((value, i) => [`k${i}`, value]))
}

test('whatever is written, protobufjs and our own JSON read the same', () => {
  const random = seeded(7)
  for (let i = 0; i < 300; i++) {
    const write = recordOf({ value: randomValue(random, 0) })
    const ours = objectOf('LogsRequest', logsRequest(write)) as unknown as {
      resourceLogs: { scopeLogs: { logRecords: Entry[] }[] }[]
    }
    const record = ours.resourceLogs[0]?.scopeLogs[0]?.logRecords[0] as Entry
    expect(attributesOf(record)).toEqual(attributesOf(decodedRecord(write)))
  }
})
