/** The cases of W3C Trace Context, as its own test suite has them, over raw sockets through the running program. */
import { type RunningProxy, startProxy } from '../support/proxy'
import { answering, OK, RawClient, type RawOrigin } from '../support/sockets'

let proxy: RunningProxy
let origin: RawOrigin

beforeAll(async () => {
  origin = await answering(OK)
  proxy = await startProxy()
})

afterAll(async () => {
  await proxy.stop()
  await origin.close()
})

const TRACE = '12345678901234567890123456789012'
const SPAN = '1234567890123456'
const VALID = `traceparent: 00-${TRACE}-${SPAN}-01`

interface Sent {
  readonly traceId: string | undefined
  readonly spanId: string | undefined
  readonly flags: string | undefined
  readonly traceState: string | undefined
}

async function send(lines: readonly string[]): Promise<Sent> {
  const client = new RawClient(proxy.port)
  const before = origin.received.join('').length
  const head = [`GET http://127.0.0.1:${origin.port}/ HTTP/1.1`, 'Host: x', ...lines, 'Connection: close', '\r\n'].join(
    '\r\n',
  )
  await client.send(head).closed()
  const received = origin.received.join('').slice(before)
  // Whatever arrived, exactly one traceparent leaves, and at most one tracestate.
  expect(received.match(/^traceparent:/gim)).toHaveLength(1)
  expect(received.match(/^tracestate:/gim)?.length ?? 0).toBeLessThanOrEqual(1)
  const [, traceId, spanId, flags] =
    /^traceparent: 00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})\r$/m.exec(received) ?? []
  return { traceId, spanId, flags, traceState: /^tracestate: (.*)\r$/im.exec(received)?.[1] }
}

describe('traceparent goes on', () => {
  test.each<[string, string[], string]>([
    ['as it should be', [VALID], '01'],
    ['unsampled', [`traceparent: 00-${TRACE}-${SPAN}-00`], '00'],
    ['with the random flag', [`traceparent: 00-${TRACE}-${SPAN}-03`], '03'],
    ['with flags that nobody knows', [`traceparent: 00-${TRACE}-${SPAN}-ff`], '03'],
    ['with its name in capitals', [`TRACEPARENT: 00-${TRACE}-${SPAN}-01`], '01'],
    ['with its name in mixed case', [`TrAcEpArEnT: 00-${TRACE}-${SPAN}-01`], '01'],
    ['with white space around it', [`traceparent: \t 00-${TRACE}-${SPAN}-01 \t`], '01'],
    ['without white space', [`traceparent:00-${TRACE}-${SPAN}-01`], '01'],
    ['of a later version', [`traceparent: cc-${TRACE}-${SPAN}-01`], '01'],
    ['of a later version with more fields', [`traceparent: cc-${TRACE}-${SPAN}-01-what-the-future-brings`], '01'],
    ['of a later version that ends in a dash', [`traceparent: cc-${TRACE}-${SPAN}-01-`], '01'],
  ])('%s', async (_name, lines, flags) => {
    const sent = await send(lines)
    expect(sent).toMatchObject({ traceId: TRACE, flags })
    expect(sent.spanId).not.toBe(SPAN)
  })
})

describe('traceparent is no context, a trace starts here, and tracestate goes', () => {
  test.each<[string, string[]]>([
    ['none', []],
    ['empty', ['traceparent:']],
    ['twice', [VALID, VALID]],
    ['twice, different', [VALID, `traceparent: 00-${TRACE}-6543210987654321-01`]],
    ['version ff', [`traceparent: ff-${TRACE}-${SPAN}-01`]],
    ['version of one digit', [`traceparent: 0-${TRACE}-${SPAN}-01`]],
    ['version of three digits', [`traceparent: 000-${TRACE}-${SPAN}-01`]],
    ['version with letters beyond hex', [`traceparent: .0-${TRACE}-${SPAN}-01`]],
    ['version 00 with more behind', [`traceparent: 00-${TRACE}-${SPAN}-01-more`]],
    ['version 00 with a dash behind', [`traceparent: 00-${TRACE}-${SPAN}-01-`]],
    ['a later version with flags run on', [`traceparent: cc-${TRACE}-${SPAN}-01.more`]],
    ['trace id of zeros', [`traceparent: 00-${'0'.repeat(32)}-${SPAN}-01`]],
    ['trace id in capitals', [`traceparent: 00-${'A'.repeat(32)}-${SPAN}-01`]],
    ['trace id with illegal characters', [`traceparent: 00-.2345678901234567890123456789012-${SPAN}-01`]],
    ['trace id too long', [`traceparent: 00-${TRACE}1-${SPAN}-01`]],
    ['trace id too short', [`traceparent: 00-${TRACE.slice(1)}-${SPAN}-01`]],
    ['parent id of zeros', [`traceparent: 00-${TRACE}-${'0'.repeat(16)}-01`]],
    ['parent id in capitals', [`traceparent: 00-${TRACE}-${'A'.repeat(16)}-01`]],
    ['parent id with illegal characters', [`traceparent: 00-${TRACE}-.234567890123456-01`]],
    ['parent id too long', [`traceparent: 00-${TRACE}-${SPAN}1-01`]],
    ['parent id too short', [`traceparent: 00-${TRACE}-${SPAN.slice(1)}-01`]],
    ['flags with illegal characters', [`traceparent: 00-${TRACE}-${SPAN}-.0`]],
    ['flags too long', [`traceparent: 00-${TRACE}-${SPAN}-001`]],
    ['flags too short', [`traceparent: 00-${TRACE}-${SPAN}-1`]],
    ['spaces inside', [`traceparent: 00 -${TRACE}-${SPAN}-01`]],
    ['other delimiters', [`traceparent: 00_${TRACE}_${SPAN}_01`]],
    ['a name that is only alike', [`trace-parent: 00-${TRACE}-${SPAN}-01`]],
    ['another name that is only alike', [`trace.parent: 00-${TRACE}-${SPAN}-01`]],
  ])('%s', async (_name, lines) => {
    const sent = await send([...lines, 'tracestate: a=1'])
    expect(sent).toMatchObject({ traceId: expect.stringMatching(/^[0-9a-f]{32}$/), flags: '03', traceState: undefined })
    expect(sent.traceId).not.toBe(TRACE)
  })
})

describe('tracestate', () => {
  const members = (count: number): string => Array.from({ length: count }, (_, i) => `k${i}=v`).join(',')
  const long = `a=${'v'.repeat(256)},b=${'w'.repeat(252)}`

  test.each<[string, string[], string | undefined]>([
    ['goes on as it came', ['tracestate: foo=1,bar=2'], 'foo=1,bar=2'],
    [
      'of several lines is one list, in order',
      ['tracestate: foo=1,bar=2', 'tracestate: rojo=1', 'tracestate: congo=2'],
      'foo=1,bar=2,rojo=1,congo=2',
    ],
    ['with its name in any case', ['TraceState: foo=1', 'TRACESTATE: bar=2'], 'foo=1,bar=2'],
    ['with empty lines among them', ['tracestate: foo=1', 'tracestate:', 'tracestate: bar=2'], 'foo=1,bar=2'],
    ['with white space around its members', ['tracestate: foo=1 \t , \t bar=2'], 'foo=1 \t , \t bar=2'],
    ['with empty members', ['tracestate: foo=1,,bar=2,'], 'foo=1,,bar=2,'],
    ['with 32 members', [`tracestate: ${members(32)}`], members(32)],
    ['with 512 characters', [`tracestate: ${long}`], long],
    ['with a key for each tenant', ['tracestate: fw529a3039@dt=1'], 'fw529a3039@dt=1'],
    ['with a key of all that is allowed', ['tracestate: a0_-*/@=1'], 'a0_-*/@=1'],
    ['with a key that begins with a digit', ['tracestate: 0a=1'], '0a=1'],
    ['with a key of 256 characters', [`tracestate: ${'k'.repeat(256)}=1`], `${'k'.repeat(256)}=1`],
    [
      'with a value of all that is allowed',
      ['tracestate: a= !"#$%&\'()*+-./:;<>?@[]^_`{|}~'],
      'a= !"#$%&\'()*+-./:;<>?@[]^_`{|}~',
    ],
    ['with 33 members is dropped', [`tracestate: ${members(33)}`], undefined],
    [
      'with 33 members on two lines is dropped',
      [`tracestate: ${members(20)}`, `tracestate: ${members(13)}`],
      undefined,
    ],
    ['with a key in capitals is dropped', ['tracestate: FOO=1'], undefined],
    ['with a key of illegal characters is dropped', ['tracestate: foo.bar=1'], undefined],
    ['with a key of 257 characters is dropped', [`tracestate: ${'k'.repeat(257)}=1`], undefined],
    ['with a space in a key is dropped', ['tracestate: foo =1'], undefined],
    ['with an empty key is dropped', ['tracestate: =1'], undefined],
    ['with two equals signs is dropped', ['tracestate: foo=1=2'], undefined],
    ['without a value is dropped', ['tracestate: foo'], undefined],
    ['with an empty value is dropped', ['tracestate: foo='], undefined],
    ['with a value of 257 characters is dropped', [`tracestate: foo=${'v'.repeat(257)}`], undefined],
    ['with other delimiters is dropped', ['tracestate: foo=1;bar=2=3'], undefined],
    ['with 8-bit characters is dropped', ['tracestate: foo=\xe9'], undefined],
    ['that is empty is none', ['tracestate:'], undefined],
  ])('%s', async (_name, lines, traceState) => {
    expect(await send([VALID, ...lines])).toMatchObject({ traceId: TRACE, traceState })
  })
})
