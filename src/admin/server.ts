/** The operator's door: health, metrics, the newest exchanges, the settings in force. It only tells; nothing changes state. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Metric } from '../telemetry/metrics'

/** What the pages show, handed in by whoever has it. */
export interface AdminSource {
  isReady(): boolean
  metrics(): Metric[] | Promise<Metric[]>
  /** Access-log records as JSON texts, newest first. */
  exchanges(): string[] | Promise<string[]>
  /** The books of each signal. */
  ledger(): unknown
  /** Effective settings with their origins, secrets masked. */
  config(): unknown
  /** Unix milliseconds of the start. */
  readonly startTime: number
}

interface Page {
  readonly status?: number
  readonly type: string
  readonly body: string
}

const TEXT = 'text/plain; charset=utf-8'
const JSON_TYPE = 'application/json; charset=utf-8'

const pages: { readonly [path: string]: (source: AdminSource, query: URLSearchParams) => Page | Promise<Page> } = {
  __proto__: null as never,
  '/livez': () => ({ type: TEXT, body: 'ok\n' }),
  '/readyz': (source) =>
    source.isReady() ? { type: TEXT, body: 'ok\n' } : { status: 503, type: TEXT, body: 'not ready\n' },
  '/metrics': async (source) => {
    const { CONTENT_TYPE, prometheusText } = require('./prometheus') as typeof import('./prometheus')
    return { type: CONTENT_TYPE, body: await prometheusText(await source.metrics(), source.startTime) }
  },
  '/exchanges': async (source, query) => {
    const limit = query.get('limit')
    if (limit !== null && !/^[0-9]{1,9}$/.test(limit))
      return { status: 400, type: TEXT, body: 'limit is not a number.\n' }
    return {
      type: JSON_TYPE,
      body: `[${(await source.exchanges()).slice(0, limit === null ? undefined : Number(limit)).join(',\n')}]\n`,
    }
  },
  '/ledger': async (source) => ({ type: JSON_TYPE, body: `${JSON.stringify(await source.ledger(), null, 2)}\n` }),
  '/config': (source) => ({ type: JSON_TYPE, body: `${JSON.stringify(source.config(), null, 2)}\n` }),
}

export class AdminServer {
  readonly #server: Server

  constructor(source: AdminSource) {
    this.#server = createServer((request, response) => void answer(source, request, response))
  }

  /** @returns the address, its port filled in where 0 was asked for */
  async listen(address: { readonly host: string; readonly port: number }): Promise<{ host: string; port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(address.port, address.host, resolve)
    })
    return { host: address.host, port: (this.#server.address() as AddressInfo).port }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

async function answer(source: AdminSource, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status = 200, type, body } = await pageFor(source, request)
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 405 && { allow: 'GET, HEAD' }),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

async function pageFor(source: AdminSource, request: IncomingMessage): Promise<Page> {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2)
  const page = pages[path]
  if (!page) return { status: 404, type: TEXT, body: `There is ${Object.keys(pages).join(', ')}.\n` }
  if (request.method !== 'GET' && request.method !== 'HEAD') return { status: 405, type: TEXT, body: 'Only GET.\n' }
  try {
    return await page(source, new URLSearchParams(query))
  } catch (error) {
    return { status: 500, type: TEXT, body: `${(error as Error).message}\n` }
  }
}
