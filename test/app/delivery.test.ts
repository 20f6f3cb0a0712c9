/** The way out as a whole: what the program's books say is what a receiver counts, whatever becomes of the receiver. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Settings } from '../../src/config/options'
import type { Signal } from '../../src/export/exporter'
import { createLogger, type Logger } from '../../src/log/logger'
import { decodedRequest } from '../support/otlp-whole'
import { eventually, type RunningProxy, startProxy } from '../support/proxy'
import { type Receiver, startReceiver } from '../support/receiver'
import { answering, ask, OK, type RawOrigin } from '../support/sockets'

interface Books {
  readonly observed: number
  readonly exported: number
  readonly sampled_out: number
  readonly filtered: Readonly<Record<string, number>>
  readonly dropped: Readonly<Record<string, number>>
  readonly queued: number
  readonly spooled: number
}

type Entry = Record<string, unknown>
type Requests = { resourceSpans?: Entry[]; resourceLogs?: Entry[]; resourceMetrics?: Entry[] }

let origin: RawOrigin
let receiver: Receiver
let proxy: RunningProxy
const folder = mkdtempSync(join(tmpdir(), 'spool-'))

beforeEach(async () => {
  origin = await answering(OK)
  receiver = await startReceiver()
})

afterEach(async () => {
  await proxy.stop()
  await receiver.close()
  await origin.close()
})

afterAll(() => rmSync(folder, { recursive: true }))

const fast: Partial<Settings> = { queueDelay: 20, queueRetryDelay: 20, queueRetryDelayMax: 100 }

function start(settings: Partial<Settings> = {}, log?: Logger): Promise<RunningProxy> {
  return startProxy({ otlpEndpoint: receiver.url, otlpProtocol: 'http/protobuf', ...fast, ...settings }, log)
}

async function call(times: number, line = ''): Promise<void> {
  for (let i = 0; i < times; i++) {
    await ask(
      proxy.port,
      `GET http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${line}\r\n`,
    )
  }
}

async function books(): Promise<Record<Signal, Books>> {
  return (await (await fetch(`${proxy.adminUrl}/ledger`)).json()) as Record<Signal, Books>
}

const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((all, each) => all + each, 0)

function expectBalance(all: Record<Signal, Books>): void {
  for (const each of Object.values(all)) {
    const { observed, exported, sampled_out: sampledOut, filtered, dropped, queued, spooled } = each
    expect({ ...each, sum: exported + sampledOut + sum(filtered) + sum(dropped) + queued + spooled }).toEqual({
      ...each,
      sum: observed,
    })
  }
}

/** The entries of a signal that arrived with an answer of 200. */
function arrived(signal: Signal): Entry[] {
  const outer = { traces: 'resourceSpans', logs: 'resourceLogs', metrics: 'resourceMetrics' } as const
  const middle = { traces: 'scopeSpans', logs: 'scopeLogs', metrics: 'scopeMetrics' } as const
  const inner = { traces: 'spans', logs: 'logRecords', metrics: 'metrics' } as const
  return receiver.requests
    .filter(({ url }) => url === `/v1/${signal}`)
    .flatMap(({ body, headers }) => {
      const isJson = headers['content-type'] === 'application/json'
      const request = (isJson ? JSON.parse(body.toString()) : decodedRequest(signal, body)) as Requests
      return (request[outer[signal]] ?? [])
        .flatMap((resource) => resource[middle[signal]] as Entry[])
        .flatMap((scope) => scope[inner[signal]] as Entry[])
    })
}

describe.each(['http/protobuf', 'http/json'] as const)('%s', (otlpProtocol) => {
  test('three signals arrive, joined to each other, and the books say so', async () => {
    proxy = await start({ otlpProtocol, metricsInterval: 50 })
    await call(5, 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n')
    await call(2, 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00\r\n')
    await eventually(async () => (await books()).logs.exported >= 7 || undefined, 'the logs')
    await eventually(async () => (await books()).traces.exported === 5 || undefined, 'the traces')
    const needed = ['http.client.request.duration', 'outspan.telemetry.exported']
    await eventually(() => {
      const names = new Set(arrived('metrics').map(({ name }) => name))
      return (names.size > 10 && needed.every((name) => names.has(name))) || undefined
    }, 'the metrics')
    const all = await books()
    expectBalance(all)
    expect(all.traces).toMatchObject({ observed: 7, exported: 5, sampled_out: 2 })
    expect(arrived('traces')).toHaveLength(5)
    const logs = arrived('logs').filter(({ eventName }) => eventName === 'outspan.access')
    expect(logs).toHaveLength(7)
    const spanIds = arrived('traces').map(({ spanId }) => spanId)
    expect(logs.slice(0, 5).map(({ spanId }) => spanId)).toEqual(spanIds)
    expect(logs[0]).toMatchObject({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      severityText: 'INFO',
      body: { stringValue: expect.stringMatching(/^GET http:\/\/127\.0\.0\.1:\d+\/ 200 in \d+ ms$/) },
    })
  })
})

test('what the filters of the access log leave out is in the books as filtered, and its spans arrive', async () => {
  proxy = await start({ signals: ['traces', 'logs'], accessLog: '/dev/null', accessLogStatuses: ['400-499'] })
  await call(3)
  await call(2, 'Content-Length: x\r\n')
  await eventually(async () => (await books()).logs.exported === 2 || undefined, 'the logs')
  await eventually(async () => (await books()).traces.exported === 3 || undefined, 'the spans')
  const all = await books()
  expectBalance(all)
  expect(all.logs).toMatchObject({ observed: 5, exported: 2, filtered: { access_log: 3 } })
  expect(all.traces).toMatchObject({ observed: 3, exported: 3, filtered: {} })
  expect(arrived('logs').map(({ body }) => (body as Entry).stringValue)).toEqual([
    expect.stringContaining(' bad_length in '),
    expect.stringContaining(' bad_length in '),
  ])
  const text = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
  expect(text).toContain('outspan_telemetry_filtered_total{signal="logs",filter="access_log"} 3')
  expect(text).toContain('outspan_access_log_filtered_total 3')
  expect(await proxy.exchanges(5)).toHaveLength(5)
})

test('a receiver that refuses for good: all is dropped as refused, and traffic goes on', async () => {
  receiver.setAnswer({ status: 400, body: 'no such tenant' })
  proxy = await start({ signals: ['traces', 'logs'] })
  await call(4)
  await eventually(async () => (await books()).logs.dropped.refused || undefined, 'the refusal')
  await eventually(async () => (await books()).traces.dropped.refused === 4 || undefined, 'the refusal of all')
  const all = await books()
  expectBalance(all)
  expect(all.traces.dropped).toEqual({ refused: 4 })
})

test('a receiver that is away for a while gets everything once it is back', async () => {
  receiver.setAnswer({ status: 503 })
  proxy = await start({ signals: ['traces'] })
  await call(6)
  await eventually(async () => (await books()).traces.observed === 6 || undefined, 'all exchanges')
  expectBalance(await books())
  expect((await books()).traces).toMatchObject({ exported: 0, queued: 6, dropped: {} })
  const before = receiver.requests.length
  receiver.setAnswer({})
  await eventually(async () => (await books()).traces.exported === 6 || undefined, 'the export')
  expect(new Set(arrived('traces').map(({ spanId }) => spanId)).size).toBe(6)
  expect(receiver.requests.length).toBeGreaterThan(before)
})

test('a receiver that takes a part', async () => {
  receiver.setAnswer({
    headers: { 'content-type': 'application/json' },
    body: '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}',
  })
  // One batch of three.
  proxy = await start({ signals: ['traces'], queueDelay: 60_000, queueBatchSize: 3 })
  await call(3)
  await eventually(async () => (await books()).traces.exported === 2 || undefined, 'the export')
  expect((await books()).traces.dropped).toEqual({ refused: 1 })
})

test('Retry-After is obeyed', async () => {
  const tries: number[] = []
  receiver.setAnswer((response) => {
    const isFirst = tries.push(performance.now()) === 1
    response.writeHead(isFirst ? 429 : 200, isFirst ? { 'retry-after': '1' } : {}).end()
  })
  proxy = await start({ signals: ['traces'] })
  await call(1)
  const [first = 0, second = 0] = await eventually(() => (tries.length === 2 ? tries : undefined), 'the second try')
  expect(second - first).toBeGreaterThan(850)
})

test('a batch that can not be sent for too long is given up', async () => {
  receiver.setAnswer({ status: 503 })
  proxy = await start({ signals: ['traces'], queueRetryTime: 100 })
  await call(1)
  await eventually(async () => (await books()).traces.dropped.retry_time || undefined, 'the end of its time')
  expectBalance(await books())
})

test('an export has the shorter of its two times', async () => {
  receiver.setAnswer(() => {})
  proxy = await start({ signals: ['traces'], otlpTimeout: 0, queueExportTimeout: 100 })
  await call(1)
  await eventually(() => receiver.requests.length > 1 || undefined, 'the second try')
})

test('each signal may go elsewhere, or nowhere', async () => {
  const other = await startReceiver()
  proxy = await start({ logsOtlpEndpoint: `${other.url}/mine?x=1`, tracesExporter: [], metricsInterval: 60_000 })
  await call(2)
  await eventually(() => other.requests.length > 0 || undefined, 'the logs')
  expect(other.requests[0]?.url).toBe('/mine?x=1')
  expect((await books()).traces.observed).toBe(0)
  await proxy.stop()
  expect(receiver.requests.map(({ url }) => url)).toEqual(['/v1/metrics'])
  await other.close()
})

type DataPoint = Record<string, unknown> & { readonly exemplars?: readonly Entry[] }

/** All data points of a metric that arrived, and its temporality. */
function pointsOf(name: string, kind: 'sum' | 'histogram'): { temporality: unknown; points: DataPoint[] } {
  const data = arrived('metrics').flatMap((metric) => (metric.name === name ? [metric[kind] as Entry] : []))
  return {
    temporality: data[0]?.aggregationTemporality,
    points: data.flatMap(({ dataPoints }) => dataPoints as DataPoint[]),
  }
}

test('a bucket of durations names a request by its span, once', async () => {
  proxy = await start({ signals: ['traces', 'metrics'], metricsInterval: 50 })
  await call(1)
  await eventually(() => pointsOf('http.client.request.duration', 'histogram').points.length > 3 || undefined, 'points')
  await eventually(() => arrived('traces').length > 0 || undefined, 'the span')
  const [span] = arrived('traces')
  const { temporality, points } = pointsOf('http.client.request.duration', 'histogram')
  expect(temporality).toBe(2)
  const exemplars = points.flatMap((point) => point.exemplars ?? [])
  expect(exemplars).toEqual([
    {
      timeUnixNano: expect.stringMatching(/^1\d{18}$/),
      asDouble: points[0]?.sum,
      spanId: span?.spanId,
      traceId: span?.traceId,
    },
  ])
})

test('deltas: each export holds what is new, and begins where the one before ended', async () => {
  proxy = await start({ signals: ['metrics'], metricsInterval: 50, metricsTemporality: 'delta' })
  const name = 'http.client.request.duration'
  for (let count = 1; count <= 2; count++) {
    await call(count)
    const isAll = () => pointsOf(name, 'histogram').points.reduce((sum, point) => sum + Number(point.count), 0)
    await eventually(() => isAll() === (count * (count + 1)) / 2 || undefined, 'the requests')
  }
  const { temporality, points } = pointsOf(name, 'histogram')
  expect(temporality).toBe(1)
  for (const [index, point] of points.entries()) {
    expect(BigInt(String(point.startTimeUnixNano))).toBeLessThan(BigInt(String(point.timeUnixNano)))
    const before = points[index - 1]
    if (before) {
      expect(BigInt(String(point.startTimeUnixNano))).toBeGreaterThanOrEqual(BigInt(String(before.timeUnixNano)))
    }
  }
  expect(pointsOf('outspan.exchanges', 'sum').temporality).toBe(1)
  expect(pointsOf('outspan.exchanges.active', 'sum').temporality).toBe(2)
})

describe('the spool', () => {
  test('what can not be sent waits on disk, goes out in order, and the books hold all along', async () => {
    receiver.setAnswer({ status: 503 })
    proxy = await start({ signals: ['traces'], spoolDir: join(folder, 'a'), queueBatchSize: 2 })
    await call(9)
    await eventually(async () => (await books()).traces.spooled === 9 || undefined, 'all on disk')
    expectBalance(await books())
    const before = receiver.requests.length
    receiver.setAnswer({})
    await eventually(async () => (await books()).traces.exported === 9 || undefined, 'the export')
    const all = await books()
    expectBalance(all)
    expect(all.traces).toMatchObject({ queued: 0, spooled: 0, dropped: {} })
    const records = (await proxy.exchanges(9)).map(({ span_id: id }) => id)
    const late = receiver.requests.slice(before).flatMap(({ body }) => {
      const { resourceSpans = [] } = decodedRequest('traces', body) as Requests
      return resourceSpans.flatMap((each) => (each.scopeSpans as Entry[]).flatMap(({ spans }) => spans as Entry[]))
    })
    expect(late.map(({ spanId }) => spanId)).toEqual(records)
  })

  test('what is left at the end is sent by the next process', async () => {
    receiver.setAnswer({ status: 503 })
    const spoolDir = join(folder, 'b')
    proxy = await start({ signals: ['traces'], spoolDir })
    await call(3)
    await proxy.stop()
    receiver.setAnswer({})
    proxy = await start({ signals: ['traces'], spoolDir })
    await eventually(async () => (await books()).traces.exported === 3 || undefined, 'the export')
    expectBalance(await books())
    expect((await books()).traces).toMatchObject({ observed: 3, spooled: 0 })
  })
})

test('a line of our own log that was written in the trace of a request is joined to it', async () => {
  const log = createLogger('debug')
  proxy = await start({ signals: ['logs'], logLevel: 'debug' }, log)
  await call(1, 'traceparent: junk\r\n')
  const [record] = await proxy.exchanges(1)
  const told = await eventually(
    () => arrived('logs').find(({ body }) => JSON.stringify(body).includes('carry no context')),
    'the record',
  )
  expect(told).toMatchObject({ spanId: record?.span_id, severityText: 'DEBUG' })
  const keys = ((told.attributes ?? []) as { key: string }[]).map(({ key }) => key)
  expect(keys).toEqual(expect.arrayContaining(['request.id', 'code.file.path', 'code.line.number', 'reason']))
  await log.close(100)
})
