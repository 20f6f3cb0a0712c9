/** Raw peers: a client that writes bytes and collects bytes, and origins that say exactly what they are told to. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { eventually } from './proxy'

export class RawClient {
  readonly socket: Socket
  #received = Buffer.alloc(0)
  isEnded = false
  isClosed = false
  /** The error code that ended the connection, such as ECONNRESET. */
  error: string | undefined

  constructor(port: number, options: { allowHalfOpen?: boolean } = {}) {
    this.socket = connect({ port, host: '127.0.0.1', ...options })
    this.socket.on('data', (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes])
    })
    this.socket.on('end', () => {
      this.isEnded = true
    })
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code
    })
    this.socket.on('close', () => {
      this.isClosed = true
    })
  }

  /** What has arrived, as latin1 text. */
  get text(): string {
    return this.#received.toString('latin1')
  }

  send(text: string | Buffer): this {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
    return this
  }

  /** Waits until what has arrived contains `part`. */
  async receives(part: string | RegExp): Promise<string> {
    return eventually(
      () => {
        const isThere = typeof part === 'string' ? this.text.includes(part) : part.test(this.text)
        return isThere ? this.text : undefined
      },
      `${part} in ${JSON.stringify(this.text.slice(0, 500))}`,
    )
  }

  /** Waits for the end of the connection, and gives all that arrived. */
  async closed(): Promise<string> {
    await eventually(() => this.isClosed || undefined, `close after ${JSON.stringify(this.text.slice(0, 300))}`)
    return this.text
  }

  destroy(): void {
    this.socket.destroy()
  }
}

/** Sends a request and gives all that came until the proxy closed the connection. */
export async function ask(port: number, request: string | Buffer): Promise<string> {
  return new RawClient(port).send(request).closed()
}

/**
 * A port of this machine that nothing listens on. It is not one of those that the system gives away by itself, so it stays
 * free until the test takes it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (isFree) return port
  }
}

export interface RawOrigin {
  readonly port: number
  /** Connections accepted so far. */
  readonly sockets: Socket[]
  /** What each connection has received, as latin1 text. */
  readonly received: string[]
  close(): Promise<void>
}

/** An origin that runs `onBytes` for every read, with all that the connection has received so far. */
export async function startOrigin(
  onBytes: (socket: Socket, received: string, bytes: Buffer) => void,
  host = '127.0.0.1',
): Promise<RawOrigin> {
  const sockets: Socket[] = []
  const received: string[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const index = sockets.push(socket) - 1
    received[index] = ''
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      received[index] += bytes.toString('latin1')
      onBytes(socket, received[index] as string, bytes)
    })
    socket.on('end', () => socket.end())
  })
  server.listen(0, host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    received,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** An origin that gives the same answer to each head that ends in an empty line. */
export function answering(answer: string, host?: string): Promise<RawOrigin> {
  return startOrigin((socket, _received, bytes) => {
    const heads = bytes.toString('latin1').split('\r\n\r\n').length - 1
    for (let i = 0; i < heads; i++) socket.write(Buffer.from(answer, 'latin1'))
  }, host)
}

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
