import { type AccessRecord, eventually, pass, type RunningProxy, startProxy } from '../support/proxy'
import { RawClient, type RawOrigin, startOrigin } from '../support/sockets'

let proxy: RunningProxy
let origin: RawOrigin

beforeEach(async () => {
  proxy = await startProxy()
})

afterEach(async () => {
  await proxy.stop()
  await origin?.close()
})

const handshake = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n'

const ask = (lines: readonly string[], method = 'GET', body = ''): string =>
  `${method} http://127.0.0.1:${origin.port}/chat HTTP/1.1\r\nHost: x\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${body}`

/** Answers the first head, and echoes what comes behind it. */
const echoing = (answer: string): Promise<RawOrigin> =>
  startOrigin((socket, received, bytes) => {
    const end = received.indexOf('\r\n\r\n') + 4
    if (received.length === bytes.length) {
      socket.write(answer)
      const rest = bytes.subarray(end)
      if (rest.length > 0) socket.write(rest)
    } else socket.write(bytes)
  })

async function record(): Promise<AccessRecord> {
  const [first] = await proxy.exchanges(1)
  return first as AccessRecord
}

test('101: the handshake arrives, bytes pass both ways, and the exchange ends with the connection', async () => {
  origin = await echoing(SWITCHED)
  const client = new RawClient(proxy.port).send(ask(handshake))
  await client.receives(
    '101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  )
  expect(origin.received[0]).toMatch(/\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n/)
  expect(origin.received[0]).toMatch(/\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n$/)
  expect(origin.received[0]).toMatch(/\r\ntraceparent: /)
  const frame = Buffer.from([0x81, 0x80, 0xff, 0, 0x0d, 0x0a])
  client.send(frame)
  await client.receives(frame.toString('latin1'))
  await proxy.becomes('outspan_exchanges_active', 1)
  client.socket.end()
  await client.closed()
  expect(await record()).toMatchObject({
    'http.response.status_code': 101,
    'proxy.response.status_code': 101,
    'http.request.body.size': frame.length,
    'http.response.body.size': frame.length,
  })
  expect(await record()).not.toHaveProperty('error.type')
  await proxy.becomes('outspan_upstream_connections_open', 0)
})

test('what follows the 101 at once, and what the client sends before it, arrives', async () => {
  origin = await startOrigin((socket, received) => {
    if (received.endsWith('early')) socket.write('heard')
  })
  const client = new RawClient(proxy.port).send(`${ask(handshake)}`)
  await eventually(() => origin.received[0]?.endsWith('\r\n\r\n') || undefined, 'the handshake')
  client.send('early')
  await pass(30)
  origin.sockets[0]?.write(`${SWITCHED}hello`)
  await client.receives(/\r\n\r\nhelloheard$/)
  expect(origin.received[0]).toMatch(/\r\n\r\nearly$/)
  client.destroy()
})

test('half-close passes each way', async () => {
  origin = await startOrigin((socket, received) => {
    if (received.endsWith('\r\n\r\n')) socket.write(SWITCHED)
  })
  const client = new RawClient(proxy.port, { allowHalfOpen: true }).send(ask(handshake))
  await client.receives('101')
  origin.sockets[0]?.removeAllListeners('end')
  client.socket.end('last')
  await eventually(() => origin.received[0]?.endsWith('last') || undefined, 'the last words')
  origin.sockets[0]?.end('answer')
  expect(await client.closed()).toMatch(/answer$/)
  expect(await record()).not.toHaveProperty('error.type')
})

test('a reset by one side is a reset of the other', async () => {
  origin = await echoing(SWITCHED)
  const client = new RawClient(proxy.port).send(ask(handshake))
  await client.receives('101')
  origin.sockets[0]?.resetAndDestroy()
  await client.closed()
  expect(client.error).toBe('ECONNRESET')
  expect(await record()).toMatchObject({ 'error.type': 'connection_reset' })
})

test.each([
  ['200', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno'],
  ['403', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'],
])('a refusal with %s is an answer like others, and the connection goes on', async (status, answer) => {
  origin = await startOrigin((socket) => socket.write(answer))
  const client = new RawClient(proxy.port).send(ask(handshake))
  await client.receives(new RegExp(`^HTTP/1.1 ${status}[\\s\\S]*no$`))
  client.send(ask([]))
  await client.receives(new RegExp(`no[\\s\\S]*${status}[\\s\\S]*no$`))
  expect(origin.sockets).toHaveLength(1)
  client.destroy()
})

test('426 says what to switch to', async () => {
  origin = await startOrigin((socket) =>
    socket.write(
      'HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n',
    ),
  )
  const client = new RawClient(proxy.port).send(ask([]))
  expect(await client.receives(/\r\n\r\n$/)).toMatch(/\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n/)
  client.destroy()
})

test.each<[string, readonly string[], string]>([
  ['h2c', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'], ''],
  ['h2c beside another', ['Connection: upgrade', 'Upgrade: h2c, websocket'], 'Upgrade: websocket\r\n'],
  ['a line that Connection does not name', ['Upgrade: websocket'], ''],
  ['several lines', ['Connection: upgrade', 'Upgrade: a/1', 'upgrade: b'], 'Upgrade: a/1, b\r\n'],
])('%s', async (_name, lines, expected) => {
  origin = await startOrigin((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
  const client = new RawClient(proxy.port).send(ask(lines))
  await client.receives('200')
  const upgrade = /Upgrade: .*\r\n/i.exec((origin.received[0] as string).replace('Connection: Upgrade\r\n', ''))
  expect(upgrade?.[0] ?? '').toBe(expected)
  expect(origin.received[0]).not.toMatch(/HTTP2-Settings/i)
  client.destroy()
})

test('HTTP/1.0 knows no switching', async () => {
  origin = await startOrigin((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
  const client = new RawClient(proxy.port).send(ask(handshake).replace('HTTP/1.1', 'HTTP/1.0'))
  await client.closed()
  expect(origin.received[0]).not.toMatch(/upgrade/i)
})

test.each<[string, readonly string[], string]>([
  ['nobody asked for', [], SWITCHED],
  ['that names no protocol', handshake, 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ['to what was not offered', handshake, SWITCHED.replace('websocket', 'foo/1')],
  ['to what was not passed on', [...handshake, 'Upgrade: h2c'], SWITCHED.replace('websocket', 'h2c')],
])('a 101 %s is 502', async (_name, lines, answer) => {
  origin = await startOrigin((socket) => socket.write(answer))
  const client = new RawClient(proxy.port).send(ask(lines))
  expect(await client.receives(/request id/)).toMatch(/^HTTP\/1.1 502 /)
  expect(await record()).toMatchObject({ 'error.type': 'bad_response' })
  client.destroy()
})

test('a destination that switches before the request has ended is 502', async () => {
  origin = await startOrigin((socket) => socket.write(SWITCHED))
  const client = new RawClient(proxy.port).send(ask([...handshake, 'Content-Length: 5'], 'POST', 'ab'))
  expect(await client.closed()).toMatch(/^HTTP\/1.1 502 /)
  expect(await record()).toMatchObject({ 'error.type': 'bad_response' })
})

test('no framing of a body goes with a 101', async () => {
  origin = await startOrigin((socket) =>
    socket.write(SWITCHED.replace('\r\n\r\n', '\r\nTransfer-Encoding: chunked\r\n\r\n')),
  )
  const client = new RawClient(proxy.port).send(ask(handshake))
  expect(await client.receives('\r\n\r\n')).not.toMatch(/transfer-encoding/i)
  client.destroy()
})
