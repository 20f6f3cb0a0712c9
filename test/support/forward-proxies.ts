/**
 * Two other forward proxies, to compare with: one made of http-proxy, and one as it is written with node:http in a few
 * lines. Both keep their connections to destinations.
 */
import {
  Agent,
  createServer,
  type IncomingMessage,
  request as requestOut,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ForwardProxy {
  readonly port: number
  close(): Promise<void>
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void

interface HttpProxyModule {
  createProxyServer(options: { readonly agent: Agent }): {
    web(request: IncomingMessage, response: ServerResponse, options: { readonly target: string }): void
    on(event: 'error', handler: (error: Error, request: IncomingMessage, response: ServerResponse) => void): void
  }
}

/** http-proxy, with the destination of each request as its target. */
export async function startHttpProxy(): Promise<ForwardProxy> {
  const agent = new Agent({ keepAlive: true })
  const proxy = (require('http-proxy') as HttpProxyModule).createProxyServer({ agent })
  proxy.on('error', (_error, _request, response) => response.destroy())
  return listen(agent, (request, response) => {
    proxy.web(request, response, { target: new URL(request.url as string).origin })
  })
}

/** node:http: header lines and path as they came, bodies piped. */
export async function startNodeProxy(): Promise<ForwardProxy> {
  const agent = new Agent({ keepAlive: true })
  return listen(agent, (request, response) => {
    const { hostname: host, port } = new URL(request.url as string)
    const path = request.url?.replace(/^http:\/\/[^/?]*\/?/, '/')
    const { method, rawHeaders: headers } = request
    const options = { agent, host, port, path, method, headers, setHost: false }
    const outgoing = requestOut(options as unknown as Parameters<typeof requestOut>[0], (answer) => {
      response.writeHead(answer.statusCode as number, answer.statusMessage, answer.rawHeaders)
      answer.pipe(response)
    })
    outgoing.on('error', () => response.destroy())
    request.pipe(outgoing)
  })
}

async function listen(agent: Agent, handler: Handler): Promise<ForwardProxy> {
  const server: Server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      agent.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
