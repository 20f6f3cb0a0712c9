import { type FaultCode, faultOf, faults } from '../../src/model/fault'
import { FailedRequestRule, type FailedRequestSettings } from '../../src/policy/failed-request'
import { connected, exchangeOf, type Facts, get, tunnel } from '../telemetry/exchanges'

const defaults: FailedRequestSettings = {
  events: ['responses', 'exceptions'],
  statuses: ['500-599'],
  targets: ['*'],
}

function failureOf(settings: Partial<FailedRequestSettings>, facts: Facts) {
  return new FailedRequestRule({ ...defaults, ...settings }).of(exchangeOf({ ...get, ...connected, ...facts }))
}

const response = (upstreamStatus: number): Facts => ({ upstreamStatus, clientStatus: upstreamStatus })

test.each<[status: number, statuses: string[], failure: string | undefined]>([
  [200, ['500-599'], undefined],
  [499, ['500-599'], undefined],
  [500, ['500-599'], 'response'],
  [599, ['500-599'], 'response'],
  [600, ['500-599'], undefined],
  [404, ['404', '500-599'], 'response'],
  [403, ['404', '500-599'], undefined],
  [503, ['404', '500-599'], 'response'],
  [302, ['300-399'], 'response'],
  [101, ['101'], 'response'],
  [999, ['100-999'], 'response'],
  [500, [], undefined],
])('%i with %j', (status, statuses, failure) => {
  expect(failureOf({ statuses }, response(status))).toBe(failure)
})

test.each<[targets: string[], failure: string | undefined]>([
  [['*'], 'response'],
  [['example.com'], 'response'],
  [['other', '/a?b'], 'response'],
  [['other'], 'elsewhere'],
  [['host:example.com'], 'response'],
  [['host:*.example.com'], 'elsewhere'],
  [['regex:http://example\\.com/.*'], 'response'],
  [['regex:example'], 'elsewhere'],
  [[], 'elsewhere'],
])('a 503 with targets %j', (targets, failure) => {
  expect(failureOf({ targets }, response(503))).toBe(failure)
})

describe('what went wrong without a response', () => {
  test.each(Object.keys(faults) as FaultCode[])('%s', (fault) => {
    const { refused, cancelled } = faultOf(fault) as { refused?: true; cancelled?: true }
    // What the client sent was refused before there was a context.
    const facts: Facts = refused ? { fault, context: undefined } : { fault }
    expect(failureOf({}, facts)).toBe(refused || cancelled ? undefined : 'exception')
  })

  test('a tunnel that was not opened is one', () => {
    expect(failureOf({}, { ...tunnel, fault: 'dns_failure' })).toBe('exception')
  })

  test('targets count here as well, statuses do not', () => {
    expect(failureOf({ targets: ['other'] }, { fault: 'dns_failure' })).toBe('elsewhere')
    expect(failureOf({ statuses: [] }, { fault: 'dns_failure' })).toBe('exception')
  })
})

test.each<[string, Facts, string | undefined]>([
  ['a failed response that was cut short', { ...response(503), fault: 'response_truncated' }, 'response'],
  ['a failed response whose client left', { ...response(503), fault: 'client_closed' }, 'response'],
  ['a good response that was cut short', { ...response(200), fault: 'response_truncated' }, 'exception'],
  ['a good response whose client left', { ...response(200), fault: 'client_closed' }, undefined],
])('%s', (_name, facts, failure) => {
  expect(failureOf({}, facts)).toBe(failure)
})

test.each<[FailedRequestSettings['events'], string | undefined, string | undefined]>([
  [['responses'], 'response', undefined],
  [['exceptions'], undefined, 'exception'],
  [[], undefined, undefined],
])('events %j', (events, ofResponse, ofException) => {
  expect(failureOf({ events }, response(500))).toBe(ofResponse)
  expect(failureOf({ events }, { fault: 'connection_refused' })).toBe(ofException)
})

test.each<[Partial<FailedRequestSettings>, boolean]>([
  [{}, false],
  [{ events: [] }, true],
  [{ targets: [] }, true],
  [{ statuses: [] }, false],
  [{ statuses: [], events: ['responses'] }, true],
])('%j: idle %s', (settings, isIdle) => {
  expect(new FailedRequestRule({ ...defaults, ...settings }).isIdle).toBe(isIdle)
})
