/** Peers that go silent, each at its time-out. */
import { pass, type RunningProxy, startProxy } from '../support/proxy'
import { OK, RawClient, type RawOrigin, startOrigin } from '../support/sockets'

let proxy: RunningProxy
let origin: RawOrigin

afterEach(async () => {
  await proxy.stop()
  await origin.close()
})

const head = (method: string, lines = ''): string =>
  `${method} http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\n${lines}\r\n`

async function errorType(): Promise<unknown> {
  const [record] = await proxy.exchanges(1)
  return record?.['error.type']
}

test('a client that stops in its request body gets 408, and the destination no whole request', async () => {
  origin = await startOrigin(() => {})
  proxy = await startProxy({ bodyTimeout: 500 })
  const client = new RawClient(proxy.port).send(`${head('POST', 'Content-Length: 5\r\n')}ab`)
  expect(await client.closed()).toMatch(/^HTTP\/1.1 408 [\s\S]*request_body_timeout/)
  expect(await errorType()).toBe('request_body_timeout')
  expect(origin.received[0]).toMatch(/ab$/)
})

test('a client that goes on slowly is not cut off', async () => {
  const letters = 'abcdefghijklmno'
  origin = await startOrigin((socket, received) => {
    if (received.endsWith(letters)) socket.write(OK)
  })
  proxy = await startProxy({ bodyTimeout: 1000 })
  const client = new RawClient(proxy.port).send(head('POST', `Content-Length: ${letters.length}\r\n`))
  // A tenth of the time for each, and more than all of it for the whole.
  for (const letter of letters) {
    await pass(100)
    client.send(letter)
  }
  await client.receives('ok')
  client.destroy()
})

test('a destination that stops in its response body breaks the connection', async () => {
  origin = await startOrigin((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab'))
  proxy = await startProxy({ bodyTimeout: 1000 })
  const client = new RawClient(proxy.port).send(head('GET'))
  expect(await client.closed()).toMatch(/ab$/)
  expect(client.error).toBe('ECONNRESET')
  expect(await errorType()).toBe('response_body_timeout')
})

test('a client that does not take its response is broken off', async () => {
  origin = await startOrigin((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n')
    socket.write(Buffer.alloc(50_000_000))
  })
  proxy = await startProxy({ bodyTimeout: 300 })
  const client = new RawClient(proxy.port).send(head('GET'))
  await client.receives('200 OK')
  client.socket.pause()
  expect(await errorType()).toBe('client_stalled')
  client.destroy()
})

test('a destination that does not take the request is 504', async () => {
  origin = await startOrigin((socket) => socket.pause())
  proxy = await startProxy({ bodyTimeout: 300 })
  const client = new RawClient(proxy.port).send(head('POST', 'Content-Length: 50000000\r\n'))
  client.send(Buffer.alloc(50_000_000))
  expect(await client.receives(/request_write_timeout/)).toMatch(/^HTTP\/1.1 504 /)
  expect(await errorType()).toBe('request_write_timeout')
  client.destroy()
})

test('waiting for the head of a response is not silence in a body', async () => {
  origin = await startOrigin((socket) => setTimeout(() => socket.write(OK), 1500))
  proxy = await startProxy({ bodyTimeout: 500 })
  const client = new RawClient(proxy.port).send(head('GET'))
  await client.receives('ok')
  client.destroy()
})

test('a connection without a request ends after its time, and is counted', async () => {
  origin = await startOrigin((socket) => socket.write(OK))
  proxy = await startProxy({ clientIdleTimeout: 1000 })
  const unused = new RawClient(proxy.port)
  const used = new RawClient(proxy.port).send(head('GET'))
  expect(await unused.closed()).toBe('')
  expect(await used.closed()).toMatch(/ok$/)
  await proxy.becomes('outspan_client_connections_idled_total', 2)
})

test('a tunnel in which nothing moves is broken off, and one in which something does is not', async () => {
  origin = await startOrigin((socket) => socket.write('pong'))
  proxy = await startProxy({ tunnelIdleTimeout: 1000, bodyTimeout: 50 })
  const open = `CONNECT 127.0.0.1:${origin.port} HTTP/1.1\r\nHost: x\r\n\r\n`
  const silent = new RawClient(proxy.port).send(open)
  const busy = new RawClient(proxy.port).send(open)
  await Promise.all([silent.receives('200'), busy.receives('200')])
  for (let i = 0; i < 15 || !silent.isClosed; i++) {
    busy.send('ping')
    await pass(100)
  }
  expect(await errorType()).toBe('tunnel_idle')
  expect(busy.isClosed).toBe(false)
  busy.destroy()
})

test('0s waits for ever', async () => {
  origin = await startOrigin((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab'))
  proxy = await startProxy({ bodyTimeout: 0, clientIdleTimeout: 500, drainTimeout: 50 })
  const client = new RawClient(proxy.port).send(head('GET'))
  await client.receives('ab')
  await pass(1500)
  expect(client.isClosed).toBe(false)
  client.destroy()
})

test('a head may have so many lines', async () => {
  origin = await startOrigin((socket) => socket.write(OK))
  proxy = await startProxy({ maxHeadLines: 3 })
  const fine = new RawClient(proxy.port).send(head('GET', 'a: 1\r\nb: 2\r\n'))
  await fine.receives('ok')
  fine.destroy()
  const client = new RawClient(proxy.port).send(head('GET', 'a: 1\r\nb: 2\r\nc: 3\r\n'))
  expect(await client.closed()).toMatch(/^HTTP\/1.1 431 /)
})
