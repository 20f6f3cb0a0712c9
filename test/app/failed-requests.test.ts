/** Failed requests as events, from the sockets to a receiver; and what they are when nobody takes them. */
import { eventually, type RunningProxy, startProxy } from '../support/proxy'
import { type Receiver, startReceiver } from '../support/receiver'
import { answering, ask, OK, RawClient, type RawOrigin, startOrigin } from '../support/sockets'

type Entry = Record<string, unknown>

let origin: RawOrigin
let receiver: Receiver
let proxy: RunningProxy

beforeEach(async () => {
  origin = await answering('HTTP/1.1 503 Unavailable\r\nX-Name: value\r\nContent-Length: 2\r\n\r\nno')
  receiver = await startReceiver()
})

afterEach(async () => {
  await proxy.stop()
  await receiver.close()
  await origin.close()
})

async function start(settings: Parameters<typeof startProxy>[0] = {}): Promise<void> {
  const otlp = { otlpEndpoint: receiver.url, otlpProtocol: 'http/json', queueDelay: 20, signals: ['logs'] } as const
  proxy = await startProxy({ ...otlp, ...settings })
}

async function call(url = `http://127.0.0.1:${origin.port}/`, lines = ''): Promise<string> {
  return ask(proxy.port, `GET ${url} HTTP/1.1\r\nHost: x\r\n${lines}Connection: close\r\n\r\n`)
}

/** The log records that have arrived, but for those of the access log. */
function events(): Entry[] {
  return receiver.requests
    .flatMap(({ body }) => JSON.parse(body.toString()).resourceLogs as Entry[])
    .flatMap(({ scopeLogs }) => scopeLogs as Entry[])
    .flatMap(({ logRecords }) => logRecords as Entry[])
    .filter(({ eventName }) => eventName !== 'outspan.access' && eventName !== undefined)
}

interface Books {
  readonly observed: number
  readonly exported: number
  readonly filtered: Readonly<Record<string, number>>
}

async function logBooks(): Promise<Books> {
  const { logs } = (await (await fetch(`${proxy.adminUrl}/ledger`)).json()) as { logs: Books }
  return logs
}

/** Until all that was observed has left. */
async function settled(observed: number): Promise<Books> {
  return eventually(async () => {
    const books = await logBooks()
    const left = Object.values(books.filtered).reduce((sum, each) => sum + each, 0)
    return books.observed === observed && books.exported + left === observed ? books : undefined
  }, `${observed} entries in the books`)
}

async function counted(): Promise<string[]> {
  const text = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
  return text.split('\n').filter((line) => /^outspan_(failed_requests|telemetry_filtered)_total/.test(line))
}

test('one event each, and the books close', async () => {
  await start()
  await call()
  await call('http://127.0.0.1:1/')
  // An access-log record each, and an event.
  expect(await settled(4)).toMatchObject({ exported: 4, filtered: {} })
  expect(events().map(({ eventName }) => eventName)).toEqual([
    'outspan.http.client.request.failed',
    'http.client.request.exception',
  ])
  expect(await counted()).toEqual([
    'outspan_failed_requests_total{kind="response"} 1',
    'outspan_failed_requests_total{kind="exception"} 1',
  ])
})

test('what fails elsewhere is filtered, by name', async () => {
  await start({ failedRequestTargets: ['host:*.example', 'regex:http://a/.*'] })
  await call()
  await call('http://127.0.0.1:1/')
  expect(await settled(4)).toMatchObject({ exported: 2, filtered: { failed_request_targets: 2 } })
  expect(events()).toEqual([])
  expect(await counted()).toContain('outspan_telemetry_filtered_total{signal="logs",filter="failed_request_targets"} 2')
})

test.each([{ failedRequests: [] }, { failedRequestTargets: [] }])('with %j there are none', async (settings) => {
  await start(settings)
  await call()
  expect(await settled(1)).toMatchObject({ exported: 1, filtered: {} })
  expect(events()).toEqual([])
  expect(await counted()).toEqual([])
})

test('where logs go nowhere nothing is computed', async () => {
  await start({ signals: ['traces'] })
  await call()
  await proxy.exchanges(1)
  expect(await counted()).toEqual([])
  expect(await logBooks()).toMatchObject({ observed: 0 })
})

test('filters of the access log are not about events', async () => {
  await start({ accessLogStatuses: ['200'] })
  await call()
  expect(await settled(2)).toMatchObject({ exported: 1, filtered: { access_log: 1 } })
  expect(events()).toHaveLength(1)
})

test('a client that leaves is none; a response that is cut short is one', async () => {
  const silent = await startOrigin(() => {})
  const cutting = await startOrigin((socket) => {
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart')
  })
  await start()
  const client = new RawClient(proxy.port)
  client.send(`GET http://127.0.0.1:${silent.port}/ HTTP/1.1\r\nHost: x\r\n\r\n`)
  await eventually(() => silent.received[0] || undefined, 'the request')
  client.destroy()
  await proxy.exchanges(1)
  await call(`http://127.0.0.1:${cutting.port}/`)
  await settled(3)
  expect(events()).toHaveLength(1)
  expect(JSON.stringify(events()[0])).toContain('"exception.type","value":{"stringValue":"response_truncated"}')
  await silent.close()
  await cutting.close()
})

test('a request that was refused went nowhere, and is none', async () => {
  await start()
  await ask(proxy.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await settled(1)
  expect(events()).toEqual([])
})

test('breadcrumbs are what was before in the trace, and in no other', async () => {
  const fine = await answering(OK)
  await start()
  const trace = (digit: string) => `traceparent: 00-${digit.repeat(32)}-00f067aa0ba902b7-01\r\n`
  await call(`http://127.0.0.1:${fine.port}/first?secret=1`, trace('a'))
  await call(`http://127.0.0.1:${fine.port}/other`, trace('b'))
  await call(undefined, trace('a'))
  await call(undefined, trace('a'))
  await settled(6)
  const crumbs = events().map((event) =>
    JSON.stringify(event)
      .match(/"stringValue":"http[^"]*"/g)
      ?.slice(1),
  )
  const shown = (port: number, path: string) => `"stringValue":"http://127.0.0.1:${port}${path}"`
  expect(crumbs).toEqual([[shown(fine.port, '/first')], [shown(fine.port, '/first'), shown(origin.port, '/')]])
  await fine.close()
})
