/** A message among many proxies: loops, Via, Max-Forwards. */
import { type UpstreamProxy, upstreamProxy } from '../../src/config/upstream-proxy'
import { type RunningProxy, startProxy } from '../support/proxy'
import { answering, ask, freePort, OK, type RawOrigin } from '../support/sockets'

let proxy: RunningProxy
let origin: RawOrigin

beforeEach(async () => {
  origin = await answering(OK)
})

afterEach(async () => {
  await proxy.stop()
  await origin.close()
})

const request = (method: string, lines: readonly string[] = [], host = `127.0.0.1:${origin.port}`): string =>
  `${method} http://${host}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`

describe('loops', () => {
  const open = (host: string) => `CONNECT ${host}:${proxy.port} HTTP/1.1\r\nHost: x\r\n\r\n`

  test('an upstream proxy that is outspan itself', async () => {
    const port = await freePort()
    const self = upstreamProxy.read(`http://127.0.0.1:${port}`) as UpstreamProxy
    proxy = await startProxy({ listen: { host: '127.0.0.1', port }, upstreamProxy: self, upstreamProxyBypass: [] })
    expect(await ask(port, request('GET'))).toMatch(/^HTTP\/1.1 508 [\s\S]*cause: loop/)
    expect(await ask(port, 'CONNECT far.example:443 HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(/^HTTP\/1.1 508 /)
    expect(await proxy.exchanges(2)).toHaveLength(2)
    expect(origin.sockets).toHaveLength(0)
  })

  test.each(['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]'])('a call to outspan itself, as %s', async (host) => {
    proxy = await startProxy()
    expect(await ask(proxy.port, request('GET', [], `${host}:${proxy.port}`))).toMatch(/^HTTP\/1.1 508 /)
    expect(await ask(proxy.port, open(host))).toMatch(/^HTTP\/1.1 508 /)
  })

  test('on every address of the machine, where it listens on all', async () => {
    proxy = await startProxy({ listen: { host: '0.0.0.0', port: 0 } })
    for (const host of ['127.0.0.1', '127.0.0.2']) expect(await ask(proxy.port, open(host))).toMatch(/^HTTP\/1.1 508 /)
  })

  test('another port of the machine is no loop', async () => {
    proxy = await startProxy({ listen: { host: '0.0.0.0', port: 0 } })
    expect(await ask(proxy.port, request('GET'))).toMatch(/ok$/)
  })
})

describe('Via', () => {
  test('is added to requests and responses behind those of others', async () => {
    await origin.close()
    origin = await answering('HTTP/1.0 200 OK\r\nVia: 1.1 a\r\nContent-Length: 2\r\n\r\nok')
    proxy = await startProxy({ via: 'pod-7' })
    const answer = await ask(proxy.port, request('GET', ['Via: 1.0 fred, 1.1 p.example.net (Apache/1.1)']))
    expect(origin.received[0]).toMatch(
      /\r\nVia: 1\.0 fred, 1\.1 p\.example\.net \(Apache\/1\.1\)\r\n[\s\S]*\r\nVia: 1\.1 pod-7\r\n/,
    )
    expect(answer).toMatch(/\r\nVia: 1\.1 a\r\n[\s\S]*Via: 1\.0 pod-7\r\n/)
  })

  test.each(['Via: 1.1 pod-7', 'via: 1.0 fred,HTTP/1.1\tPOD-7 (x)'])('%s has been here', async (line) => {
    proxy = await startProxy({ via: 'pod-7' })
    expect(await ask(proxy.port, request('GET', [line]))).toMatch(/^HTTP\/1.1 508 [\s\S]*Via header/)
    expect(origin.sockets).toHaveLength(0)
  })

  test.each(['Via: 1.1 pod-77', 'Via: pod-7', 'Via: 1.1 x (1.1 pod-7)', 'Via: 1.1 a (x, 1.1 pod-7 (y)), 1.0 b'])(
    '%s has not',
    async (line) => {
      proxy = await startProxy({ via: 'pod-7' })
      expect(await ask(proxy.port, request('GET', [line]))).toMatch(/ok$/)
    },
  )

  test('can not be nominated away', async () => {
    proxy = await startProxy({ via: 'pod-7' })
    expect(await ask(proxy.port, request('GET', ['Via: 1.1 pod-7', 'Connection: via']))).toMatch(/^HTTP\/1.1 508 /)
  })

  test('is nobody’s business by default', async () => {
    proxy = await startProxy()
    expect(await ask(proxy.port, request('GET'))).not.toMatch(/via/i)
    expect(origin.received[0]).not.toMatch(/via/i)
  })
})

describe('Max-Forwards', () => {
  test.each(['TRACE', 'OPTIONS'])('%s with 5 goes on with 4', async (method) => {
    proxy = await startProxy()
    expect(await ask(proxy.port, request(method, ['max-forwards: 5']))).toMatch(/ok$/)
    expect(origin.received[0]).toMatch(/\r\nMax-Forwards: 4\r\n/)
  })

  test('OPTIONS with 0 is answered here', async () => {
    proxy = await startProxy()
    expect(await ask(proxy.port, request('OPTIONS', ['Max-Forwards: 0']))).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    )
    expect(origin.sockets).toHaveLength(0)
    const [record] = await proxy.exchanges(1)
    expect(record).toMatchObject({ 'proxy.response.status_code': 200 })
    expect(record).not.toHaveProperty('http.response.status_code')
  })

  test('TRACE with 0 tells what has arrived, but no secrets', async () => {
    proxy = await startProxy()
    const answer = await ask(
      proxy.port,
      request('TRACE', ['X: y', 'Max-Forwards: 0', 'Authorization: s3cret', 'Cookie: s3cret']),
    )
    expect(answer).toMatch(/\r\nContent-Type: message\/http\r\n/)
    expect(answer.split('\r\n\r\n')[1]).toBe(
      `TRACE http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: y\r\nMax-Forwards: 0`,
    )
    expect(origin.sockets).toHaveLength(0)
  })

  test.each([
    ['GET', 'Max-Forwards: 0'],
    ['OPTIONS', 'Max-Forwards: x'],
    ['OPTIONS', 'Max-Forwards: -1'],
  ])('%s with %s goes on as it is', async (method, line) => {
    proxy = await startProxy()
    expect(await ask(proxy.port, request(method, [line]))).toMatch(/ok$/)
    expect(origin.received[0]).toContain(`\r\n${line}\r\n`)
  })
})
