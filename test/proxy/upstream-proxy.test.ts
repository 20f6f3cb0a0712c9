import type { Settings } from '../../src/config/options'
import type { UpstreamProxy } from '../../src/config/upstream-proxy'
import { upstreamProxy } from '../../src/config/upstream-proxy'
import { type RunningProxy, startProxy } from '../support/proxy'
import { answering, ask, freePort, OK, RawClient, type RawOrigin, startOrigin } from '../support/sockets'

let origin: RawOrigin
/** Another proxy, which says what it is told to. */
let other: RawOrigin
const running: RunningProxy[] = []

const through = (port: number, credentials = ''): UpstreamProxy =>
  upstreamProxy.read(`http://${credentials}127.0.0.1:${port}`) as UpstreamProxy

async function start(settings: Partial<Settings>): Promise<RunningProxy> {
  const proxy = await startProxy({ upstreamProxyBypass: [], ...settings })
  running.push(proxy)
  return proxy
}

beforeEach(async () => {
  origin = await answering(OK)
})

afterEach(async () => {
  await Promise.all(running.splice(0).map((proxy) => proxy.stop()))
  await origin.close()
  await other?.close()
})

const get = (path = '/a?b', host = `127.0.0.1:${origin.port}`): string =>
  `GET http://${host}${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`

test('a request goes through in absolute form, with the credentials and the trace', async () => {
  other = await answering(OK)
  const proxy = await start({ upstreamProxy: through(other.port, 'us%20er:p%40ss@') })
  expect(await ask(proxy.port, get())).toMatch(/^HTTP\/1.1 200 OK\r\n/)
  const [received] = other.received
  expect(received).toMatch(
    new RegExp(
      `^GET http://127\\.0\\.0\\.1:${origin.port}/a\\?b HTTP/1\\.1\\r\\nHost: 127\\.0\\.0\\.1:${origin.port}\\r\\n`,
    ),
  )
  expect(received).toContain(`\r\nProxy-Authorization: Basic ${Buffer.from('us er:p@ss').toString('base64')}\r\n`)
  expect(received).toContain('\r\ntraceparent: ')
  const [record] = await proxy.exchanges(1)
  expect(record).toMatchObject({ 'server.port': origin.port, 'network.peer.port': other.port })
  expect(origin.sockets).toHaveLength(0)
  const config = await (await fetch(`${proxy.adminUrl}/config`)).text()
  expect(config).toContain(`http://[redacted]@127.0.0.1:${other.port}`)
  expect(config + JSON.stringify(record)).not.toMatch(/p@ss|p%40ss|dXMgZXI6cEBzcw/)
})

test('two of us in a row, and their spans follow one another', async () => {
  const second = await start({})
  const first = await start({ upstreamProxy: through(second.port) })
  expect(await ask(first.port, get())).toMatch(/ok$/)
  const [near] = await first.exchanges(1)
  const [far] = await second.exchanges(1)
  expect(far?.parent_span_id).toBe(near?.span_id)
  expect(origin.received[0]).toContain(String(far?.span_id))
})

test('a tunnel goes through by CONNECT', async () => {
  const second = await start({})
  const first = await start({ upstreamProxy: through(second.port) })
  const client = new RawClient(first.port).send(
    `CONNECT 127.0.0.1:${origin.port} HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n\r\n`,
  )
  expect(await client.receives('ok')).toMatch(/^HTTP\/1.1 200 Connection established\r\n\r\nHTTP\/1.1 200 OK/)
  client.socket.end()
  await client.closed()
  expect((await second.exchanges(1))[0]).toMatchObject({ 'http.request.method': 'CONNECT' })
})

test('what the destination says at once behind the answer to CONNECT arrives', async () => {
  other = await startOrigin((socket) => {
    socket.write('HTTP/1.1 200 Fine\r\nX: ')
    setTimeout(() => socket.write('y\r\n\r\nhello'), 20)
  })
  const proxy = await start({ upstreamProxy: through(other.port, 'a:b@') })
  const client = new RawClient(proxy.port).send('CONNECT far.example:443 HTTP/1.1\r\nHost: x\r\n\r\n')
  expect(await client.receives('hello')).toBe('HTTP/1.1 200 Connection established\r\n\r\nhello')
  expect(other.received[0]).toBe(
    'CONNECT far.example:443 HTTP/1.1\r\nHost: far.example:443\r\nProxy-Authorization: Basic YTpi\r\n\r\n',
  )
  client.destroy()
})

test('interim responses of a proxy are no answer to CONNECT', async () => {
  other = await startOrigin((socket) => {
    socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 20')
    setTimeout(() => socket.write('0 Fine\r\n\r\nhello'), 20)
  })
  const proxy = await start({ upstreamProxy: through(other.port) })
  const client = new RawClient(proxy.port).send('CONNECT far.example:443 HTTP/1.1\r\nHost: x\r\n\r\n')
  expect(await client.receives('hello')).toBe('HTTP/1.1 200 Connection established\r\n\r\nhello')
  client.destroy()
})

test.each<[string, string, RegExp]>([
  [
    'wants other credentials',
    'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n',
    /upstream_proxy_refused \(status 407\)/,
  ],
  ['refuses', 'HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n', /upstream_proxy_refused \(status 403\)/],
  ['makes no sense', 'hello\r\n\r\n', /bad_response/],
  ['switches', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', /upstream_proxy_refused \(status 101\)/],
  ['never comes to the point', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(3000), /bad_response/],
])('a proxy that %s: CONNECT gets 502 with the cause', async (_name, answer, cause) => {
  other = await answering(answer)
  const proxy = await start({ upstreamProxy: through(other.port) })
  const text = await ask(proxy.port, 'CONNECT far.example:443 HTTP/1.1\r\nHost: x\r\n\r\n')
  expect(text).toMatch(/^HTTP\/1.1 502 /)
  expect(text).toMatch(cause)
})

test('a proxy that closes or is not there', async () => {
  other = await startOrigin((socket) => socket.end())
  const closing = await start({ upstreamProxy: through(other.port) })
  expect(await ask(closing.port, 'CONNECT far.example:443 HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(/upstream_closed/)
  const refused = await start({ upstreamProxy: through(await freePort()) })
  expect(await ask(refused.port, get())).toMatch(/^HTTP\/1.1 502 [\s\S]*upstream proxy: 127[\s\S]*connection_refused/)
})

test('a proxy that never answers CONNECT is given up', async () => {
  other = await startOrigin(() => {})
  const proxy = await start({ upstreamProxy: through(other.port), responseHeadTimeout: 150 })
  expect(await ask(proxy.port, 'CONNECT far.example:443 HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(
    /^HTTP\/1.1 504 [\s\S]*response_timeout/,
  )
})

test('407 of the proxy is no answer for the client, who knows nothing of it', async () => {
  other = await answering('HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n')
  const proxy = await start({ upstreamProxy: through(other.port) })
  expect(await ask(proxy.port, get())).toMatch(/^HTTP\/1.1 502 [\s\S]*upstream_proxy_refused/)
})

test('OPTIONS about the server as a whole has no path for the proxy', async () => {
  other = await answering(OK)
  const proxy = await start({ upstreamProxy: through(other.port) })
  await ask(proxy.port, 'OPTIONS http://far.example HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  expect(other.received[0]).toMatch(/^OPTIONS http:\/\/far\.example HTTP\/1\.1\r\n/)
})

test('a bypassed destination, and one that a rule sends straight, are called directly', async () => {
  other = await answering('HTTP/1.1 200 Other\r\nContent-Length: 0\r\n\r\n')
  const bypassed = await start({
    upstreamProxy: through(other.port),
    upstreamProxyBypass: [`127.0.0.1:${origin.port}`],
  })
  expect(await ask(bypassed.port, get())).toMatch(/200 OK/)
  expect(await ask(bypassed.port, get('/', '127.0.0.1:1'))).toMatch(/200 Other/)
  const ruled = await start({
    upstreamProxy: through(other.port),
    upstreamProxyRules: [{ name: 'a', match: { paths: ['/straight'] }, proxy: undefined }],
  })
  expect(await ask(ruled.port, get('/straight/1'))).toMatch(/200 OK/)
  expect(await ask(ruled.port, get('/other'))).toMatch(/200 Other/)
  const onlyRule = await start({
    upstreamProxyRules: [{ name: 'a', match: { paths: ['/far'] }, proxy: through(other.port) }],
  })
  expect(await ask(onlyRule.port, get('/far'))).toMatch(/200 Other/)
  expect(await ask(onlyRule.port, get('/near'))).toMatch(/200 OK/)
})
