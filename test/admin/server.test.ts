import { connect } from 'node:net'
import { AdminServer, type AdminSource } from '../../src/admin/server'
import { describe as describeSettings } from '../../src/app/in-force'
import { resolve } from '../../src/config/resolve'
import { single } from '../../src/telemetry/metrics'

const records = ['{"n":5}', '{"n":4}', '{"n":3}', '{"n":2}', '{"n":1}']

let isReady: boolean
let server: AdminServer
let url: string
let port: number

const source: AdminSource = {
  isReady: () => isReady,
  metrics: () => [single('counter', 'outspan.test', '{thing}', 'Things.', 7)],
  exchanges: () => [...records],
  ledger: () => ({ traces: { observed: 3 } }),
  config: () => ({ 'service.name': { value: 'ä', origin: 'default' } }),
  startTime: 1_700_000_000_000,
}

beforeEach(async () => {
  isReady = true
  server = new AdminServer(source)
  port = (await server.listen({ host: '127.0.0.1', port: 0 })).port
  url = `http://127.0.0.1:${port}`
})

afterEach(() => server.close())

/** What comes back for bytes, as text. */
function exchangeBytes(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1')
    socket.setEncoding('latin1').on('data', (part) => {
      answer += part
    })
    socket.once('error', reject).once('close', () => resolve(answer))
    socket.write(text)
  })
}

describe('pages', () => {
  test.each([
    ['/livez', 'text/plain; charset=utf-8', /^ok\n$/],
    ['/readyz', 'text/plain; charset=utf-8', /^ok\n$/],
    ['/metrics', 'text/plain; version=0.0.4; charset=utf-8', /^outspan_test_total 7( \d+)?$/m],
    ['/exchanges', 'application/json; charset=utf-8', /^\[\{"n":5\},/],
    ['/ledger', 'application/json; charset=utf-8', /"observed": 3/],
    ['/config', 'application/json; charset=utf-8', /"value": "ä"/],
  ])('%s', async (path, type, body) => {
    const response = await fetch(url + path)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe(type)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    const text = await response.text()
    expect(text).toMatch(body)
    expect(text).toMatch(/\n$/)
    expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(text)))
  })

  test.each(['/livez', '/readyz', '/metrics', '/exchanges', '/config'])(
    'HEAD %s: the head of GET alone',
    async (path) => {
      const [get, head] = await Promise.all([fetch(url + path), fetch(url + path, { method: 'HEAD' })])
      expect(head.status).toBe(200)
      const ofConnection = ['date', 'connection', 'keep-alive']
      const headersOf = ({ headers }: Response) => [...headers].filter(([name]) => !ofConnection.includes(name))
      expect(headersOf(head)).toEqual(headersOf(get))
      expect([await head.text(), (await get.text()).length > 0]).toEqual(['', true])
      const answer = await exchangeBytes(`HEAD ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n$/)
    },
  )

  test('a query does not change the page', async () => {
    expect((await fetch(`${url}/livez?verbose=1`)).status).toBe(200)
    expect((await fetch(`${url}/livez?`)).status).toBe(200)
    expect((await fetch(`${url}/livez?a?b`)).status).toBe(200)
  })
})

describe('/readyz', () => {
  test('says 503 while it is not ready, and 200 when it is', async () => {
    isReady = false
    const response = await fetch(`${url}/readyz`)
    expect([response.status, await response.text()]).toEqual([503, 'not ready\n'])
    expect((await fetch(`${url}/readyz`, { method: 'HEAD' })).status).toBe(503)
    expect((await fetch(`${url}/livez`)).status).toBe(200)
    isReady = true
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
  })
})

describe('/exchanges', () => {
  const exchanges = async (query: string): Promise<unknown> => (await fetch(`${url}/exchanges${query}`)).json()
  const newest = (count: number) => [5, 4, 3, 2, 1].slice(0, count).map((n) => ({ n }))

  test.each([
    ['', 5],
    ['?limit=1', 1],
    ['?limit=3', 3],
    ['?limit=5', 5],
    ['?limit=6', 5],
    ['?limit=1000000', 5],
    ['?limit=0', 0],
    ['?other=1', 5],
    ['?other=1&limit=2', 2],
  ])('%s: the newest %d, newest first', async (query, count) => {
    expect(await exchanges(query)).toEqual(newest(count))
  })

  test.each(['-1', '-5', 'abc', '1.5', '1e1', '0x2', '', ' ', 'NaN', 'Infinity', '1,2', '99999999999999999999'])(
    'limit=%j is no number of exchanges: 400 that names it',
    async (limit) => {
      const response = await fetch(`${url}/exchanges?limit=${encodeURIComponent(limit)}`)
      expect(response.status).toBe(400)
      expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
      expect(await response.text()).toMatch(/limit/)
    },
  )

  test('none yet: an empty list', async () => {
    const empty = new AdminServer({ ...source, exchanges: () => [] })
    const address = await empty.listen({ host: '127.0.0.1', port: 0 })
    const response = await fetch(`http://127.0.0.1:${address.port}/exchanges`)
    expect(await response.json()).toEqual([])
    await empty.close()
  })
})

describe('/config', () => {
  test('masks secrets', async () => {
    const flags = new Map([
      ['--otlp-header', ['authorization=geheim', 'x-tenant=geheim']],
      ['--otlp-endpoint', ['http://collector:4317']],
    ])
    const { settings, origins } = resolve({ flags, environment: {}, file: undefined })
    // Userinfo is refused where settings are read; it would not show even if it came through.
    const otlpEndpoint = 'http://user:geheim@collector:4317'
    const withSecrets = new AdminServer({
      ...source,
      config: () => describeSettings({ ...settings, otlpEndpoint }, origins),
    })
    const address = await withSecrets.listen({ host: '127.0.0.1', port: 0 })
    const text = await (await fetch(`http://127.0.0.1:${address.port}/config`)).text()
    await withSecrets.close()
    expect(text).not.toContain('geheim')
    expect(JSON.parse(text)).toMatchObject({
      'otlp.headers': { value: { authorization: '[redacted]', 'x-tenant': '[redacted]' }, origin: '--otlp-header' },
      'otlp.endpoint': { value: 'http://[redacted]@collector:4317', origin: '--otlp-endpoint' },
    })
  })
})

describe('what there is not', () => {
  test.each(['/', '/livez/', '//livez', '/LIVEZ', '/metric', '/config/x', '/__proto__', '/constructor', '/%6civez'])(
    '%s: 404 that says what there is',
    async (path) => {
      const answer = await exchangeBytes(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      expect(answer).toMatch(/^HTTP\/1\.1 404 /)
      expect(answer).toMatch(/\/livez, \/readyz, \/metrics, \/exchanges, \/ledger, \/config/)
    },
  )

  test.each(['__proto__', 'constructor', 'toString', '*', 'http://example.com/livez'])(
    'the target %s: 404',
    async (target) => {
      const answer = await exchangeBytes(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      expect(answer).toMatch(/^HTTP\/1\.1 40[04] /)
    },
  )

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s of a page: 405 with Allow', async (method) => {
    const response = await fetch(`${url}/livez`, { method })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  test('POST of no page: 404, without Allow', async () => {
    const response = await fetch(`${url}/drain-now`, { method: 'POST' })
    expect([response.status, response.headers.get('allow')]).toEqual([404, null])
  })

  test('a POST with a body leaves the connection in order', async () => {
    const body = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n'
    const answer = await exchangeBytes(
      `POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}` +
        'GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    )
    expect(answer.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 405', 'HTTP/1.1 200'])
  })

  test('what is no HTTP: 400', async () => {
    expect(await exchangeBytes('hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
  })
})

describe('the address', () => {
  test('has its port filled in', () => {
    expect(port).toBeGreaterThan(0)
  })

  test('IPv6', async () => {
    const other = new AdminServer(source)
    const address = await other.listen({ host: '::1', port: 0 })
    expect(address.host).toBe('::1')
    expect((await fetch(`http://[::1]:${address.port}/livez`)).status).toBe(200)
    await other.close()
  })

  test('that is taken rejects', async () => {
    const other = new AdminServer(source)
    await expect(other.listen({ host: '127.0.0.1', port })).rejects.toThrow(/EADDRINUSE/)
    await other.close()
  })

  test('close ends open connections, answers nobody afterwards, and does not wait for clients', async () => {
    const idle = connect(port, '127.0.0.1')
    await new Promise<void>((resolve) => idle.once('connect', resolve))
    const ended = new Promise<void>((resolve) => idle.once('close', () => resolve()))
    idle.on('error', () => {}).resume()
    await fetch(`${url}/livez`)
    await server.close()
    await ended
    await expect(fetch(`${url}/livez`)).rejects.toThrow()
  })
})
