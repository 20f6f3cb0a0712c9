/** Attribute values of OTLP (common.proto, `AnyValue`) as plain values. */
import type { ProtobufReader } from '../telemetry/protobuf-reader'
import type { EventValue } from './public'

const ANY = { string: 1, bool: 2, int: 3, double: 4, array: 5, map: 6, bytes: 7 }
const KEY = 1
const VALUE = 2

/** A `KeyValue`. */
export function readPair(from: ProtobufReader): readonly [key: string, value: EventValue | undefined] {
  let key = ''
  let value: EventValue | undefined
  while (from.next()) {
    if (from.field === KEY) key = from.text('utf8')
    else if (from.field === VALUE) value = readAny(from.message())
    else from.pass()
  }
  return [key, value]
}

/** An `AnyValue`. @returns undefined for an empty one; bytes in base64 */
export function readAny(from: ProtobufReader): EventValue | undefined {
  let value: EventValue | undefined
  while (from.next()) {
    if (from.field === ANY.string) value = from.text('utf8')
    else if (from.field === ANY.bool) value = Number(from.varint()) !== 0
    else if (from.field === ANY.int) value = Number(BigInt.asIntN(64, BigInt(from.varint())))
    else if (from.field === ANY.double) value = from.double()
    else if (from.field === ANY.array) value = readList(from.message())
    else if (from.field === ANY.map) value = readMap(from.message())
    else if (from.field === ANY.bytes) value = from.text('base64')
    else from.pass()
  }
  return value
}

function readList(from: ProtobufReader): EventValue[] {
  const items: EventValue[] = []
  while (from.next()) {
    const item = readAny(from.message())
    if (item !== undefined) items.push(item)
  }
  return items
}

function readMap(from: ProtobufReader): Record<string, EventValue> {
  const pairs: [string, EventValue][] = []
  while (from.next()) {
    const [key, value] = readPair(from.message())
    if (value !== undefined) pairs.push([key, value])
  }
  return Object.fromEntries(pairs)
}
