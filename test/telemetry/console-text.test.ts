import { metricsBlock, recordLine } from '../../src/telemetry/console-text'
import { Histogram } from '../../src/telemetry/histogram'
import { single } from '../../src/telemetry/metrics'
import { answered, context, exchangeOf, get } from './exchanges'

test('a log record is a line that is joined to its span', () => {
  const ids = `  trace ${context.traceId}  span ${context.spanId}`
  expect(recordLine(exchangeOf({ ...get, ...answered }))).toBe(
    `2024-02-29T12:34:57.039Z INFO GET http://example.com/a?b=c 200 in 250 ms${ids}\n`,
  )
  expect(recordLine(exchangeOf({ ...get, context: undefined, fault: 'connect_timeout' }))).toBe(
    '2024-02-29T12:34:57.039Z ERROR GET http://example.com/a?b=c connect_timeout in 250 ms\n',
  )
})

test('metrics are a block with a line for each point', () => {
  const histogram = new Histogram([1])
  for (const value of [0.5, 1.25]) histogram.record(value)
  const point = histogram.point({ 'server.address': 'a.example', 'server.port': 80 })
  const text = metricsBlock(
    [
      single('counter', 'outspan.resends', '{request}', '', 3),
      { kind: 'histogram', name: 'h', unit: 's', description: '', bounds: [1], points: point ? [point] : [] },
    ],
    Date.UTC(2024, 0, 1),
  )
  expect(text).toBe(
    `metrics at 2024-01-01T00:00:00.000Z
  outspan.resends 3 {request}
  h{server.address=a.example, server.port=80} 2 times, 0.875 s on average, 0.5 to 1.25

`,
  )
})
