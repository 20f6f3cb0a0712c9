import { type Phase, phases } from '../../src/model/phase'
import { childId, childSpans } from '../../src/telemetry/child-spans'
import { answered, connected, context, exchangeOf, type Facts, get, tunnel } from './exchanges'

const spansOf = (facts: Facts, wanted: readonly Phase[] = phases) => childSpans(exchangeOf(facts), new Set(wanted))

/** Name, place and length, in milliseconds from the start. */
const linesOf = (facts: Facts, wanted?: readonly Phase[]) =>
  spansOf(facts, wanted).map(
    ({ name, startMark, endMark, error }) => `${name} ${startMark - 1000}–${endMark - 1000}${error ? ` ${error}` : ''}`,
  )

const peer = [
  { key: 'network.peer.address', value: '192.0.2.1' },
  { key: 'network.peer.port', value: 80 },
]

describe('phases', () => {
  test.each<[string, Facts, string[]]>([
    [
      'a request on a new connection',
      { ...get, ...answered },
      ['upstream 0–250', 'dns 0–1.5', 'connect 1.5–21.5', 'wait 50–150', 'receive 150–250'],
    ],
    [
      'on one that was there',
      { ...get, ...answered, dnsTime: undefined, connectTime: undefined },
      ['upstream 0–250', 'wait 50–150', 'receive 150–250'],
    ],
    [
      'an answer before the request has ended',
      { ...get, ...answered, requestSentMark: 1200 },
      ['upstream 0–250', 'dns 0–1.5', 'connect 1.5–21.5', 'wait 150–150', 'receive 150–250'],
    ],
    ['a tunnel', { ...tunnel, ...connected }, ['upstream 0–250', 'dns 0–1.5', 'connect 1.5–21.5']],
    [
      'a name that does not resolve',
      { ...get, attempts: 1, fault: 'dns_failure' },
      ['upstream 0–250 dns_failure', 'dns 0–250 dns_failure'],
    ],
    [
      'a connection that is refused',
      { ...get, attempts: 1, dnsTime: 2, fault: 'connection_refused' },
      ['upstream 0–250 connection_refused', 'dns 0–2', 'connect 2–250 connection_refused'],
    ],
    [
      'an answer that does not come',
      { ...get, ...connected, requestSentMark: 1050, fault: 'response_timeout' },
      ['upstream 0–250 response_timeout', 'dns 0–1.5', 'connect 1.5–21.5'],
    ],
    ['what went nowhere', { ...get, fault: 'loop' }, []],
  ])('%s', (_name, facts, expected) => {
    expect(linesOf(facts)).toEqual(expected)
  })
})

const resent: Facts = {
  ...get,
  ...answered,
  attempts: 2,
  dnsTime: undefined,
  formerAttempts: [
    { startMark: 1000, endMark: 1030, peerAddress: '192.0.2.7', peerPort: 80, fault: 'connection_reset' as const },
  ],
}

test('each attempt is a span, with how often it was sent before', () => {
  expect(linesOf(resent)).toEqual([
    'upstream 0–30 connection_reset',
    'upstream 30–250',
    'connect 30–50',
    'wait 50–150',
    'receive 150–250',
  ])
  const [first, second, connect] = spansOf(resent)
  expect(first?.attributes).toEqual([
    { key: 'network.peer.address', value: '192.0.2.7' },
    { key: 'network.peer.port', value: 80 },
  ])
  expect(second?.attributes).toEqual([
    ...peer,
    { key: 'http.request.resend_count', value: 1 },
    { key: 'http.response.status_code', value: 200 },
  ])
  expect(connect?.attributes).toEqual([...peer, { key: 'network.transport', value: 'tcp' }])
})

test('phases are children of their attempt, where attempts are spans, else of the request', () => {
  const [, last, connect, wait] = spansOf(resent)
  expect(last?.parentId).toBe(context.spanId)
  expect([connect?.parentId, wait?.parentId]).toEqual([last?.id, last?.id])
  expect(spansOf(resent, ['wait', 'receive']).map(({ parentId }) => parentId)).toEqual([context.spanId, context.spanId])
})

test('only those are told that are wanted', () => {
  expect(linesOf({ ...get, ...answered }, ['dns', 'receive'])).toEqual(['dns 0–1.5', 'receive 150–250'])
})

test('ids follow from that of the request, and differ from it and from each other', () => {
  const ids = spansOf(resent).map(({ id }) => id)
  expect(spansOf(resent).map(({ id }) => id)).toEqual(ids)
  expect(new Set([context.spanId, ...ids]).size).toBe(ids.length + 1)
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{16}$/)
  expect(childId('ffffffffffffffff', 1)).toMatch(/^[0-9a-f]{16}$/)
})
