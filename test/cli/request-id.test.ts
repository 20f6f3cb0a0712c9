import { type IncomingHttpHeaders, request } from 'node:http'
import { eventually } from '../support/proxy'
import { type Receiver, startReceiver } from '../support/receiver'
import { endAll, run, start } from './binary'

const free = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--drain-quiet', '50ms']

let destination: Receiver

beforeAll(async () => {
  destination = await startReceiver()
})

afterEach(endAll)

afterAll(() => destination.close())

/** The id that the destination got with a request for that path. */
const received = (path: string): unknown =>
  destination.requests.find((each) => each.url === path)?.headers['x-request-id']

/** The headers of the answer to a GET on a connection of its own. */
function headersOf(proxy: string, target: string, headers: Record<string, string>): Promise<IncomingHttpHeaders> {
  const { hostname: host, port } = new URL(proxy)
  return new Promise((resolve, reject) => {
    request({ host, port, path: target, headers: { host: 'x', connection: 'close', ...headers } }, (response) => {
      response.resume().once('end', () => resolve(response.headers))
    })
      .once('error', reject)
      .end()
  })
}

test.each(['1', '2'])(
  'with %s processes ids are the same on both sides and in the log, and no two are alike',
  async (workers) => {
    const outspan = start([...free, '--workers', workers])
    const { proxy } = await outspan.ready()
    const told = new Map<string, unknown>()
    for (let i = 0; i < 6; i++) {
      const headers = i % 3 === 2 ? { 'X-Request-ID': `own-${i}` } : i % 3 === 1 ? { 'X-Request-ID': 'not sound' } : {}
      const path = `${workers}-${i}`
      told.set(
        `/${path}`,
        (await headersOf(proxy, `${destination.url}/${path}`, headers as Record<string, string>))['x-request-id'],
      )
    }
    const lines = await eventually(() => {
      const found = outspan.stdout().split('\n').filter(Boolean)
      return found.length === told.size ? found : undefined
    }, 'all lines')
    for (const line of lines) {
      const record = JSON.parse(line)
      const { pathname } = new URL(record['url.full'])
      expect(record['request.id']).toBe(told.get(pathname))
      expect(record['request.id']).toBe(received(pathname))
      expect(record['request.id']).toMatch(
        pathname.endsWith('2') || pathname.endsWith('5') ? /^own-/ : /^[0-9a-f]{32}$/,
      )
    }
    expect(new Set(told.values()).size).toBe(6)
  },
)

test('off, by flag and by variable', async () => {
  for (const started of [
    start([...free, '--request-id-header', 'off']),
    start(free, { OUTSPAN_REQUEST_ID_HEADER: 'off' }),
  ]) {
    const { proxy } = await started.ready()
    expect(await headersOf(proxy, `${destination.url}/off`, {})).not.toHaveProperty('x-request-id')
    expect(received('/off')).toBeUndefined()
  }
})

test('a header that can not be it, and a policy that is none, are told at once', async () => {
  const { code, stderr } = await run(['check', '--request-id-header', 'Host', '--request-id-policy', 'trust'])
  expect(code).toBe(64)
  expect(stderr).toMatch(/--request-id-header: "Host" is a header with a meaning of its own/)
  expect(stderr).toMatch(/--request-id-policy: "trust" is none of keep, replace/)
})
