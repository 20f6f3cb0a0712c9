import { debugBlock } from '../../src/telemetry/debug-block'
import { finishedExchange } from '../export/finished-exchange'

test('a block says what was asked, its place in the trace, the attributes, and the time of each phase', () => {
  const exchange = finishedExchange({ method: 'GET', url: 'http://a.example/', upstreamStatus: 200, connectTime: 1.5 })
  const lines = debugBlock(exchange).split('\n')
  expect(lines[0]).toMatch(/^GET http:\/\/a\.example\/ 200 in \d+ ms$/)
  expect(lines[1]).toContain(`trace ${exchange.context?.traceId}  span ${exchange.context?.spanId}`)
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}http\.response\.status_code +200$/))
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}connect +1\.50 ms, at 0\.00$/))
  expect(lines.slice(-2)).toEqual(['', ''])
})

test('a refusal has no trace', () => {
  const exchange = finishedExchange({
    context: undefined,
    method: '',
    url: undefined,
    upstreamStatus: 0,
    fault: 'bad_request_line',
  })
  expect(debugBlock(exchange)).toMatch(/^- - bad_request_line in /)
})
