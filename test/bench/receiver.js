/**
 * The collector: takes OTLP exports over gRPC and counts their spans and log records. It walks the fields that lead to them and
 * decodes nothing else, because it shares a core with the load.
 */
'use strict'
const { Server, ServerCredentials } = require('@grpc/grpc-js')

/** Field numbers of ExportTraceServiceRequest.resource_spans, ResourceSpans.scope_spans and ScopeSpans.spans. */
const PATH_TO_SPAN = [1, 2, 2]
const LENGTH_DELIMITED = 2

let spans = 0
let logs = 0
let bytes = 0
let exportsTaken = 0

/** Counts the messages at the end of a path of field numbers, in `buffer[at..end)`. */
function countAt(buffer, start, end, depth) {
  let count = 0
  let at = start
  while (at < end) {
    const tag = buffer[at++]
    // All fields on this path are length-delimited and below 16, so a tag is one byte.
    if ((tag & 7) !== LENGTH_DELIMITED) throw new Error(`unexpected tag ${tag}`)
    let size = 0
    let shift = 0
    let byte
    do {
      byte = buffer[at++]
      size += (byte & 0x7f) * 2 ** shift
      shift += 7
    } while (byte >= 0x80)
    if (tag >> 3 === PATH_TO_SPAN[depth]) {
      count += depth === PATH_TO_SPAN.length - 1 ? 1 : countAt(buffer, at, at + size, depth + 1)
    }
    at += size
  }
  return count
}

const identity = (buffer) => buffer
const EMPTY_RESPONSE = Buffer.alloc(0)

const server = new Server({ 'grpc.max_receive_message_length': -1 })
/** The fields on the way to an entry have the same numbers for all signals. */
function addService(path, count) {
  const method = {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  }
  const handler = (call, callback) => {
    exportsTaken++
    bytes += call.request.length
    count(countAt(call.request, 0, call.request.length, 0))
    callback(null, EMPTY_RESPONSE)
  }
  server.addService({ export: method }, { export: handler })
}

addService('/opentelemetry.proto.collector.trace.v1.TraceService/Export', (count) => {
  spans += count
})
addService('/opentelemetry.proto.collector.logs.v1.LogsService/Export', (count) => {
  logs += count
})
addService('/opentelemetry.proto.collector.metrics.v1.MetricsService/Export', () => {})

server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error
  process.send({ port })
})
process.on('message', () => process.send({ spans, logs, bytes, exports: exportsTaken }))
process.on('disconnect', () => process.exit())
