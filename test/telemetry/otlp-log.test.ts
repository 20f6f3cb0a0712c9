import type { TraceContext } from '../../src/model/trace-context'
import { accessRecordWriter, type LogLine, writeLogLine } from '../../src/telemetry/otlp-log'
import { finishedExchange } from '../export/finished-exchange'
import { attributesOf, decodedRecord, type Entry } from '../support/log-record'

const writeAccessRecord = accessRecordWriter('stable')

test('an exchange is a record joined to its span', () => {
  const exchange = finishedExchange({
    method: 'GET',
    url: 'http://a.example/ä',
    upstreamStatus: 200,
    clientStatus: 200,
  })
  const record = decodedRecord((to) => writeAccessRecord(to, exchange))
  expect(record).toMatchObject({
    severityNumber: 9,
    severityText: 'INFO',
    eventName: 'outspan.access',
    traceId: exchange.context?.traceId,
    spanId: exchange.context?.spanId,
    body: { stringValue: expect.stringMatching(/^GET http:\/\/a\.example\/ä 200 in \d+ ms$/) },
  })
  expect(record.timeUnixNano).toBe(record.observedTimeUnixNano)
  expect(attributesOf(record)).toMatchObject({
    'http.request.method': 'GET',
    'url.full': 'http://a.example/ä',
    'request.id': exchange.requestId,
    'proxy.response.status_code': '200',
    attempts: String(exchange.attempts),
    duration: (exchange.endMark - exchange.startMark) / 1000,
  })
})

test('with older names it has those, in captured headers as well', () => {
  const attributes = [{ key: 'http.request.header.x-tenant', value: ['one'] }]
  const record = decodedRecord((to) => accessRecordWriter('old')(to, finishedExchange({ attributes })))
  expect(attributesOf(record)).toMatchObject({ 'http.method': 'GET', 'http.request.header.x_tenant': ['one'] })
  expect(attributesOf(record)).not.toHaveProperty(['http.request.header.x-tenant'])
})

test.each([
  [true, true, 3],
  [true, false, 1],
  [false, true, 2],
])('flags are those of the trace: sampled %s, random %s', (sampled, random, flags) => {
  const context = { ...(finishedExchange().context as TraceContext), sampled, random }
  const record = decodedRecord((to) => writeAccessRecord(to, finishedExchange({ context })))
  expect(record.flags).toBe(flags)
})

test.each<[string, Parameters<typeof finishedExchange>[0], number, RegExp]>([
  ['500', { upstreamStatus: 500 }, 17, / 500 in /],
  ['404', { upstreamStatus: 404 }, 9, / 404 in /],
  ['a fault', { upstreamStatus: 0, fault: 'connection_refused' }, 17, / connection_refused in /],
  ['a client that left a 500', { upstreamStatus: 500, fault: 'client_closed' }, 17, / client_closed in /],
  ['a client that left', { upstreamStatus: 0, fault: 'client_closed' }, 9, / client_closed in /],
])('severity of %s', (_name, facts, severity, words) => {
  const record = decodedRecord((to) => writeAccessRecord(to, finishedExchange(facts)))
  expect(record.severityNumber).toBe(severity)
  expect((record.body as Entry).stringValue).toMatch(words)
})

test('what was refused before there was a context has no ids', () => {
  const record = decodedRecord((to) =>
    writeAccessRecord(to, finishedExchange({ context: undefined, fault: 'bad_host' })),
  )
  expect(record.traceId ?? '').toBe('')
  expect(record.flags ?? 0).toBe(0)
})

test.each<[LogLine['severity'], number]>([
  ['debug', 5],
  ['info', 9],
  ['warn', 13],
  ['error', 17],
])('a line of the log at %s', (severity, number) => {
  const fields = {
    reason: 'why',
    count: 3,
    share: 0.5,
    less: -2,
    isLast: false,
    list: [1],
    trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
    span_id: '00f067aa0ba902b7',
  }
  const record = decodedRecord((to) => writeLogLine(to, { time: 1_700_000_000_123, severity, message: 'ü', fields }))
  expect(record).toMatchObject({
    severityNumber: number,
    severityText: severity.toUpperCase(),
    body: { stringValue: 'ü' },
    timeUnixNano: '1700000000123000000',
    traceId: fields.trace_id,
    spanId: fields.span_id,
  })
  expect(attributesOf(record)).toEqual({
    reason: 'why',
    count: '3',
    share: 0.5,
    less: -2,
    isLast: false,
    list: '[1]',
  })
})
