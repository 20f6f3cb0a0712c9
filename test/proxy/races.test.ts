/** What only shows when several things happen at the same moment: connections that end in our hands, halves, drains. */
import { connect } from 'node:net'
import { eventually, type RunningProxy, startProxy } from '../support/proxy'
import { ask, OK, RawClient, type RawOrigin, startOrigin } from '../support/sockets'

let proxy: RunningProxy
let origin: RawOrigin | undefined

afterEach(async () => {
  await origin?.close()
  origin = undefined
  await proxy.stop()
})

const get = (port: number, more = ''): string => `GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\n${more}\r\n`

test('destinations that close behind each answer leave no request hanging', async () => {
  proxy = await startProxy()
  origin = await startOrigin((socket) => socket.end(OK))
  const { port } = origin
  const run = async (): Promise<void> => {
    const client = new RawClient(proxy.port)
    for (let i = 1; i <= 40; i++) {
      client.send(get(port))
      await eventually(() => client.text.split('\r\n\r\nok').length > i || undefined, `answer ${i}`)
    }
    client.destroy()
  }
  await Promise.all(Array.from({ length: 16 }, run))
  await proxy.becomes('outspan_exchanges_active', 0)
})

test('a slow reader gets all of a response behind which its connection ends', async () => {
  proxy = await startProxy()
  const size = 6_000_000
  origin = await startOrigin((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
    socket.write(Buffer.alloc(size, 'x'))
  })
  const client = connect(proxy.port, '127.0.0.1')
  client.pause()
  client.write(get(origin.port, 'Connection: close\r\n'))
  await new Promise((resolve) => setTimeout(resolve, 2600))
  let received = 0
  client.on('data', (bytes) => {
    received += bytes.length
  })
  client.resume()
  await new Promise((resolve) => client.once('end', resolve))
  expect(received).toBeGreaterThan(size)
})

test('a response that is late is not asked for again', async () => {
  proxy = await startProxy({ responseHeadTimeout: 1000 })
  let requests = 0
  origin = await startOrigin((socket) => {
    if (++requests === 1) socket.write(OK)
  })
  const client = new RawClient(proxy.port).send(get(origin.port))
  await client.receives('ok')
  client.send(get(origin.port))
  await client.receives('cause: response_timeout')
  expect(requests).toBe(2)
  client.destroy()
})

test('a response that begins before its request has ended is not timed out in the middle', async () => {
  proxy = await startProxy({ responseHeadTimeout: 1000 })
  origin = await startOrigin((socket, received) => {
    if (received.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha')
    else if (received.endsWith('end')) setTimeout(() => socket.write('lf'), 1500)
  })
  const client = new RawClient(proxy.port)
  client.send(`POST http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n`)
  await client.receives('ha')
  client.send('end')
  expect(await client.closed()).toMatch(/half$/)
  expect(client.error).toBeUndefined()
})

test('pipelined requests in front of the end of the client are all answered', async () => {
  proxy = await startProxy()
  origin = await startOrigin((socket) => setTimeout(() => socket.write(OK), 20))
  const client = new RawClient(proxy.port, { allowHalfOpen: true })
  client.socket.end(get(origin.port).repeat(3))
  await client.closed().catch(() => client.destroy())
  expect(client.text.match(/\r\n\r\nok/g)).toHaveLength(3)
})

test('a destination that answers with interim responses for ever is given up', async () => {
  proxy = await startProxy()
  origin = await startOrigin((socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write('HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n'));
      socket.once('drain', more)
    }
    more()
  })
  expect(await ask(proxy.port, get(origin.port, 'Connection: close\r\n'))).toContain('too many interim responses')
})

test('what the drain time-out cuts off is told so, and is on the record', async () => {
  proxy = await startProxy({ drainTimeout: 50 })
  origin = await startOrigin(() => {})
  const client = new RawClient(proxy.port).send(get(origin.port))
  await eventually(() => origin?.received[0] || undefined, 'the request')
  await proxy.stop()
  expect(await client.closed()).toMatch(/^HTTP\/1\.1 503 [\s\S]*cause: draining/)
})

test('the time to connect is no time spent waiting', async () => {
  proxy = await startProxy()
  origin = await startOrigin((socket) => setTimeout(() => socket.write(OK), 50))
  await ask(proxy.port, get(origin.port, 'Connection: close\r\n'))
  const [record] = await proxy.exchanges(1)
  const { connect: connecting = 0, wait = 0, receive = 0 } = (record?.timings ?? {}) as Record<string, number>
  expect(connecting + wait + receive).toBeLessThanOrEqual((record?.duration as number) + 0.00001)
})

test('connections over the limit are closed and counted, and the place of one that went is free again', async () => {
  proxy = await startProxy({ maxConnections: 2 })
  origin = await startOrigin((socket) => socket.write(OK))
  const { port } = origin
  const served = async (): Promise<RawClient> => {
    const client = new RawClient(proxy.port).send(get(port))
    await client.receives('ok')
    return client
  }
  const [first, second] = await Promise.all([served(), served()])
  await new RawClient(proxy.port).closed()
  await proxy.becomes('outspan_client_connections_rejected_total', 1)
  first.destroy()
  await proxy.becomes('outspan_client_connections_open', 1)
  const third = await served()
  for (const client of [second, third]) client.destroy()
})

describe('an upstream connection that speaks before it is asked', () => {
  const path = (port: number, name: string, method = 'GET', lines = '') =>
    `${method} http://127.0.0.1:${port}/${name} HTTP/1.1\r\nHost: x\r\n${lines}\r\n`
  const said = (text: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`

  // Both arrive in one turn of the event loop, the request first: what was to go out for it has not left yet.
  test.each(['GET', 'POST'])(
    '%s: what it says is nobody’s answer, and the request goes on a new connection',
    async (method) => {
      proxy = await startProxy()
      origin = await startOrigin((socket, _received, bytes) => {
        const name = /\/([a-z]+) HTTP/.exec(bytes.toString('latin1'))?.[1]
        socket.write(said(`answer-${name}`))
      })
      const client = new RawClient(proxy.port).send(path((origin as RawOrigin).port, 'warm'))
      await client.receives('answer-warm')
      for (let round = 0; round < 20; round++) {
        const { port, sockets } = origin as RawOrigin
        const next = new RawClient(proxy.port)
        await new Promise((resolve) => next.socket.once('connect', resolve))
        next.send(path(port, 'real', method, method === 'POST' ? 'Content-Length: 0\r\n' : ''))
        sockets.at(-1)?.write(said('stray'))
        expect(await next.receives(/answer-[a-z]+$|stray$/)).toMatch(/answer-real$/)
        next.destroy()
      }
      client.destroy()
    },
  )
})

test('an idle connection makes room for a new one at the limit', async () => {
  proxy = await startProxy({ maxDestinationConnections: 1 })
  origin = await startOrigin((socket) => socket.write(OK))
  const client = new RawClient(proxy.port).send(
    `GET http://127.0.0.1:${(origin as RawOrigin).port}/ HTTP/1.1\r\nHost: x\r\n\r\n`,
  )
  await client.receives('ok')
  const tunnel = new RawClient(proxy.port).send(
    `CONNECT 127.0.0.1:${(origin as RawOrigin).port} HTTP/1.1\r\nHost: x\r\n\r\n`,
  )
  await tunnel.receives('200')
  client.send(`GET http://127.0.0.1:${(origin as RawOrigin).port}/ HTTP/1.1\r\nHost: x\r\n\r\n`)
  await client.receives('connection_limit')
  tunnel.destroy()
  client.destroy()
})

test('a client that leaves with requests in the queue takes its upstream connection along', async () => {
  proxy = await startProxy()
  origin = await startOrigin(() => {})
  const get = `GET http://127.0.0.1:${(origin as RawOrigin).port}/ HTTP/1.1\r\nHost: x\r\n\r\n`
  const client = new RawClient(proxy.port).send(get + get)
  await eventually(() => origin?.received[0] || undefined, 'the request')
  client.socket.resetAndDestroy()
  expect((await proxy.exchanges(1))[0]).toMatchObject({ 'error.type': 'client_closed' })
  await proxy.becomes('outspan_upstream_connections_open', 0)
})

test('a half-closed client gets a response that comes in pieces', async () => {
  proxy = await startProxy()
  origin = await startOrigin((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab')
    setTimeout(() => socket.write('cd'), 1500)
  })
  const client = new RawClient(proxy.port, { allowHalfOpen: true })
  client.socket.end(`GET http://127.0.0.1:${(origin as RawOrigin).port}/ HTTP/1.1\r\nHost: x\r\n\r\n`)
  await new Promise((resolve) => setTimeout(resolve, 1400))
  expect(await client.receives('abcd')).toMatch(/abcd$/)
  client.destroy()
})

describe('a destination that answers and closes while a body is on its way has its answer relayed', () => {
  const known = 'HTTP/1.1 413 Too Large\r\nContent-Length: 7\r\n\r\ntoo big'
  const cases: [string, string, string][] = [
    ['of a known length', known, ''],
    ['that ends with the connection', 'HTTP/1.1 413 Too Large\r\n\r\ntoo big', ''],
    ['through a tunnel', known, 'CONNECT'],
  ]
  test.each(cases)('%s', async (_name, answer, method) => {
    proxy = await startProxy()
    // What it leaves unread has the system reset the connection: the next write of the proxy fails.
    origin = await startOrigin((socket) => {
      socket.pause()
      socket.end(answer, () => socket.destroy())
    })
    const { port } = origin
    const upload = async (): Promise<boolean> => {
      const client = new RawClient(proxy.port)
      if (method !== '') {
        client.send(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: x\r\n\r\n`)
        await client.receives('\r\n\r\n')
      }
      client.send(`POST http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n`)
      for (let i = 0; i < 40; i++) client.send(Buffer.alloc(100_000))
      const isAnswered = (): boolean => client.text.endsWith('too big')
      await eventually(() => isAnswered() || client.isClosed || undefined, 'an answer')
      client.destroy()
      return isAnswered()
    }
    const answered: boolean[] = []
    for (let i = 0; i < 40; i++) answered.push(await upload())
    // At the end of a tunnel a reset reaches the client, whose own write may meet it.
    expect(answered.filter((each) => !each).length).toBeLessThanOrEqual(method === '' ? 0 : 2)
  })
})
