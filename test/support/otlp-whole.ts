/** All of OTLP by protobufjs: encodes and decodes, and makes messages of any content. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ServiceDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import type { Signal } from '../../src/export/exporter'
import type { Seeded } from './random'

type Plain = Record<string, unknown>

const file = join(__dirname, 'otlp-whole.proto')
const service = loadSync(file, { longs: String, bytes: String, json: true })['whole.Requests'] as ServiceDefinition

function method(name: string) {
  const found = service[name]
  if (!found) throw new Error(`no ${name} in ${file}`)
  return found
}

export const encodedRequest = (signal: Signal, request: object): Buffer => method(signal).requestSerialize(request)
export const encodedResponse = (signal: Signal, response: object): Buffer => method(signal).responseSerialize(response)
export const encodedStatus = (status: object): Buffer => method('status').requestSerialize(status)
const encodedRetryInfo = (info: object): Buffer => method('status').responseSerialize(info)

/** google.rpc.Status with a RetryInfo behind another detail, as gRPC carries it with an error. */
export function statusWithRetryInfo(retryDelay?: { seconds?: number; nanos?: number }): Buffer {
  const value = encodedRetryInfo(retryDelay ? { retryDelay } : {})
  return encodedStatus({
    code: 8,
    message: 'too much',
    details: [
      { typeUrl: 'type.googleapis.com/google.rpc.DebugInfo', value: Buffer.from([0xff]) },
      { typeUrl: 'type.googleapis.com/google.rpc.RetryInfo', value },
    ],
  })
}

/** A request as OTLP/JSON has it: as protobufjs does by proto3's rules for JSON, but for ids, which are hexadecimal. */
export function decodedRequest(signal: Signal, bytes: Buffer): unknown {
  return withHexIds(method(signal).requestDeserialize(bytes))
}

function withHexIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withHexIds)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, inner]) => {
    const isId = /^(?:trace|span|parentSpan)Id$/.test(name)
    return [name, isId ? Buffer.from(inner, 'base64').toString('hex') : withHexIds(inner)]
  })
  return Object.fromEntries(entries)
}

interface Field {
  readonly name: string
  readonly type: string
  readonly isMany: boolean
  readonly oneof: string | undefined
}

/** The fields of each message, and the numbers of each enumeration, as they stand in the file. */
const messages = new Map<string, Field[]>()
const enumerations = new Map<string, number[]>()
for (const [, kind, name, body] of readFileSync(file, 'utf8').matchAll(/^(message|enum) (\w+) \{\n(.*?)^\}/gms)) {
  if (kind === 'enum') {
    enumerations.set(
      name as string,
      [...(body as string).matchAll(/= (\d+);/g)].map((match) => Number(match[1])),
    )
    continue
  }
  let oneof: string | undefined
  const fields: Field[] = []
  for (const line of (body as string).split('\n')) {
    const [, label, type, field] = /^ +(repeated |optional )?(\w+) (\w+) = \d+;$/.exec(line) ?? []
    if (type && field) fields.push({ name: camel(field), type, isMany: label === 'repeated ', oneof })
    else oneof = /oneof (\w+)/.exec(line)?.[1]
  }
  messages.set(name as string, fields)
}

const roots = { traces: 'TracesRequest', logs: 'LogsRequest', metrics: 'MetricsRequest' } as const

/** A request of any content, with every field as likely to be there as not. */
export function randomRequest(random: Seeded, signal: Signal): Plain {
  return randomMessage(random, roots[signal], 0)
}

function randomMessage(random: Seeded, message: string, depth: number): Plain {
  const made: Plain = {}
  const chosen = new Set<string>()
  for (const { name, type, isMany, oneof } of messages.get(message) ?? []) {
    // Deeper down there is less: a message ends.
    if (!random.chance(depth < 4 ? 0.8 : 0.4) || (messages.has(type) && depth > 9)) continue
    if (oneof !== undefined && (chosen.has(oneof) || random.chance(0.5))) continue
    if (oneof !== undefined) chosen.add(oneof)
    const value = () => (messages.has(type) ? randomMessage(random, type, depth + 1) : randomScalar(random, type))
    made[name] = isMany ? Array.from({ length: random.integer(1, depth < 4 ? 2 : 3) }, value) : value()
  }
  return made
}

function randomScalar(random: Seeded, type: string): unknown {
  const enumeration = enumerations.get(type)
  if (enumeration) return random.pick(enumeration)
  switch (type) {
    case 'string':
      return random.text(random.integer(0, 12), 'ab"\\\n\u0000\xe4\u20ac')
    case 'bytes':
      return Buffer.from(random.hex(random.integer(0, 17)), 'hex')
    case 'bool':
      return random.chance(0.5)
    case 'double':
      return random.pick([0, 1, -1.5, 0.1, 5e-324, 1.7976931348623157e308, Number.NaN, Infinity, -Infinity])
    case 'uint32':
    case 'fixed32':
      return random.pick([0, 1, 127, 128, 0x300, 2 ** 31, 2 ** 32 - 1])
    case 'sint32':
    case 'int32':
      return random.pick([0, 1, -1, 63, -64, 64, 2 ** 31 - 1, -(2 ** 31)])
    case 'uint64':
    case 'fixed64':
      return random.pick(['0', '1', '128', '9007199254740993', '1700000000123456789', '18446744073709551615'])
    case 'int64':
    case 'sfixed64':
      return random.pick(['0', '1', '-1', '-9007199254740993', '9223372036854775807', '-9223372036854775808'])
    default:
      throw new Error(`no values for ${type}`)
  }
}

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
