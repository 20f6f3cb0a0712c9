/** Telemetry on the console, and nowhere but in memory, as a user starts it. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Collector, startCollector } from '../support/collector'
import { getThrough } from '../support/get-through'
import { eventually } from '../support/proxy'
import { endAll, type Started, start } from './binary'

const args = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--drain-quiet', '20ms']

let server: Server
let url: string
let collector: Collector

beforeAll(async () => {
  server = createServer((_request, response) => response.end('hello'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})

beforeEach(async () => {
  collector = await startCollector()
})

afterEach(async () => {
  await endAll()
  await collector.close()
})

afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

/** The addresses, found though there are lines that are no JSON. */
async function ready(outspan: Started): Promise<{ proxy: string; admin: string; telemetry: string }> {
  const line = await eventually(
    () =>
      outspan
        .stderr()
        .split('\n')
        .find((each) => each.includes('"message":"ready"')),
    'ready',
  )
  return JSON.parse(line) as { proxy: string; admin: string; telemetry: string }
}

test('log records are lines, and metrics a block at each export', async () => {
  const environment = { OTEL_LOGS_EXPORTER: 'console', OTEL_METRICS_EXPORTER: 'Console', OTEL_TRACES_EXPORTER: 'none' }
  const outspan = start([...args, '--metrics-interval', '100ms'], environment)
  const { proxy, telemetry } = await ready(outspan)
  expect(telemetry).toBe('traces: off; logs, metrics: console')
  expect(await getThrough(proxy, url)).toBe(200)
  const line = /^\S+Z INFO GET http:\/\/127\.0\.0\.1:\d+\/ 200 in \d+ ms {2}trace [0-9a-f]{32} {2}span [0-9a-f]{16}$/m
  await eventually(() => line.test(outspan.stderr()) || undefined, 'the record')
  await eventually(() => /^metrics at .*Z\n {2}outspan\.exchanges/m.test(outspan.stderr()) || undefined, 'the metrics')
  await eventually(
    () => /^ {2}http\.client\.request\.duration\{.*\} 1 times, \S+ s on average/m.test(outspan.stderr()) || undefined,
    'the duration',
  )
})

test('filters of the access log leave records out, and no blocks', async () => {
  const filtered = [...args, '--access-log-failures', 'true']
  const records = start(filtered, { OTEL_TRACES_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'console' })
  const blocks = start([...filtered, '--exporter', 'console'])
  for (const outspan of [records, blocks]) {
    const { proxy } = await ready(outspan)
    expect(await getThrough(proxy, url)).toBe(200)
    expect(await getThrough(proxy, 'http://127.0.0.1:1/')).toBe(502)
    await eventually(() => /GET http:\/\/127\.0\.0\.1:1\//.test(outspan.stderr()) || undefined, 'the failure')
  }
  expect(records.stderr()).not.toContain(`GET ${url}`)
  expect(blocks.stderr()).toContain(`GET ${url}`)
})

test('spans and log records on the console: each exchange is there once', async () => {
  const outspan = start([...args, '--exporter', 'console'])
  const { proxy, telemetry } = await ready(outspan)
  expect(telemetry).toBe('console')
  expect(await getThrough(proxy, url)).toBe(200)
  await eventually(() => /^ {2}in all /m.test(outspan.stderr()) || undefined, 'the block')
  expect(outspan.stderr().match(/GET http/g)).toHaveLength(1)
})

test('memory alone: the newest exchanges are there, and a collector that is named gets nothing', async () => {
  const outspan = start([...args, '--exporter', 'memory', '--otlp-endpoint', collector.url, '--queue-delay', '1ms'])
  const { proxy, admin, telemetry } = await ready(outspan)
  expect(telemetry).toBe('in memory')
  expect(await getThrough(proxy, url)).toBe(200)
  await eventually(
    async () => ((await (await fetch(`${admin}/exchanges`)).json()) as unknown[]).length === 1 || undefined,
    'the exchange',
  )
  outspan.process.kill('SIGTERM')
  expect(await outspan.end).toEqual({ code: 0, signal: null })
  expect(collector.calls()).toEqual([])
})

test('memory beside a collector', async () => {
  const outspan = start([...args, '--exporter', 'memory,otlp', '--otlp-endpoint', collector.url])
  const { proxy, telemetry } = await ready(outspan)
  expect(telemetry).toBe(`in memory and ${collector.url}`)
  expect(await getThrough(proxy, url)).toBe(200)
  outspan.process.kill('SIGTERM')
  await outspan.end
  expect(collector.spans()).toHaveLength(1)
})
