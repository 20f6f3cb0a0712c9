import { connect } from 'node:net'
import { eventually, type RunningProxy, settled, startProxy } from '../support/proxy'
import { answering, ask, OK, RawClient, type RawOrigin, startOrigin } from '../support/sockets'

let proxy: RunningProxy
const origins: RawOrigin[] = []

beforeEach(async () => {
  proxy = await startProxy()
})

afterEach(async () => {
  await Promise.all(origins.splice(0).map((origin) => origin.close()))
  await proxy.stop()
})

async function use(origin: Promise<RawOrigin>): Promise<RawOrigin> {
  const started = await origin
  origins.push(started)
  return started
}

const withoutTrace = (head: string): string => head.replace(/traceparent: [^\r]*\r\n/g, '')

describe('the request as the destination gets it', () => {
  test('keeps order, case, duplicates and 8-bit values, and takes the path as it came', async () => {
    const origin = await use(answering(OK))
    const target = `http://127.0.0.1:${origin.port}/a/../b//c?q=%2e&r=[x]`
    await ask(
      proxy.port,
      `GET ${target} HTTP/1.1\r\nX-B: 1\r\nhOsT: somewhere.else\r\nx-a:  two  spaces\t\r\nX-B: 2\r\nX-Eight: \xe9\xff\r\nConnection: close\r\n\r\n`,
    )
    expect(withoutTrace(origin.received[0] as string)).toBe(
      `GET /a/../b//c?q=%2e&r=[x] HTTP/1.1\r\nX-B: 1\r\nHost: 127.0.0.1:${origin.port}\r\nx-a:  two  spaces\t\r\nX-B: 2\r\nX-Eight: \xe9\xff\r\n\r\n`,
    )
  })

  test('has no hop-by-hop lines, neither the known ones nor those that Connection names', async () => {
    const origin = await use(answering(OK))
    await ask(
      proxy.port,
      [
        `GET http://127.0.0.1:${origin.port}/ HTTP/1.1`,
        'Host: x',
        'Connection: close, X-Secret',
        'connection: x-OTHER',
        'Proxy-Connection: keep-alive',
        'Keep-Alive: timeout=5',
        'TE: trailers',
        'Upgrade: h2c',
        'HTTP2-Settings: AAMAAABkAAQAAP__',
        'Proxy-Authorization: Basic Zm9v',
        'X-Secret: 1',
        'X-Other: 2',
        'X-Kept: 3',
        '\r\n',
      ].join('\r\n'),
    )
    expect(withoutTrace(origin.received[0] as string)).toBe(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${origin.port}\r\nX-Kept: 3\r\n\r\n`,
    )
  })

  test('is HTTP/1.1 with a Host even when the client speaks HTTP/1.0 without one', async () => {
    const origin = await use(answering(OK))
    const answer = await ask(proxy.port, `GET http://127.0.0.1:${origin.port} HTTP/1.0\r\n\r\n`)
    expect(withoutTrace(origin.received[0] as string)).toBe(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${origin.port}\r\n\r\n`)
    expect(answer).toBe('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
  })

  test.each([
    ['with a length', 'Content-Length: 11\r\n', 'hello world'],
    [
      'in chunks, with extensions and trailers',
      'Transfer-Encoding: chunked\r\n',
      '5;a="b"\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n',
    ],
  ])('carries a body %s byte for byte, however it is cut', async (_name, framing, body) => {
    const origin = await use(
      startOrigin((socket, received) => {
        if (received.endsWith(body)) socket.write(OK)
      }),
    )
    const client = new RawClient(proxy.port)
    client.socket.setNoDelay(true)
    client.send(`POST http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\n${framing}\r\n`)
    for (const byte of body) {
      client.send(byte)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await client.receives('ok')
    expect(origin.received[0]?.endsWith(`\r\n\r\n${body}`)).toBe(true)
    const [record] = await proxy.exchanges(1)
    expect(record).toMatchObject({ 'http.request.body.size': body.startsWith('5') ? 5 : 11 })
    client.destroy()
  })
})

describe('the response as the client gets it', () => {
  const cases: [name: string, method: string, version: string, fromOrigin: string, toClient: string][] = [
    ['with a length', 'GET', '1.1', OK, OK],
    [
      'in chunks with trailers',
      'GET',
      '1.1',
      'HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n',
      'HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n',
    ],
    [
      'in chunks for HTTP/1.0, which knows none',
      'GET',
      '1.0',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok!',
    ],
    [
      'to HEAD',
      'HEAD',
      '1.1',
      'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n',
    ],
    ['204', 'GET', '1.1', 'HTTP/1.1 204 No Content\r\n\r\n', 'HTTP/1.1 204 No Content\r\n\r\n'],
    [
      '304 with a length',
      'GET',
      '1.1',
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: "x"\r\n\r\n',
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: "x"\r\n\r\n',
    ],
    [
      'after interim responses',
      'GET',
      '1.1',
      `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${OK}`,
      `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${OK}`,
    ],
    [
      'after interim responses, which HTTP/1.0 does not know',
      'GET',
      '1.0',
      `HTTP/1.1 100 Continue\r\n\r\n${OK}`,
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok',
    ],
    [
      'without hop-by-hop lines',
      'GET',
      '1.1',
      'HTTP/1.1 200 \r\nX-A: 1\r\nConnection: X-H\r\nKeep-Alive: timeout=9\r\nX-H: 2\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 200 \r\nX-A: 1\r\nContent-Length: 0\r\n\r\n',
    ],
  ]
  test.each(cases)('%s', async (_name, method, version, fromOrigin, toClient) => {
    const origin = await use(answering(fromOrigin))
    const client = new RawClient(proxy.port)
    client.send(`${method} http://127.0.0.1:${origin.port}/ HTTP/${version}\r\nHost: x\r\n\r\n`)
    await client.receives(toClient)
    expect(client.text).toBe(toClient)
    client.destroy()
  })

  test('until the connection closes: the same, and so is the end', async () => {
    const origin = await use(startOrigin((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it')))
    const answer = await ask(proxy.port, `GET http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\n\r\n`)
    expect(answer).toBe('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it')
  })

  test('arrives before the request has ended, when the destination answers early', async () => {
    const origin = await use(answering('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n'))
    const client = new RawClient(proxy.port)
    client.send(`POST http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\npart`)
    expect(await client.closed()).toBe('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
  })
})

describe('connections', () => {
  test('live on, on both sides', async () => {
    const origin = await use(answering(OK))
    const client = new RawClient(proxy.port)
    for (let i = 1; i <= 5; i++) {
      client.send(`GET http://127.0.0.1:${origin.port}/${i} HTTP/1.1\r\nHost: x\r\n\r\n`)
      await client.receives(new RegExp(`(ok[\\s\\S]*){${i}}`))
    }
    expect(origin.sockets).toHaveLength(1)
    expect(await proxy.metric('outspan_client_connections_accepted_total')).toBe(1)
    client.destroy()
  })

  test('HTTP/1.0 keep-alive is honoured', async () => {
    const origin = await use(answering(OK))
    const client = new RawClient(proxy.port)
    const request = `GET http://127.0.0.1:${origin.port}/ HTTP/1.0\r\nProxy-Connection: Keep-Alive\r\n\r\n`
    client.send(request)
    await client.receives('Connection: keep-alive\r\n\r\nok')
    client.send(request)
    await client.receives(/ok[\s\S]*ok/)
    client.destroy()
  })

  test('pipelined requests are answered in order, with bodies between them', async () => {
    const origin = await use(
      startOrigin((socket, _all, bytes) => {
        const path = /^\w+ (\/\S*)/.exec(bytes.toString('latin1'))?.[1] ?? ''
        setTimeout(
          () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`),
          path === '/a' ? 30 : 0,
        )
      }),
    )
    const at = `http://127.0.0.1:${origin.port}`
    const client = new RawClient(proxy.port)
    client.send(
      `GET ${at}/a HTTP/1.1\r\nHost: x\r\n\r\nPOST ${at}/b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc` +
        `GET ${at}/c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    )
    const bodies = (await client.closed()).match(/\/[abc]/g)
    expect(bodies).toEqual(['/a', '/b', '/c'])
  })

  test('a client that asks on and on without reading is not asked for', async () => {
    const body = 'x'.repeat(48 * 1024)
    let asked = 0
    const origin = await use(
      startOrigin((socket, _all, bytes) => {
        asked += bytes.toString('latin1').split('\r\n\r\n').length - 1
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
      }),
    )
    const client = connect(proxy.port, '127.0.0.1')
    client.pause()
    client.write(`GET http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(600))
    await eventually(() => asked > 0 || undefined, 'the first')
    // What the system's buffers hold, and no more.
    expect(await settled(() => asked, 300)).toBeLessThan(400)
    client.resume()
    await eventually(() => asked === 600 || undefined, 'the rest')
    client.destroy()
  })

  test('a half-closed client still gets its answer', async () => {
    const origin = await use(startOrigin((socket) => setTimeout(() => socket.write(OK), 100)))
    const client = new RawClient(proxy.port, { allowHalfOpen: true })
    client.socket.end(`GET http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\n\r\n`)
    await client.receives('ok')
    client.destroy()
  })

  test('a request that an idle connection fails is sent again, once, on a new one', async () => {
    let requests = 0
    const origin = await use(
      startOrigin((socket) => {
        requests++
        // Every connection answers one request and breaks on the second.
        if (socket.listenerCount('answered') > 0) socket.resetAndDestroy()
        else socket.on('answered', () => {}).write(OK)
      }),
    )
    const client = new RawClient(proxy.port)
    const request = `GET http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\n\r\n`
    client.send(request)
    await client.receives('ok')
    client.send(request)
    await client.receives(/ok[\s\S]*ok/)
    expect(requests).toBe(3)
    const [, second] = await proxy.exchanges(2)
    expect(second).toMatchObject({ attempts: 2, 'http.response.status_code': 200 })
    client.destroy()
  })

  test('a POST is never sent again', async () => {
    const origin = await use(
      startOrigin((socket) => {
        if (socket.listenerCount('answered') > 0) socket.resetAndDestroy()
        else socket.on('answered', () => {}).write(OK)
      }),
    )
    const client = new RawClient(proxy.port)
    client.send(`GET http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\n\r\n`)
    await client.receives('ok')
    client.send(`POST http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx`)
    await client.receives('502 Bad Gateway')
    expect(origin.sockets).toHaveLength(1)
    client.destroy()
  })

  test('bytes that nobody asked for poison an idle connection', async () => {
    const origin = await use(
      startOrigin((socket) => socket.write(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`)),
    )
    const client = new RawClient(proxy.port)
    const request = `GET http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\n\r\n`
    client.send(request)
    await client.receives('ok')
    client.send(request)
    await client.receives(/ok[\s\S]*ok/)
    expect(client.text).not.toContain('poison')
    expect(origin.sockets).toHaveLength(2)
    client.destroy()
  })
})

describe('addresses', () => {
  test('IPv6 literals', async () => {
    const origin = await use(answering(OK, '::1'))
    await ask(proxy.port, `GET http://[::1]:${origin.port}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    expect(origin.received[0]).toContain(`Host: [::1]:${origin.port}\r\n`)
    const [record] = await proxy.exchanges(1)
    expect(record).toMatchObject({ 'server.address': '::1', 'network.peer.address': '::1' })
  })

  test('names', async () => {
    const origin = await use(answering(OK))
    await ask(proxy.port, `GET http://LocalHost:${origin.port}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    expect(origin.received[0]).toContain(`Host: localhost:${origin.port}\r\n`)
    const [record] = await proxy.exchanges(1)
    expect(record).toMatchObject({ 'server.address': 'localhost', 'network.peer.address': '127.0.0.1' })
    expect(record?.timings).toHaveProperty('dns')
  })
})
