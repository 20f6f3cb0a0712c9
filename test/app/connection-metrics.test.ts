/** Connections as metrics: what is open and where to, and how long it lasted. */
import { destinationMetrics } from '../../src/app/connection-metrics'
import { destination } from '../../src/model/destination'
import { ConnectionDurations } from '../../src/telemetry/connection-durations'
import type { Point } from '../../src/telemetry/metrics'
import { MOST_SERIES } from '../../src/telemetry/series'
import { eventually, type RunningProxy, startProxy } from '../support/proxy'
import { OK, RawClient, type RawOrigin, startOrigin } from '../support/sockets'

let proxy: RunningProxy
let origin: RawOrigin
/** Lets the answer of the request that came last go. */
let answer: (() => void) | undefined

beforeEach(async () => {
  origin = await startOrigin((socket) => {
    answer = () => socket.write(OK)
  })
  proxy = await startProxy({ upstreamIdleTimeout: 200 })
})

afterEach(async () => {
  await proxy.stop()
  await origin.close()
})

/** The value of a sample, once it is that. */
function becomes(name: string, labels: string, value: number): Promise<true> {
  return eventually(async () => {
    const text = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
    return text.split('\n').includes(`${name}${labels} ${value}`) || undefined
  }, `${name}${labels} ${value}`)
}

test('a request, a kept connection and its end, by destination', async () => {
  const there = `server_address="127.0.0.1",server_port="${origin.port}"`
  const client = new RawClient(proxy.port).send(`GET http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\n\r\n`)
  await becomes('http_client_active_requests', `{${there}}`, 1)
  await becomes('http_client_open_connections', `{http_connection_state="active",${there}}`, 1)
  await eventually(() => answer !== undefined || undefined, 'the request')
  answer?.()
  await client.receives('ok')
  await becomes('http_client_active_requests', `{${there}}`, 0)
  const all = `{${there},network_protocol_version="1.1",url_scheme="http"}`
  await becomes('http_client_connection_duration_seconds_count', all, 1)
  // Nothing is open: that is told, not left out.
  await becomes('http_client_open_connections', `{http_connection_state="idle",${there}}`, 0)
  client.destroy()
  await becomes('outspan_client_connection_duration_seconds_count', '', 1)
})

test('a tunnel is a request that is on, and no connection of HTTP', async () => {
  const there = `server_address="127.0.0.1",server_port="${origin.port}"`
  const client = new RawClient(proxy.port).send(`CONNECT 127.0.0.1:${origin.port} HTTP/1.1\r\nHost: x\r\n\r\n`)
  await client.receives('200')
  await becomes('http_client_active_requests', `{${there}}`, 1)
  client.destroy()
  await becomes('http_client_active_requests', `{${there}}`, 0)
  const text = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
  expect(text).not.toContain('http_client_connection_duration_seconds_count{')
})

test('of more destinations than a metric has series, the rest are one', () => {
  const byDestination = Array.from({ length: MOST_SERIES }, (_, number) => ({
    destination: destination(`host${number}`, 80, 80),
    active: 1,
    idle: 2,
  }))
  const metrics = destinationMetrics({ byDestination, durations: new ConnectionDurations() })
  const rest = metrics.slice(1).map(({ name, points }) => {
    const values = (points as readonly Point[]).map(({ value }) => value)
    return [name, points.length, values.reduce((sum, value) => sum + value, 0), points.at(-1)?.attributes]
  })
  const overflow = { 'otel.metric.overflow': true }
  expect(rest).toEqual([
    ['http.client.active_requests', MOST_SERIES, MOST_SERIES, overflow],
    ['http.client.open_connections', MOST_SERIES, 3 * MOST_SERIES, overflow],
  ])
})
