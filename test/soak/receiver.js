/** The collector: takes OTLP trace exports over gRPC, and keeps the ids of their spans and nothing else. */
'use strict'
const { writeFileSync } = require('node:fs')
const { Server, ServerCredentials } = require('@grpc/grpc-js')

/** Field numbers of resource_spans, scope_spans, spans and span_id, each inside the one before. */
const PATH_TO_ID = [1, 2, 2, 2]
const VARINT = 0
const FIXED64 = 1
const LENGTH_DELIMITED = 2
const FIXED32 = 5

const spanIds = []

function collect(buffer, start, end, depth) {
  for (let at = start; at < end; ) {
    const tag = readVarint(buffer, at)
    const type = tag.value & 7
    at = tag.next
    if (type === VARINT) at = readVarint(buffer, at).next
    else if (type === FIXED64) at += 8
    else if (type === FIXED32) at += 4
    else if (type === LENGTH_DELIMITED) {
      const size = readVarint(buffer, at)
      at = size.next + size.value
      if (tag.value >> 3 !== PATH_TO_ID[depth]) continue
      if (depth === PATH_TO_ID.length - 1) spanIds.push(buffer.toString('hex', size.next, at))
      else collect(buffer, size.next, at, depth + 1)
    } else throw new Error(`unexpected wire type ${type}`)
  }
}

function readVarint(buffer, start) {
  let value = 0
  let next = start
  for (let factor = 1; ; factor *= 128) {
    const byte = buffer[next++]
    value += (byte & 0x7f) * factor
    if (byte < 0x80) return { value, next }
  }
}

const identity = (buffer) => buffer

const server = new Server({ 'grpc.max_receive_message_length': -1 })
server.addService(
  {
    export: {
      path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    },
  },
  {
    export(call, callback) {
      collect(call.request, 0, call.request.length, 0)
      callback(null, Buffer.alloc(0))
    },
  },
)

server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error
  process.send({ port })
})
process.on('message', ({ file }) => {
  writeFileSync(file, spanIds.join('\n'))
  process.send({ spans: spanIds.length })
})
process.on('disconnect', () => process.exit())
