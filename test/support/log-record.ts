/** Log records as they are written, read back by protobufjs. */
import { RequestMaker, resourceBytes, scopeBytes } from '../../src/telemetry/otlp-request'
import { ProtobufWriter } from '../../src/telemetry/protobuf'
import { decodedRequest } from './otlp-whole'

export type Entry = Record<string, unknown>

/** A request with what `write` appends. */
export function logsRequest(write: (to: ProtobufWriter) => void): Buffer {
  const writer = new ProtobufWriter()
  write(writer)
  return new RequestMaker(resourceBytes({ a: 'b' }), scopeBytes('outspan', '1')).make(writer.take())
}

/** The one log record that `write` appends. */
export function decodedRecord(write: (to: ProtobufWriter) => void): Entry {
  const { resourceLogs } = decodedRequest('logs', logsRequest(write)) as {
    resourceLogs: { scopeLogs: { logRecords: Entry[] }[] }[]
  }
  const records = resourceLogs[0]?.scopeLogs[0]?.logRecords ?? []
  expect(records).toHaveLength(1)
  return records[0] as Entry
}

interface Pair {
  readonly key: string
  readonly value: Entry
}

/** Attributes as plain data; whole numbers as they stand in JSON, in text. */
export function attributesOf({ attributes }: Entry): Entry {
  return Object.fromEntries((attributes as Pair[]).map(({ key, value }) => [key, plain(value)]))
}

function plain(any: Entry): unknown {
  const { arrayValue, kvlistValue, ...scalar } = any as {
    arrayValue?: { values?: Entry[] }
    kvlistValue?: { values?: Pair[] }
  }
  if (arrayValue) return (arrayValue.values ?? []).map(plain)
  if (kvlistValue) return attributesOf({ attributes: kvlistValue.values ?? [] })
  return Object.values(scalar)[0]
}
