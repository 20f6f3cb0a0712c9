/** What a gRPC collector says of trying again: google.rpc.RetryInfo, in the google.rpc.Status that travels with the error. */
import type { Metadata } from '@grpc/grpc-js'
import { type Json, type JsonObject, objectOf } from '../telemetry/otlp-json'

const RETRY_INFO = /(?:^|\/)google\.rpc\.RetryInfo$/

export interface RetryInfo {
  /** Milliseconds to wait; undefined leaves it to us. */
  readonly after: number | undefined
}

/** @returns undefined when the collector does not say that trying again helps; what can't be read says nothing */
export function retryInfoOf(metadata: Metadata | undefined): RetryInfo | undefined {
  const [bytes] = metadata?.get('grpc-status-details-bin') ?? []
  if (!Buffer.isBuffer(bytes)) return undefined
  try {
    const details = (objectOf('RpcStatus', bytes).details ?? []) as readonly JsonObject[]
    const detail = details.find(({ typeUrl }) => RETRY_INFO.test(String(typeUrl)))
    return detail && { after: delayOf(detail.value) }
  } catch {
    return undefined
  }
}

function delayOf(detail: Json | undefined): number | undefined {
  const { retryDelay } = objectOf('RpcRetryInfo', Buffer.from(String(detail ?? ''), 'base64'))
  const { seconds = 0, nanos = 0 } = (retryDelay ?? {}) as JsonObject
  const milliseconds = Number(seconds) * 1000 + Math.ceil(Number(nanos) / 1e6)
  return milliseconds > 0 ? milliseconds : undefined
}
