/**
 * OTLP/JSON out of OTLP's protobuf: what waits for the collector is bytes, and http/json is made of them when it is sent. By
 * the OTLP specification: names in lowerCamelCase, ids as hexadecimal digits, other bytes in base64, enumerations as numbers,
 * integers of 64 bits as decimal strings. A field that is not there is left out, an unknown one is passed over, and of a field
 * that is there twice the last one counts.
 */
import { type MessageName, messages, type Row, type Scalar } from './otlp-messages'
import { BYTES, FIXED32, FIXED64, VARINT } from './protobuf'
import { ProtobufReader } from './protobuf-reader'

export type Json = string | number | boolean | readonly Json[] | JsonObject
export interface JsonObject {
  [name: string]: Json
}

interface Field {
  readonly name: string
  readonly wireType: number
  readonly isMany: boolean
  read(from: ProtobufReader): Json
}

const scalars: Readonly<Record<Scalar, readonly [wireType: number, read: (from: ProtobufReader) => Json]>> = {
  text: [BYTES, (from) => from.text('utf8')],
  hex: [BYTES, (from) => from.text('hex')],
  base64: [BYTES, (from) => from.text('base64')],
  bool: [VARINT, (from) => Number(from.varint()) !== 0],
  enum: [VARINT, int32],
  int32: [VARINT, int32],
  int64: [VARINT, (from) => String(signed(from.varint()))],
  uint32: [VARINT, (from) => Number(BigInt.asUintN(32, BigInt(from.varint())))],
  uint64: [VARINT, (from) => String(from.varint())],
  sint32: [VARINT, zigzag],
  fixed32: [FIXED32, (from) => from.fixed32()],
  fixed64: [FIXED64, (from) => String(from.fixed64())],
  sfixed64: [FIXED64, (from) => String(signed(from.fixed64()))],
  double: [FIXED64, double],
}

/** Fields by their numbers, for each message. */
const fields = new Map<MessageName, (Field | undefined)[]>()
for (const [name, rows] of Object.entries(messages) as [MessageName, readonly Row[]][]) {
  const byNumber: (Field | undefined)[] = []
  for (const row of rows) byNumber[row[0]] = fieldOf(row)
  fields.set(name, byNumber)
}

/** A message as JSON. @throws when the bytes are malformed */
export function jsonOf(message: MessageName, bytes: Buffer): string {
  return JSON.stringify(objectOf(message, bytes))
}

/** A message as what `JSON.parse` gives of it. @throws when the bytes are malformed */
export function objectOf(message: MessageName, bytes: Buffer): JsonObject {
  return read(message, new ProtobufReader(bytes))
}

function read(message: MessageName, from: ProtobufReader): JsonObject {
  const object: JsonObject = {}
  const byNumber = fields.get(message) ?? []
  while (from.next()) {
    const field = byNumber[from.field]
    if (field === undefined) from.pass()
    else if (!field.isMany && from.wireType === field.wireType) object[field.name] = field.read(from)
    else if (field.isMany) gather(object, field, from)
    else from.pass()
  }
  return object
}

/** A field that may be there several times; numbers may be packed into one field of bytes. */
function gather(object: JsonObject, field: Field, from: ProtobufReader): void {
  if (from.wireType !== field.wireType && from.wireType !== BYTES) return from.pass()
  const list = (object[field.name] ?? []) as Json[]
  object[field.name] = list
  if (from.wireType === field.wireType) {
    list.push(field.read(from))
    return
  }
  const packed = from.message()
  while (packed.hasMore) list.push(field.read(packed))
}

function fieldOf([, name, kind, many]: Row): Field {
  const isMany = many !== undefined
  if (!isScalar(kind)) return { name, isMany, wireType: BYTES, read: (from) => read(kind, from.message()) }
  const [wireType, readScalar] = scalars[kind]
  return { name, isMany, wireType, read: readScalar }
}

function isScalar(kind: Scalar | MessageName): kind is Scalar {
  return Object.hasOwn(scalars, kind)
}

function signed(value: number | bigint): bigint {
  return BigInt.asIntN(64, BigInt(value))
}

function int32(from: ProtobufReader): number {
  return Number(BigInt.asIntN(32, BigInt(from.varint())))
}

/** 0, -1, 1, -2, … as 0, 1, 2, 3, … */
function zigzag(from: ProtobufReader): number {
  const value = Number(BigInt.asUintN(32, BigInt(from.varint())))
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

/** JSON has no words for what is not finite. */
function double(from: ProtobufReader): Json {
  const value = from.double()
  return Number.isFinite(value) ? value : String(value)
}
