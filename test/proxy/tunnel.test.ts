import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { eventually, type RunningProxy, startProxy } from '../support/proxy'
import { RawClient, type RawOrigin, startOrigin } from '../support/sockets'

let proxy: RunningProxy
let origin: RawOrigin | undefined

beforeEach(async () => {
  proxy = await startProxy()
})

afterEach(async () => {
  await origin?.close()
  origin = undefined
  await proxy.stop()
})

const OPEN = 'HTTP/1.1 200 Connection established\r\n\r\n'
const connectTo = (port: number): string => `CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`

test('bytes pass untouched both ways, whatever they are', async () => {
  const sent = randomBytes(3_000_000)
  origin = await startOrigin((socket, _all, bytes) => socket.write(bytes))
  const client = new RawClient(proxy.port)
  client.send(connectTo(origin.port))
  await client.receives(OPEN)
  client.send(sent)
  await eventually(() => client.text.length === OPEN.length + sent.length || undefined, 'the echo')
  expect(Buffer.from(client.text.slice(OPEN.length), 'latin1').equals(sent)).toBe(true)
  client.socket.end()
  const [record] = await proxy.exchanges(1)
  expect(record).toMatchObject({
    'http.request.method': 'CONNECT',
    'url.full': `//127.0.0.1:${origin.port}`,
    'server.address': '127.0.0.1',
    'server.port': origin.port,
    'network.peer.address': '127.0.0.1',
    'proxy.response.status_code': 200,
    'http.request.body.size': sent.length,
    'http.response.body.size': sent.length,
  })
  expect(record).not.toHaveProperty('error.type')
})

test('bytes that come with CONNECT are not lost', async () => {
  origin = await startOrigin((socket, _all, bytes) => socket.write(bytes))
  const client = new RawClient(proxy.port).send(`${connectTo(origin.port)}early`)
  await client.receives(`${OPEN}early`)
  client.destroy()
})

test('a server may speak first', async () => {
  origin = await startOrigin(() => {})
  const client = new RawClient(proxy.port).send(connectTo(origin.port))
  await client.receives(OPEN)
  origin.sockets[0]?.write('220 ready')
  await client.receives('220 ready')
  client.destroy()
})

test('each side may end its half first', async () => {
  origin = await startOrigin(() => {})
  const client = new RawClient(proxy.port, { allowHalfOpen: true }).send(connectTo(origin.port))
  await client.receives(OPEN)
  const upstream = origin.sockets[0]
  upstream?.removeAllListeners('end')
  client.socket.end('last words')
  await eventually(() => upstream?.readableEnded || undefined, 'the end upstream')
  expect(origin.received[0]).toBe('last words')
  upstream?.write('answer after the end')
  await client.receives('answer after the end')
  upstream?.end()
  await client.closed()
  expect(client.isEnded).toBe(true)
})

test('no way there: 502 with the cause, and the record says so', async () => {
  const client = new RawClient(proxy.port).send(connectTo(1))
  expect(await client.closed()).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n[\s\S]*cause: connection_refused/)
  const [record] = await proxy.exchanges(1)
  expect(record).toMatchObject({ 'error.type': 'connection_refused', 'proxy.response.status_code': 502 })
})

test('a reset upstream is a reset for the client', async () => {
  origin = await startOrigin(() => {})
  const client = new RawClient(proxy.port).send(connectTo(origin.port))
  await client.receives(OPEN)
  origin.sockets[0]?.resetAndDestroy()
  await client.closed()
  expect(client.error).toBe('ECONNRESET')
  const [record] = await proxy.exchanges(1)
  expect(record).toMatchObject({ 'error.type': 'connection_reset' })
})

test('a client that resets takes the upstream with it', async () => {
  origin = await startOrigin(() => {})
  const client = new RawClient(proxy.port).send(connectTo(origin.port))
  await client.receives(OPEN)
  client.socket.resetAndDestroy()
  await eventually(() => origin?.sockets[0]?.destroyed || undefined, 'the end upstream')
  const [record] = await proxy.exchanges(1)
  expect(record).toMatchObject({ 'error.type': 'client_closed' })
})

test('a client that leaves before the way is open leaves nothing behind', async () => {
  const client = new RawClient(proxy.port).send(connectTo(1))
  await once(client.socket, 'connect')
  setImmediate(() => client.destroy())
  await proxy.exchanges(1)
  await proxy.becomes('outspan_upstream_connections_open', 0)
})

test('a client that half-closed and reads slowly gets all, also when the destination has long ended', async () => {
  const proxy = await startProxy()
  const sizes = Array.from({ length: 12 }, (_, index) => 2_990_000 + index * 2000)
  await Promise.all(
    sizes.map(async (size) => {
      const origin = await startOrigin((socket) => {
        for (let sent = 0; sent < size; sent += 6000) socket.write(Buffer.alloc(Math.min(6000, size - sent), 'x'))
        socket.end()
      })
      const client = new RawClient(proxy.port, { allowHalfOpen: true })
      client.send(`CONNECT 127.0.0.1:${origin.port} HTTP/1.1\r\nHost: x\r\n\r\n`)
      await client.receives('\r\n\r\n')
      client.socket.pause()
      client.socket.end('hi')
      await new Promise((resolve) => setTimeout(resolve, 500))
      client.socket.resume()
      expect((await client.closed()).length).toBe('HTTP/1.1 200 Connection established\r\n\r\n'.length + size)
      expect(client.error).toBeUndefined()
      await origin.close()
    }),
  )
  await proxy.stop()
})
