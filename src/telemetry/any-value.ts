/** Attributes whose values are lists and mappings, or numbers that are doubles whatever they are: OTLP's `AnyValue`. */
import { seenKeyField } from './otlp-request'
import { ANY_ARRAY, ANY_DOUBLE, ARRAY_VALUES, BYTES, KEY_VALUE_VALUE, type ProtobufWriter } from './protobuf'

/** A whole number that is not negative is an int, any other number a double. What is undefined in a mapping is left out. */
export type AnyValue = string | number | boolean | Double | readonly AnyValue[] | AnyMap
export interface AnyMap {
  readonly [key: string]: AnyValue | undefined
}

/** A number of a quantity that may have fractions: its type is the same when it happens to have none. */
export class Double {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }

  toJSON(): number {
    return this.value
  }
}

/** Milliseconds as seconds, to the microsecond. */
export function secondsOf(milliseconds: number): Double {
  return new Double(Math.round(milliseconds * 1000) / 1e6)
}

/** Tags, number and wire type, of `AnyValue.kvlist_value` and of `KeyValueList.values`. */
const ANY_MAP = (6 << 3) | BYTES
const MAP_VALUES = (1 << 3) | BYTES

/** An entry of a map of attributes: a KeyValue as field `tag` of the message around it. */
export function writeAnyAttribute(writer: ProtobufWriter, tag: number, key: string, value: AnyValue): void {
  if (typeof value !== 'object') return writer.attribute(tag, seenKeyField(key), value)
  writer.byte(tag)
  const start = writer.open()
  writer.raw(seenKeyField(key))
  writer.byte(KEY_VALUE_VALUE)
  writeAnyValue(writer, value)
  writer.close(start)
}

/** An AnyValue with its length. */
export function writeAnyValue(writer: ProtobufWriter, value: AnyValue): void {
  const start = writer.open()
  if (typeof value !== 'object') writer.scalarValue(value)
  else if (value instanceof Double) writeDouble(writer, value.value)
  else if (isList(value)) writeList(writer, value)
  else writeMap(writer, value)
  writer.close(start)
}

function writeDouble(writer: ProtobufWriter, value: number): void {
  writer.byte(ANY_DOUBLE)
  writer.double(value)
}

function writeList(writer: ProtobufWriter, items: readonly AnyValue[]): void {
  writer.byte(ANY_ARRAY)
  const start = writer.open()
  for (const item of items) {
    writer.byte(ARRAY_VALUES)
    writeAnyValue(writer, item)
  }
  writer.close(start)
}

function writeMap(writer: ProtobufWriter, map: AnyMap): void {
  writer.byte(ANY_MAP)
  const start = writer.open()
  for (const [key, value] of Object.entries(map))
    if (value !== undefined) writeAnyAttribute(writer, MAP_VALUES, key, value)
  writer.close(start)
}

function isList(value: readonly AnyValue[] | AnyMap): value is readonly AnyValue[] {
  return Array.isArray(value)
}
