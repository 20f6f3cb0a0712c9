/** A receiver of OTLP over HTTP for tests: a real HTTP server that keeps what arrives and answers as it is told to. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

export interface ReceivedRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** As it came over the wire. */
  readonly raw: Buffer
  /** Without its content encoding. */
  readonly body: Buffer
}

export type Answer =
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: string | Buffer }
  | ((response: ServerResponse, request: ReceivedRequest) => void)

export interface Receiver {
  /** `http://127.0.0.1:port`, or `https://localhost:port` with TLS. */
  readonly url: string
  readonly port: number
  readonly requests: readonly ReceivedRequest[]
  /** How many connections were opened so far. */
  connections(): number
  setAnswer(answer: Answer): void
  close(): Promise<void>
}

export interface ReceiverTls {
  readonly cert: Buffer
  readonly key: Buffer
  /** With it, clients must have a certificate of this authority. */
  readonly ca?: Buffer
}

/** @param answer 200 without a body unless given */
export async function startReceiver(first: Answer = {}, tls?: ReceiverTls): Promise<Receiver> {
  const requests: ReceivedRequest[] = []
  let answer = first
  let connections = 0
  const onRequest = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of message) chunks.push(chunk)
    const raw = Buffer.concat(chunks)
    const { method = '', url = '', headers } = message
    const body = headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
    const request = { method, url, headers, raw, body }
    requests.push(request)
    if (typeof answer === 'function') return answer(response, request)
    response.writeHead(answer.status ?? 200, answer.headers).end(answer.body)
  }
  const listener = (message: IncomingMessage, response: ServerResponse) =>
    void onRequest(message, response).catch(() => {})
  const server = tls
    ? createSecureServer({ ...tls, requestCert: tls.ca !== undefined }, listener)
    : createServer(listener)
  server.on('connection', () => connections++)
  server.on('tlsClientError', () => {})
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    port,
    requests,
    connections: () => connections,
    setAnswer: (next) => {
      answer = next
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
