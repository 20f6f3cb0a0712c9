/** Trace context through the running program: by destination, in several formats, and left alone where it has to be. */
import type { Settings } from '../../src/config/options'
import type { Rule } from '../../src/config/rules'
import { type Collector, startCollector } from '../support/collector'
import { type AccessRecord, type RunningProxy, startProxy } from '../support/proxy'
import { answering, OK, RawClient, type RawOrigin, startOrigin } from '../support/sockets'

let collector: Collector
let origin: RawOrigin
let proxy: RunningProxy

beforeEach(async () => {
  collector = await startCollector()
  origin = await answering(OK)
})

afterEach(async () => {
  await proxy.stop()
  await origin.close()
  await collector.close()
})

const TRACE = '80f198ee56343ba864fe8b2a57d3eff7'
const SPAN = 'e457b5a2e4d86bd1'

async function start(settings: Partial<Settings>): Promise<void> {
  proxy = await startProxy({ otlpEndpoint: collector.url, queueDelay: 10, ...settings })
}

/** Calls the origin by a name, and gives the lines that it got beside Host. */
async function call(
  lines: readonly string[],
  host = '127.0.0.1',
  path = '/',
): Promise<{ lines: string[]; answer: string }> {
  const client = new RawClient(proxy.port)
  const before = origin.received.length
  client.send(
    `GET http://${host}:${origin.port}${path} HTTP/1.1\r\nHost: x\r\n${lines.map((line) => `${line}\r\n`).join('')}Connection: close\r\n\r\n`,
  )
  const answer = await client.closed()
  const received = origin.received.slice(before).join('').split('\r\n').slice(1, -2)
  return { lines: received.filter((line) => !line.startsWith('Host:')), answer }
}

async function lastRecord(): Promise<AccessRecord | undefined> {
  return (await proxy.exchanges(1)).at(-1)
}

test('a trace that arrives in b3 goes out in b3 by default, with the id that is exported', async () => {
  await start({})
  const { lines } = await call([`X-B3-TraceId: ${TRACE}`, `X-B3-SpanId: ${SPAN}`, 'X-B3-Sampled: 1'])
  const [span] = await collector.waitForSpans(1)
  expect(span).toMatchObject({ traceId: TRACE, parentSpanId: SPAN })
  expect(lines.map((line) => line.toLowerCase())).toEqual(
    expect.arrayContaining([`x-b3-traceid: ${TRACE}`, `x-b3-spanid: ${span?.spanId}`, 'x-b3-sampled: 1']),
  )
  expect(lines.join('\n')).not.toMatch(/traceparent/i)
  expect(await lastRecord()).toMatchObject({ trace_id: { b3: TRACE } })
})

const rules: Rule[] = [
  { name: 'internal', match: { hosts: ['localhost'] }, inject: ['w3c', 'b3-single'] },
  {
    name: 'partner',
    match: { cidrs: ['127.0.0.0/8'], paths: ['/partner/'] },
    clear: ['tracestate', 'baggage'],
    inject: ['w3c'],
  },
  { name: 'internet', match: {}, clear: ['all'], inject: [] },
]
const arriving = [
  `traceparent: 00-${TRACE}-${SPAN}-01`,
  'tracestate: a=1',
  'baggage: k=v',
  'x-datadog-trace-id: 1',
  'X-Kept: yes',
]

describe('rules for destinations', () => {
  beforeEach(() => start({ rules }))

  test('internal services get two formats', async () => {
    const { lines } = await call(arriving, 'localhost')
    const [span] = await collector.waitForSpans(1)
    expect(lines).toContain(`traceparent: 00-${TRACE}-${span?.spanId}-01`)
    expect(lines).toContain(`b3: ${TRACE}-${span?.spanId}-1-${SPAN}`)
    expect(lines).toEqual(
      expect.arrayContaining(['tracestate: a=1', 'baggage: k=v', 'x-datadog-trace-id: 1', 'X-Kept: yes']),
    )
    expect(await lastRecord()).toMatchObject({ trace_id: { w3c: TRACE, b3: TRACE } })
  })

  test('a partner gets w3c without tracestate and baggage', async () => {
    const { lines } = await call(arriving, '127.0.0.1', '/partner/x')
    const [span] = await collector.waitForSpans(1)
    expect(lines).toEqual([`traceparent: 00-${TRACE}-${span?.spanId}-01`, 'x-datadog-trace-id: 1', 'X-Kept: yes'])
  })

  test('the internet gets nothing, and the call is traced all the same', async () => {
    const { lines } = await call([...arriving, 'uberctx-user: 7'])
    expect(lines).toEqual(['X-Kept: yes'])
    const [span] = await collector.waitForSpans(1)
    expect(span).toMatchObject({ traceId: TRACE, parentSpanId: SPAN })
  })
})

test('a rule may sample at a rate of its own', async () => {
  await start({ rules: [{ name: 'noisy', match: { paths: ['/noisy'] }, samplingRate: 0 }] })
  const { lines } = await call([], '127.0.0.1', '/noisy')
  expect(lines.join()).toMatch(/traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-02/)
  await call([])
  expect(await collector.waitForSpans(1)).toHaveLength(1)
})

test('a rate below 1 is written to the tracestate of what it samples', async () => {
  await start({ samplingRate: 0.5 })
  const sampled = `traceparent: 00-${'1'.repeat(18)}${'f'.repeat(14)}-${SPAN}-01`
  expect((await call([sampled])).lines).toEqual([expect.stringMatching(/-01$/)])
  await proxy.stop()
  await start({ samplingRate: 0.5, samplingStrategy: 'probability' })
  expect((await call([sampled, 'tracestate: a=1'])).lines).toContain('tracestate: ot=th:8,a=1')
})

test('the client is told its trace id, if it is to be', async () => {
  await start({ responseTraceHeader: 'x-trace-id' })
  const { answer } = await call([`traceparent: 00-${TRACE}-${SPAN}-01`])
  expect(answer).toContain(`x-trace-id: ${TRACE}\r\n`)
  const client = new RawClient(proxy.port)
  client.send(`GET http://127.0.0.1:1/ HTTP/1.0\r\ntraceparent: 00-${TRACE}-${SPAN}-01\r\n\r\n`)
  expect(await client.closed()).toMatch(new RegExp(`^HTTP/1.1 502 [\\s\\S]*x-trace-id: ${TRACE}\r\n`))
})

test.each([
  ['a final response', 'HTTP/1.1 200 OK\r\nX-Trace-ID: theirs\r\nx-trace-id: a\r\nX-Trace-Id-2: b\r\n'],
  [
    'a switch',
    'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\nX-Trace-ID: theirs\r\nX-Trace-Id-2: b\r\n',
  ],
])('the client is told one trace id, its own, whatever the destination says: %s', async (_name, head) => {
  const saying = await startOrigin((socket) => socket.end(`${head}\r\n`))
  await start({ responseTraceHeader: 'X-Trace-Id' })
  const client = new RawClient(proxy.port).send(
    `GET http://127.0.0.1:${saying.port}/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: x\r\ntraceparent: 00-${TRACE}-${SPAN}-01\r\n\r\n`,
  )
  const lines = (await client.receives('\r\n\r\n')).split('\r\n')
  expect(lines.filter((line) => /^x-trace-id/i.test(line))).toEqual(['X-Trace-Id-2: b', `X-Trace-Id: ${TRACE}`])
  client.destroy()
  await saying.close()
})

test('two traces in one request: the first format wins, the other is named and counted', async () => {
  await start({})
  await call([`traceparent: 00-${TRACE}-${SPAN}-01`, `b3: ${'1'.repeat(32)}-${SPAN}-1`])
  const [span] = await collector.waitForSpans(1)
  expect(span).toMatchObject({ traceId: TRACE })
  expect(span?.attributes['outspan.propagation.conflicts']).toBe(`b3=${'1'.repeat(32)}`)
  const metrics = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
  expect(metrics).toMatch(/outspan_propagation_conflicts_total\{[^}]*="b3"\} 1/)
})

test('a signed header is never touched', async () => {
  await start({ clear: ['x-old'] })
  const signed = [
    'Authorization: AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host;traceparent;x-old, Signature=c',
    `traceparent: 00-${TRACE}-${SPAN}-01`,
    'x-old: 1',
  ]
  const { lines } = await call(signed)
  expect(lines).toEqual(signed)
  const [span] = await collector.waitForSpans(1)
  expect(span?.attributes['outspan.propagation.signed_fields']).toBe('traceparent,x-old')
  expect(await proxy.metric('outspan_propagation_signed_fields_total')).toBe(2)
})
