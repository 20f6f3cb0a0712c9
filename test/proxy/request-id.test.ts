/** The request id on the wire, in the log, on the span and in what clients are told: everywhere the same. */
import { request } from 'node:http'
import { ProxyAgent, fetch as undiciFetch } from 'undici'
import type { Settings } from '../../src/config/options'
import { type UpstreamProxy, upstreamProxy } from '../../src/config/upstream-proxy'
import { type Collector, startCollector } from '../support/collector'
import { type RunningProxy, startProxy } from '../support/proxy'
import { answering, ask, OK, RawClient, type RawOrigin, startOrigin } from '../support/sockets'

const HEADER = 'x-request-id'
const MADE = /^[0-9a-f]{32}$/

let proxy: RunningProxy
let origin: RawOrigin
let collector: Collector | undefined

async function start(options: Partial<Settings> = {}, answer = OK): Promise<void> {
  proxy = await startProxy({ requestIdHeader: HEADER, ...options })
  origin = await answering(answer)
}

afterEach(async () => {
  await proxy.stop()
  await origin.close()
  await collector?.close()
  collector = undefined
})

/** The values of the header in a message, in order. */
const idsIn = (message: string, name = HEADER): string[] =>
  [...message.matchAll(new RegExp(`^${name}: ?([^\\r]*)\\r$`, 'gim'))].map(([, id]) => id as string)

const get = (more = '', port = origin.port): string =>
  `GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\n${more}Connection: close\r\n\r\n`

async function recordedId(): Promise<unknown> {
  const [record] = await proxy.exchanges(1)
  return record?.['request.id']
}

test.each([
  ['made here', ''],
  ["the client's", 'X-Request-ID: order-17/a\r\n'],
])('%s: upstream, downstream, in log and span it is the same', async (_name, line) => {
  collector = await startCollector()
  await start({ otlpEndpoint: collector.url, queueDelay: 20 })
  const answer = await ask(proxy.port, get(line))
  const [id, ...more] = idsIn(origin.received[0] as string)
  expect(more).toEqual([])
  expect(id).toMatch(line === '' ? MADE : /^order-17\/a$/)
  expect(idsIn(answer)).toEqual([id])
  expect(await recordedId()).toBe(id)
  const [span] = await collector.waitForSpans(1)
  expect(span?.attributes['request.id']).toBe(id)
})

test('a failure tells it in header and body, and the log has it', async () => {
  await start()
  const answer = await ask(proxy.port, get('x-request-id: abc\r\n', 1))
  expect(answer).toMatch(/^HTTP\/1\.1 502 /)
  expect(idsIn(answer)).toEqual(['abc'])
  expect(answer).toMatch(/\nrequest id: abc\n$/)
  expect(await recordedId()).toBe('abc')
})

describe('what the destination gets', () => {
  test("a client's line stays byte for byte, in its place", async () => {
    await start()
    await ask(proxy.port, get('A: 1\r\nX-Request-ID:   a.b \t\r\nZ: 1\r\n'))
    expect(origin.received[0]).toContain('\r\nA: 1\r\nX-Request-ID:   a.b \t\r\nZ: 1\r\n')
  })

  test('ours comes behind what the client sent', async () => {
    await start({ inject: [] })
    await ask(proxy.port, get('A: 1\r\n'))
    expect(origin.received[0]).toMatch(/\r\nA: 1\r\nx-request-id: [0-9a-f]{32}\r\n\r\n$/)
  })

  test.each([
    ['two', 'X-Request-ID: a\r\nB: 1\r\nx-request-id: b\r\n'],
    ['an empty one', 'X-Request-ID:\r\nB: 1\r\n'],
    ['one that is too long', `X-Request-ID: ${'x'.repeat(129)}\r\nB: 1\r\n`],
    ['a forged log line', 'X-Request-ID: a","level":"error","b":"\r\nB: 1\r\n'],
    ['a list', 'X-Request-ID: a,b\r\nB: 1\r\n'],
    ['8-bit bytes', 'X-Request-ID: \xe2\x80\xa8\r\nB: 1\r\n'],
    ['markup', 'X-Request-ID: <script>alert(1)</script>\r\nB: 1\r\n'],
    ['a tab within', 'X-Request-ID: a\tb\r\nB: 1\r\n'],
  ])('%s: ours is in its place', async (_name, lines) => {
    await start()
    const answer = await ask(proxy.port, get(`A: 1\r\n${lines}C: 1\r\n`))
    const [id] = idsIn(origin.received[0] as string)
    expect(id).toMatch(MADE)
    expect(origin.received[0]).toContain(`\r\nA: 1\r\nx-request-id: ${id}\r\nB: 1\r\nC: 1\r\n`)
    expect(origin.received[0]).toMatch(/\r\nHost: 127\.0\.0\.1:\d+\r\n[\s\S]*\r\ntraceparent: /)
    expect(idsIn(answer)).toEqual([id])
    expect(await recordedId()).toBe(id)
  })

  test('with a trace that goes on beside several ids, every line is its own', async () => {
    await start()
    const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    await ask(proxy.port, get(`x-request-id: a\r\nx-request-id: b\r\ntraceparent: ${parent}\r\nZ: 1\r\n`))
    expect(origin.received[0]).toMatch(
      /\r\nx-request-id: [0-9a-f]{32}\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-(?!00f067aa0ba902b7)[0-9a-f]{16}-01\r\nZ: 1\r\n\r\n$/,
    )
  })

  test('control characters are refused with the head, as ever', async () => {
    await start()
    const answer = await ask(proxy.port, get('X-Request-ID: a\nlevel=error\r\n'))
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(idsIn(answer)[0]).toMatch(MADE)
  })

  test('replace: never what the client says', async () => {
    await start({ requestIdPolicy: 'replace' })
    const answer = await ask(proxy.port, get('X-Request-ID: abc\r\nB: 1\r\n'))
    const [id] = idsIn(origin.received[0] as string)
    expect(id).toMatch(MADE)
    expect(origin.received[0]).toContain(`x-request-id: ${id}\r\nB: 1\r\n`)
    expect(idsIn(answer)).toEqual([id])
  })

  test.each(['keep', 'replace'] as const)('a signed one is left alone: %s', async (requestIdPolicy) => {
    collector = await startCollector()
    await start({ otlpEndpoint: collector.url, queueDelay: 20, requestIdPolicy })
    const signature = 'Authorization: AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host;x-request-id, Signature=b\r\n'
    await ask(proxy.port, get(`${signature}X-Request-ID: two words\r\n`))
    expect(origin.received[0]).toContain(`${signature}X-Request-ID: two words\r\n`)
    expect(await recordedId()).toMatch(MADE)
    const [span] = await collector.waitForSpans(1)
    expect(span?.attributes['outspan.propagation.signed_fields']).toBe(HEADER)
  })

  test('a header that Connection names is for us alone: ours goes on', async () => {
    await start()
    await ask(proxy.port, get('X-Request-ID: abc\r\nConnection: x-request-id\r\n'))
    expect(idsIn(origin.received[0] as string)).toEqual([expect.stringMatching(MADE)])
  })

  test('--clear keeps it from the destination, and nothing else', async () => {
    await start({ clear: [HEADER] })
    const answer = await ask(proxy.port, get('X-Request-ID: abc\r\n'))
    expect(idsIn(origin.received[0] as string)).toEqual([])
    expect(idsIn(answer)).toEqual(['abc'])
    expect(await recordedId()).toBe('abc')
  })

  test('a header of another name', async () => {
    await start({ requestIdHeader: 'x-correlation-id' })
    const answer = await ask(proxy.port, get('X-Correlation-Id: abc\r\nX-Request-ID: other\r\n'))
    expect(idsIn(origin.received[0] as string)).toEqual(['other'])
    expect(idsIn(answer, 'x-correlation-id')).toEqual(['abc'])
    expect(await recordedId()).toBe('abc')
  })

  test('off: nothing is added, and nothing is taken over', async () => {
    await start({ requestIdHeader: 'off' })
    const answer = await ask(proxy.port, get('X-Request-ID: a"b\r\n'))
    expect(idsIn(origin.received[0] as string)).toEqual(['a"b'])
    expect(idsIn(answer)).toEqual([])
    expect(await recordedId()).toMatch(MADE)
  })
})

describe('what the client gets', () => {
  test("the destination's own id stays, and ours is not put beside it", async () => {
    await start({}, 'HTTP/1.1 200 OK\r\nX-Request-Id: req_provider\r\nContent-Length: 2\r\n\r\nok')
    const answer = await ask(proxy.port, get())
    expect(idsIn(answer)).toEqual(['req_provider'])
    expect(await recordedId()).toBe(idsIn(origin.received[0] as string)[0])
  })

  test('interim responses and trailers are left as they are; the final head has it once', async () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
    await start(
      {},
      `${interim}HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Request-Id: t\r\n\r\n`,
    )
    const answer = await ask(proxy.port, get('x-request-id: abc\r\n'))
    expect(answer.startsWith(interim)).toBe(true)
    expect(answer).toMatch(/200 OK\r\nTransfer-Encoding: chunked\r\nx-request-id: abc\r\n/)
    expect(answer.endsWith('0\r\nX-Request-Id: t\r\n\r\n')).toBe(true)
  })

  test('101', async () => {
    await start({}, 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    const client = new RawClient(proxy.port)
    client.send(
      `GET http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n`,
    )
    const answer = await client.receives('\r\n\r\n')
    expect(idsIn(answer)).toEqual(idsIn(origin.received[0] as string))
    expect(idsIn(answer)).toEqual([expect.stringMatching(MADE)])
    client.destroy()
  })

  test.each([
    ['a refused target', 'GET ftp://x/ HTTP/1.1\r\nHost: x\r\nX-Request-ID: abc\r\n\r\n', 'abc'],
    ['a refused framing', 'GET http://x/ HTTP/1.1\r\nHost: x\r\nX-Request-ID: abc\r\nContent-Length: x\r\n\r\n', 'abc'],
    ['a refused target with two ids', 'GET ftp://x/ HTTP/1.1\r\nX-Request-ID: a\r\nX-Request-ID: b\r\n\r\n', MADE],
    ['no head at all', 'nonsense\r\n\r\n', MADE],
    ['OPTIONS that ends here', 'OPTIONS http://x/ HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0\r\n\r\n', MADE],
    ['TRACE that ends here', 'TRACE http://x/ HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0\r\n\r\n', MADE],
  ])('%s', async (_name, text, id) => {
    await start()
    const [head = ''] = (await ask(proxy.port, text)).split('\r\n\r\n')
    const [told] = idsIn(`${head}\r\n`)
    expect(told).toMatch(id)
    expect(await recordedId()).toBe(told)
  })
})

describe('tunnels', () => {
  test('the answer to CONNECT has it, the destination sees nothing of it', async () => {
    await start()
    const client = new RawClient(proxy.port)
    client.send(`CONNECT 127.0.0.1:${origin.port} HTTP/1.1\r\nHost: x\r\nX-Request-ID: abc\r\n\r\nhello`)
    expect(await client.receives('\r\n\r\n')).toBe('HTTP/1.1 200 Connection established\r\nx-request-id: abc\r\n\r\n')
    client.socket.end()
    expect(await recordedId()).toBe('abc')
    expect(origin.received[0]).toBe('hello')
  })

  test('nor does an upstream proxy', async () => {
    await start()
    const upstream = await startOrigin((socket) => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    await proxy.stop()
    const through = upstreamProxy.read(`http://127.0.0.1:${upstream.port}`) as UpstreamProxy
    proxy = await startProxy({ requestIdHeader: HEADER, upstreamProxy: through, upstreamProxyBypass: [] })
    const client = new RawClient(proxy.port).send(
      'CONNECT a.example:443 HTTP/1.1\r\nHost: x\r\nX-Request-ID: abc\r\n\r\n',
    )
    await client.receives('x-request-id: abc\r\n\r\n')
    expect(idsIn(upstream.received[0] as string)).toEqual([])
    client.destroy()
    await upstream.close()
  })

  test('clients take the header in the answer to CONNECT', async () => {
    await start()
    const target = `127.0.0.1:${origin.port}`
    const headers = { 'x-request-id': 'abc' }
    const answered = await new Promise<unknown>((resolve, reject) => {
      request({ port: proxy.port, host: '127.0.0.1', method: 'CONNECT', path: target, headers })
        .once('connect', (response, socket) => {
          socket.destroy()
          resolve(response.headers)
        })
        .once('error', reject)
        .end()
    })
    expect(answered).toEqual({ 'x-request-id': 'abc' })
    const dispatcher = new ProxyAgent({ uri: proxy.url, proxyTunnel: true })
    const response = await undiciFetch(`http://${target}/`, { dispatcher })
    expect(await response.text()).toBe('ok')
    await dispatcher.close()
  })

  test('one that can not be opened', async () => {
    await start()
    const answer = await ask(proxy.port, 'CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: x\r\nX-Request-ID: abc\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 502 /)
    expect(idsIn(answer)).toEqual(['abc'])
  })
})

test('requests on one connection have each their own', async () => {
  await start()
  const one = `GET http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\n`
  const answer = await ask(proxy.port, `${one}\r\n${one}X-Request-ID: abc\r\n\r\n${one}Connection: close\r\n\r\n`)
  const ids = idsIn(answer)
  expect(ids).toEqual([expect.stringMatching(MADE), 'abc', expect.stringMatching(MADE)])
  expect(new Set(ids).size).toBe(3)
  expect(idsIn(origin.received.join(''))).toEqual(ids)
})
