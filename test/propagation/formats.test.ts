/** What each format makes of its headers: decisions, widths, what is refused. */
import { Carrier } from '../../src/propagation/format'
import { formatsByName } from '../../src/propagation/formats'
import { context, lowerDecimal, spanDecimal, spanId, traceId } from './contexts'

const none = 'no nuance'

const lower = traceId.slice(16)
const padded = `${'0'.repeat(16)}${lower}`

function formatNamed(name: string) {
  const format = formatsByName.get(name)
  if (!format) throw new Error(name)
  return format
}

const extract = (name: string, ...lines: string[]) => formatNamed(name).extract(new Carrier(lines))
const multi = [`X-B3-TraceId: ${traceId}`, `X-B3-SpanId: ${spanId}`]
const otIds = [`ot-tracer-traceid: ${traceId}`, `ot-tracer-spanid: ${spanId}`]
const dd = [`x-datadog-trace-id: ${lowerDecimal}`, `x-datadog-parent-id: ${spanDecimal}`]
const root = `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)}`
const insta = [`x-instana-t: ${traceId}`, `x-instana-s: ${spanId}`]

test.each<[string, string[], boolean | undefined, string]>([
  ['b3', multi, undefined, none],
  ['b3', [...multi, 'x-b3-sampled: true'], true, none],
  ['b3', [...multi, 'x-b3-sampled: false'], false, none],
  ['b3', [...multi, 'x-b3-sampled: maybe'], undefined, none],
  ['b3', [...multi, 'x-b3-sampled: 0', 'x-b3-flags: 1'], true, 'debug'],
  ['b3', [...multi, 'x-b3-sampled: 0', 'x-b3-flags: 0'], false, none],
  ['b3', [...multi, 'b3: 0'], false, none],
  ['b3', [...multi, 'x-b3-flags: 1', 'b3: 0'], true, 'debug'],
  ['b3', [...multi, 'x-b3-sampled: 1', 'b3: 0'], false, none],
  ['b3', [...multi, 'b3: d'], true, 'debug'],
  ['b3', [...multi, 'b3: junk', 'x-b3-sampled: 1'], true, none],
  ['b3', [`b3: ${traceId}-${spanId}-d`, 'x-b3-sampled: 0'], true, 'debug'],
  ['b3-single', [`b3: ${traceId}-${spanId}`], undefined, none],
  ['b3-single', [`b3: ${traceId.toUpperCase()}-${spanId}-0-${spanId}`], false, none],
  ['jaeger', [`uber-trace-id: ${traceId}:${spanId}:0:0`], false, none],
  ['jaeger', [`uber-trace-id: ${traceId}:${spanId}:0:1`], true, none],
  ['jaeger', [`uber-trace-id: ${traceId}:${spanId}:0:3`], true, 'debug'],
  ['jaeger', [`uber-trace-id: ${traceId}:${spanId}:0:2`], false, none],
  ['jaeger', [`uber-trace-id: ${traceId}%3A${spanId}%3a0%3A09`], true, none],
  ['ot', otIds, undefined, none],
  ['ot', [...otIds, 'ot-tracer-sampled: true'], true, none],
  ['ot', [...otIds, 'ot-tracer-sampled: false'], false, none],
  ['ot', [...otIds, 'ot-tracer-sampled: x'], undefined, none],
  ['datadog', dd, undefined, none],
  ['datadog', [...dd, 'x-datadog-sampling-priority: 2'], true, 'user'],
  ['datadog', [...dd, 'x-datadog-sampling-priority: 1'], true, none],
  ['datadog', [...dd, 'x-datadog-sampling-priority: 0'], false, none],
  ['datadog', [...dd, 'x-datadog-sampling-priority: -1'], false, 'user'],
  ['datadog', [...dd, 'x-datadog-sampling-priority: 1.0'], undefined, none],
  ['aws', [`x-amzn-trace-id: ${root};Parent=${spanId};Sampled=?`], undefined, none],
  ['aws', [`x-amzn-trace-id: ${root};Parent=${spanId}`], undefined, none],
  ['aws', [`x-amzn-trace-id: ${root};Sampled=0;Self=1-2-3`], false, none],
  ['gcp', [`x-cloud-trace-context: ${traceId}/1`], undefined, none],
  ['gcp', [`x-cloud-trace-context: ${traceId.toUpperCase()}`], undefined, none],
  ['gcp', [`x-cloud-trace-context: ${traceId}/1;o=0`], false, none],
  ['gcp', [`x-cloud-trace-context: ${traceId}/1;o=3`], true, none],
  ['instana', insta, undefined, none],
  ['instana', [...insta, 'x-instana-l: 0'], false, none],
  ['instana', [...insta, 'x-instana-l: 1 , correlationType=web;correlationId=a'], true, none],
  ['instana', [...insta, 'x-instana-l: 10'], undefined, none],
  ['sentry', [`sentry-trace: ${traceId}-${spanId}`], undefined, none],
  ['sentry', [`sentry-trace: ${traceId}-${spanId}-0`], false, none],
  ['sentry', [`sentry-trace: ${traceId.toUpperCase()}-${spanId}-1`], true, none],
])('decision of %s: %j is %p, %s', (name, lines, sampled, nuance) => {
  const found = extract(name, ...lines)
  expect(found).toMatchObject({ traceId: expect.stringContaining(lower), sampled })
  expect(typeof found === 'object' && (found.nuance ?? none)).toBe(nuance)
})

test.each<[string, string, boolean, string]>([
  ['b3', 'b3: 0', false, none],
  ['b3', 'b3: 1', true, none],
  ['b3', 'b3: d', true, 'debug'],
  ['b3', 'x-b3-sampled: 0', false, none],
  ['b3', 'x-b3-flags: 1', true, 'debug'],
  ['b3', 'x-b3-flags: 1\nb3: 0', true, 'debug'],
  ['b3-single', 'b3: 0', false, none],
  ['ot', 'ot-tracer-sampled: 0', false, none],
  ['datadog', 'x-datadog-sampling-priority: -1', false, 'user'],
  ['aws', 'x-amzn-trace-id: Sampled=0', false, none],
  ['instana', 'x-instana-l: 0', false, none],
])('%s: %s is a decision without a context', (name, line, sampled, nuance) => {
  const found = extract(name, ...line.split('\n'))
  expect(found).toMatchObject({ sampled })
  expect(typeof found === 'object' && [found.traceId, found.nuance ?? none]).toEqual([undefined, nuance])
})

test.each<[string, string[], string, 16 | 32]>([
  ['b3', [`x-b3-traceid: ${lower}`, `x-b3-spanid: ${spanId}`], padded, 16],
  ['b3', [`b3: ${lower}-${spanId}`], padded, 16],
  ['jaeger', [`uber-trace-id: 12:3:0:1`], '12'.padStart(32, '0'), 16],
  ['jaeger', [`uber-trace-id: ${traceId.slice(1)}:3:0:1`], traceId, 32],
  ['ot', [`ot-tracer-traceid: ${lower}`, 'ot-tracer-spanid: 1'], padded, 16],
  ['ot', otIds, traceId, 32],
  ['datadog', dd, padded, 16],
  ['datadog', [...dd, `x-datadog-tags: _dd.p.dm=-1, _dd.p.tid=${traceId.slice(0, 16)}`], traceId, 32],
  ['datadog', [...dd, `x-datadog-tags: a=b`, `X-Datadog-Tags: _dd.p.tid=${traceId.slice(0, 16)},c=d`], traceId, 32],
  ['datadog', [...dd, 'x-datadog-tags: _dd.p.tid=zz'], padded, 16],
  ['datadog', [...dd, `x-datadog-tags: x_dd.p.tid=${traceId.slice(0, 16)}`], padded, 16],
  ['datadog', [...dd, `x-datadog-tags: _dd.p.tid=${'0'.repeat(16)}`], padded, 16],
  ['instana', [`x-instana-t: ${lower}`, `x-instana-s: ${spanId}`], padded, 16],
])('width of %s: %j', (name, lines, id, width) => {
  expect(extract(name, ...lines)).toMatchObject({ traceId: id, width })
})

test.each<[string, 16 | 32 | undefined, string]>([
  ['w3c', 16, traceId],
  ['b3', 16, lower],
  ['b3', undefined, traceId],
  ['b3-single', 16, lower],
  ['jaeger', 16, lower],
  ['jaeger', 32, traceId],
  ['ot', undefined, lower],
  ['ot', 16, lower],
  ['ot', 32, traceId],
  ['instana', 16, lower],
  ['datadog', 32, lowerDecimal],
  ['aws', 32, root.slice(5)],
  ['gcp', 32, traceId],
  ['sentry', 32, traceId],
])('%s writes an id that came in %p digits as %s', (name, width, text) => {
  expect(formatNamed(name).traceIdText({ ...context, width })).toBe(text)
})

test.each<[string, string, string]>([
  ['datadog', 'user', 'x-datadog-sampling-priority: 2'],
  ['datadog', 'debug', 'x-datadog-sampling-priority: 1'],
  ['b3', 'debug', 'x-b3-flags: 1'],
  ['b3', 'user', 'x-b3-sampled: 1'],
  ['b3-single', 'debug', `b3: ${traceId}-${spanId}-d`],
  ['jaeger', 'debug', `uber-trace-id: ${traceId}:${spanId}:0:03`],
])('%s writes the nuance %s', (name, nuance, line) => {
  const lines = formatNamed(name).inject({ ...context, nuance: nuance as 'user' | 'debug' }, new Carrier([]))
  expect(lines).toContain(line)
})

test.each<[string, string, string[]]>([
  ['b3', 'incomplete', [multi[0] as string]],
  ['b3', 'incomplete', [multi[1] as string, 'x-b3-sampled: 1']],
  ['b3', 'malformed', [...multi, 'x-b3-parentspanid: 1']],
  ['b3', 'malformed', ['x-b3-sampled: maybe']],
  ['b3', 'malformed', [`b3: ${traceId}-${spanId}-D`]],
  ['b3', 'malformed', [`b3: ${traceId}-${spanId}-1-`]],
  ['b3', 'malformed', [`b3: ${traceId}-${spanId}--${spanId}`]],
  ['b3', 'repeated', ['b3: 1', 'b3: 1']],
  ['jaeger', 'malformed', [`uber-trace-id: ${traceId}:${spanId}::1`]],
  ['jaeger', 'malformed', ['uber-trace-id: %']],
  ['jaeger', 'malformed', [`uber-trace-id: ${traceId}:${spanId}:0:zz`]],
  ['jaeger', 'all_zero', [`uber-trace-id: ${traceId}:0:0:1`]],
  ['ot', 'incomplete', [`ot-tracer-traceid: ${traceId}`]],
  ['datadog', 'malformed', ['x-datadog-trace-id: 18446744073709551616']],
  ['datadog', 'malformed', ['x-datadog-trace-id: -1']],
  ['datadog', 'malformed', ['x-datadog-sampling-priority: x']],
  ['datadog', 'incomplete', ['x-datadog-parent-id: 1']],
  ['datadog', 'all_zero', ['x-datadog-trace-id: 0', 'x-datadog-parent-id: 1']],
  ['aws', 'incomplete', ['x-amzn-trace-id: Self=1-2-3']],
  ['aws', 'malformed', [`x-amzn-trace-id: ${root};Parent=zzzzzzzzzzzzzzzz`]],
  ['aws', 'malformed', [`x-amzn-trace-id: ${root};Sampled=2`]],
  ['aws', 'repeated', [`x-amzn-trace-id: ${root};${root}`]],
  ['gcp', 'malformed', [`x-cloud-trace-context: ${traceId}/18446744073709551616;o=1`]],
  ['gcp', 'malformed', [`x-cloud-trace-context: ${traceId}/1;o=1;x`]],
  ['instana', 'incomplete', [insta[0] as string, 'x-instana-l: 1']],
  ['instana', 'malformed', ['x-instana-t: 123', 'x-instana-s: 1']],
  ['sentry', 'malformed', [`sentry-trace: ${traceId}-${spanId}-2`]],
  ['sentry', 'malformed', [`sentry-trace: ${traceId}`]],
])('%s refuses as %s: %j', (name, reason, lines) => {
  expect(extract(name, ...lines)).toBe(reason)
})

test.each<[string, string[]]>([
  ['datadog', [...dd.slice(0, 1), 'x-datadog-parent-id: 0']],
  ['datadog', dd.slice(0, 1)],
  ['aws', [`x-amzn-trace-id: ${root}`]],
  ['gcp', [`x-cloud-trace-context: ${traceId}/0`]],
])('%s may come without a span id: %j', (name, lines) => {
  expect(extract(name, ...lines)).toMatchObject({ traceId: expect.stringContaining(lower), spanId: undefined })
})

describe('tags of datadog', () => {
  const tid = `_dd.p.tid=${traceId.slice(0, 16)}`
  test.each<[string[], string[], string]>([
    [[], [`x-datadog-tags: ${tid}`], traceId],
    [[], [], padded],
    [['X-Datadog-Tags:  a=b , c=d'], ['X-Datadog-Tags:  a=b , c=d'], padded],
    [[`X-Datadog-Tags: a=b, ${tid},c=d`], [`X-Datadog-Tags: a=b, ${tid},c=d`], traceId],
    [['x-datadog-tags: a=b'], [`x-datadog-tags: a=b,${tid}`], traceId],
    [['x-datadog-tags: _dd.p.tid=1,a=b', 'x-datadog-tags: c=d'], [`x-datadog-tags: a=b,c=d,${tid}`], traceId],
    [[`x-datadog-tags: ${tid},${tid}`], [`x-datadog-tags: ${tid}`], traceId],
    [[`x-datadog-tags: ${tid}`], [], padded],
    [['x-datadog-tags:'], [`x-datadog-tags: ${tid}`], traceId],
  ])('%j become %j', (before, after, id) => {
    const lines = formatNamed('datadog').inject({ ...context, traceId: id }, new Carrier(before))
    expect(lines.filter((line) => /^x-datadog-tags:/i.test(line))).toEqual(after)
  })
})

test.each<[string, string]>([
  [`${root};Parent=1;Sampled=0;Lineage=a:1|b:2; CalledFrom = app ;Self=1-2-3`, ';Lineage=a:1|b:2;CalledFrom=app'],
  ['Root=1-00000000-000000000000000000000001;Lineage=a:1', ''],
  ['Lineage=a:1', ''],
])('other members of the same X-Ray trace go on: %s', (before, others) => {
  const lines = formatNamed('aws').inject(context, new Carrier([`X-Amzn-Trace-Id: ${before}`]))
  expect(lines).toEqual([`x-amzn-trace-id: ${root};Parent=${spanId};Sampled=1${others}`])
})
