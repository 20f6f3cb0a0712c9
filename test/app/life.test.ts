import { eventually, type RunningProxy, startProxy } from '../support/proxy'
import { OK, RawClient, type RawOrigin, startOrigin } from '../support/sockets'

let proxy: RunningProxy
let origin: RawOrigin

beforeEach(async () => {
  origin = await startOrigin((socket) => setTimeout(() => socket.write(OK), 150))
})

afterEach(async () => {
  await origin.close()
})

const get = (): string => `GET http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\n\r\n`

test('draining: not ready, and what is on finishes and says that the connection ends', async () => {
  proxy = await startProxy()
  const slow = await startOrigin(() => {})
  const busy = new RawClient(proxy.port).send(`GET http://127.0.0.1:${slow.port}/ HTTP/1.1\r\nHost: x\r\n\r\n`)
  await eventually(() => slow.received[0] || undefined, 'the request')
  expect((await fetch(`${proxy.adminUrl}/readyz`)).status).toBe(200)
  const stopped = proxy.stop()
  expect((await fetch(`${proxy.adminUrl}/readyz`)).status).toBe(503)
  expect((await fetch(`${proxy.adminUrl}/livez`)).status).toBe(200)
  slow.sockets[0]?.write(OK)
  expect(await busy.closed()).toBe('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
  await stopped
  await slow.close()
})

test('draining: the program may go on calling, on its idle connections and on new ones, until it is quiet', async () => {
  proxy = await startProxy({ drainQuiet: 1500 })
  const idle = new RawClient(proxy.port)
  const unused = new RawClient(proxy.port)
  await proxy.becomes('outspan_client_connections_open', 2)
  const stopped = proxy.stop()
  for (const client of [idle, new RawClient(proxy.port), new RawClient(proxy.port)]) {
    client.send(get())
    expect(await client.closed()).toBe('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
  }
  expect(await unused.closed()).toBe('')
  await stopped
})

test('draining ends at the time-out, however much the program still calls', async () => {
  proxy = await startProxy({ drainQuiet: 1000, drainTimeout: 1500 })
  const before = performance.now()
  const stopped = proxy.stop()
  const calls = setInterval(() => new RawClient(proxy.port).send(get()), 50)
  await stopped
  clearInterval(calls)
  expect(performance.now() - before).toBeGreaterThan(1490)
})

test('a client that takes nothing can not hold up the end', async () => {
  const flood = await startOrigin((socket) => {
    const body = Buffer.alloc(8 << 20)
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`)
    socket.write(body)
  })
  proxy = await startProxy({ drainTimeout: 100 })
  const client = new RawClient(proxy.port).send(`GET http://127.0.0.1:${flood.port}/ HTTP/1.1\r\nHost: x\r\n\r\n`)
  await client.receives('200')
  client.socket.pause()
  await proxy.stop()
  await flood.close()
})

test('stopping twice is stopping once', async () => {
  proxy = await startProxy()
  await Promise.all([proxy.stop(), proxy.stop()])
  await proxy.stop()
})

test('what does not finish in time is cut off', async () => {
  proxy = await startProxy({ drainTimeout: 100 })
  const endless = await startOrigin(() => {})
  const client = new RawClient(proxy.port).send(`GET http://127.0.0.1:${endless.port}/ HTTP/1.1\r\nHost: x\r\n\r\n`)
  await eventually(() => endless.received[0] || undefined, 'the request')
  const before = performance.now()
  await proxy.stop()
  expect(performance.now() - before).toBeGreaterThan(90)
  await client.closed()
  await endless.close()
})

test('a tunnel has the time until the drain time-out', async () => {
  proxy = await startProxy({ drainTimeout: 1500 })
  const client = new RawClient(proxy.port)
  client.send(`CONNECT 127.0.0.1:${origin.port} HTTP/1.1\r\nHost: x\r\n\r\n`)
  await client.receives('200')
  const stopped = proxy.stop()
  client.send('still there?')
  await client.receives('ok')
  await stopped
  await client.closed()
})
