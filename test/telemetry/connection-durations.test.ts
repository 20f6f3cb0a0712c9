import { destination } from '../../src/model/destination'
import { ConnectionDurations } from '../../src/telemetry/connection-durations'

test('connections are counted by destination, in seconds, and what is too many together', () => {
  const durations = new ConnectionDurations()
  for (let port = 1; port <= 2500; port++) durations.add(destination('a.example', port, 80), 1500)
  durations.add(destination('a.example', 1, 80), 20)
  const { points } = durations.metric()
  expect(points).toHaveLength(2000)
  expect(points[0]).toMatchObject({
    attributes: {
      'server.address': 'a.example',
      'server.port': 1,
      'network.protocol.version': '1.1',
      'url.scheme': 'http',
    },
    count: 2,
    min: 0.02,
    max: 1.5,
  })
  expect(points.at(-1)).toMatchObject({ attributes: { 'otel.metric.overflow': true }, count: 501 })
})
