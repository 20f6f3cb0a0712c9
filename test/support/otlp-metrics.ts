/** OTLP metrics read by protobufjs, as plain data with nothing left out or filled in. */
import { join } from 'node:path'
import type { ServiceDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

export interface DecodedRequest {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly DecodedMetric[] }[]
  }[]
}

/** A metric with the names of the protocol; 64-bit numbers are texts. */
export type DecodedMetric = { readonly name: string } & Record<string, unknown>

const definition = loadSync(join(__dirname, 'otlp-whole.proto'), { longs: String, enums: String })
const service = definition['whole.Requests'] as ServiceDefinition

export function decodedRequest(bytes: Uint8Array): DecodedRequest {
  return service.metrics?.requestDeserialize(Buffer.from(bytes)) as unknown as DecodedRequest
}

/** The metrics of a request, in their order. */
export function metricsOf({ resourceMetrics }: DecodedRequest): DecodedMetric[] {
  return resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
}
