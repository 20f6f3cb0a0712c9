/** Field lines on the record: as they came, and only where they are asked for. */
import { coursesOf } from '../../src/app/propagation'
import { systemClock, systemRandom } from '../../src/app/world'
import { resolve } from '../../src/config/resolve'
import type { Exchange } from '../../src/model/exchange'
import { Listener } from '../../src/proxy/listener'
import { Road } from '../../src/proxy/road'
import { redactUrl } from '../../src/telemetry/redact'
import { UpstreamPool } from '../../src/upstream/pool'
import { Resolver } from '../../src/upstream/resolver'
import { eventually } from '../support/proxy'
import { ask, RawClient, type RawOrigin, startOrigin } from '../support/sockets'

const { settings } = resolve({ flags: new Map(), environment: {}, file: undefined })

const ended: Exchange[] = []
let origin: RawOrigin
let listener: Listener
let port: number

/** The exchanges that are over, once there are so many. */
const ends = (count: number): Promise<Exchange[]> =>
  eventually(() => (ended.length === count ? ended : undefined), `${count} ends`)

const hello =
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-One: 1\r\nx-one:2\r\n\r\nok'
const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: chat\r\nX-Chat: yes\r\n\r\n'

async function listen(keepsLines: boolean): Promise<void> {
  const clock = systemClock()
  const random = systemRandom()
  const courses = coursesOf(settings, random)
  const timeouts = { connect: 20_000, responseHead: 20_000, idle: 1000, connectionsPerDestination: 10 }
  const road = new Road({
    clock,
    random,
    propagationOf: (destination, method, path) => courses.of(destination, method, path).propagation,
    responseTraceHeader: 'x-trace',
    upstreams: new UpstreamPool(timeouts, clock, new Resolver(0, clock), () => false),
    egress: undefined,
    via: 'us',
    knownMethods: new Set(['GET']),
    redactUrl,
    annotator: undefined,
    timeouts: { body: 0, tunnelIdle: 0 },
    requestIdHeader: undefined,
    keepsLines,
    onExchange: (exchange) => ended.push(exchange),
  })
  const limits = { headBytes: 8192, requestHead: 20_000, headLines: 100, clientIdle: 0 }
  listener = new Listener(road, { ...limits, connections: 10, sweep: 1000 }, () => {})
  port = (await listener.listen({ host: '127.0.0.1', port: 0 })).port
}

beforeEach(async () => {
  ended.length = 0
  origin = await startOrigin((socket, received) => {
    if (!received.endsWith('\r\n\r\n')) return
    if (/upgrade: chat/i.test(received)) socket.end(switching)
    else socket.write(hello)
  })
})

afterEach(async () => {
  await listener.drain(100, 10)
  await origin.close()
})

const request = (lines: string[]): string =>
  [`GET http://127.0.0.1:${origin.port}/ HTTP/1.1`, 'Host: x', ...lines, '', ''].join('\r\n')

const sent = ['X-Two: a', 'x-two:b', 'Authorization: Basic c2VjcmV0', 'Connection: close']

test('those of the request and of the final response, as they came', async () => {
  await listen(true)
  await ask(port, request(sent))
  const [exchange] = await ends(1)
  expect(exchange?.requestLines).toEqual(['Host: x', ...sent])
  expect(exchange?.responseLines).toEqual(['Content-Length: 2', 'X-One: 1', 'x-one:2'])
})

test('those of a connection that switches protocols', async () => {
  await listen(true)
  const client = new RawClient(port, { allowHalfOpen: true }).send(request(['Connection: upgrade', 'Upgrade: chat']))
  await client.receives('101')
  client.socket.end()
  await client.closed()
  const [exchange] = await ends(1)
  expect(exchange?.responseLines).toEqual(['Connection: upgrade', 'Upgrade: chat', 'X-Chat: yes'])
})

test('those of a request that is refused or that fails; what we say ourselves is no answer of an upstream', async () => {
  await listen(true)
  await ask(port, 'GET / HTTP/1.1\r\nHost: x\r\nX-Mine: 1\r\n\r\n')
  await ask(port, 'GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  await ask(port, 'CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n')
  const exchanges = await ends(3)
  expect(exchanges.map(({ requestLines }) => requestLines)).toEqual([
    ['Host: x', 'X-Mine: 1'],
    ['Host: x', 'Connection: close'],
    ['Host: 127.0.0.1:1'],
  ])
  expect(exchanges.map(({ responseLines }) => responseLines)).toEqual([undefined, undefined, undefined])
})

test('none where nobody asks for them', async () => {
  await listen(false)
  await ask(port, request(sent))
  const [exchange] = await ends(1)
  expect(exchange?.requestLines).toBeUndefined()
  expect(exchange?.responseLines).toBeUndefined()
})
