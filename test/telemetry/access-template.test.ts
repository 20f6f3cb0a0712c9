import { type AccessTemplate, operators, readTemplate, TEXT_TEMPLATE } from '../../src/config/access-log-template'
import { Problem } from '../../src/config/kinds'
import { ByteWriter } from '../../src/model/byte-writer'
import { type FaultCode, faults } from '../../src/model/fault'
import { accessLogFields, accessLogRecord } from '../../src/telemetry/access-log'
import { readsLines, type ShownHeaders, templateWriter } from '../../src/telemetry/access-template'
import { seeded } from '../support/random'
import { answered, connected, context, exchangeOf, type Facts, get, tunnel } from './exchanges'

function templateOf(text: string): AccessTemplate {
  const template = readTemplate(text)
  if (template instanceof Problem) throw new Error(template.words)
  return template
}

const all: ShownHeaders = { isHidden: () => false, show: (value) => value }

/** The line without its end. */
function line(text: string, facts: Facts, headers = all): string {
  const writer = new ByteWriter()
  templateWriter(templateOf(text), headers)(writer, exchangeOf(facts))
  const written = writer.take().toString()
  expect(written.endsWith('\n')).toBe(true)
  return written.slice(0, -1)
}

const whole: Facts = {
  ...get,
  ...answered,
  clientMinor: 0,
  attributes: [
    { key: 'team', value: 'check"out' },
    { key: 'http.request.header.a', value: ['1', '2'] },
    { key: 'size', value: 1.5 },
  ],
  requestBodySize: 7,
  requestLines: [
    'Host: x',
    'User-Agent: curl/8',
    'X-Two:  first ',
    'x-two: second',
    'X-Empty:',
    'Authorization: Basic abc',
  ],
  responseLines: ['Content-Type: text/html', 'Server: a'],
}
const failed: Facts = { ...get, attempts: 1, clientMinor: 1, clientStatus: 502, fault: 'connection_refused' }

/** What each operator writes of an exchange that went well, of one that failed, and of a tunnel. */
const rows: readonly [operator: string, ofWhole: string, ofFailed: string, ofTunnel: string][] = [
  ['START_TIME', '2024-02-29T12:34:56.789Z', '2024-02-29T12:34:56.789Z', '2024-02-29T12:34:56.789Z'],
  [
    'SUMMARY',
    'GET http://example.com/a?b=c 200 in 250 ms',
    'GET http://example.com/a?b=c connection_refused in 250 ms',
    'CONNECT //example.com:443 200 in 250 ms',
  ],
  ['PROTOCOL', 'HTTP/1.0', 'HTTP/1.1', '-'],
  ['UPSTREAM_PROTOCOL', 'HTTP/1.1', '-', '-'],
  ['RESPONSE_CODE', '200', '502', '200'],
  ['RESPONSE_CODE_DETAILS', 'via_upstream', 'connection_refused', 'via_upstream'],
  ['RESPONSE_FLAGS', '-', 'UF', '-'],
  ['BYTES_RECEIVED', '7', '0', '10'],
  ['BYTES_SENT', '12', '0', '20'],
  ['DURATION', '250', '250', '250'],
  ['REQUEST_DURATION', '50', '-', '-'],
  ['REQUEST_TX_DURATION', '50', '-', '-'],
  ['RESPONSE_DURATION', '150', '-', '-'],
  ['RESPONSE_TX_DURATION', '100', '-', '-'],
  ['UPSTREAM_HOST', '192.0.2.1:80', '-', '[2001:db8::1]:443'],
  ['UPSTREAM_REQUEST_ATTEMPT_COUNT', '1', '1', '1'],
  ['DOWNSTREAM_REMOTE_ADDRESS', '127.0.0.1:40000', '127.0.0.1:40000', '[::1]:40000'],
  ['DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT', '127.0.0.1', '127.0.0.1', '::1'],
  ['DOWNSTREAM_REMOTE_PORT', '40000', '40000', '40000'],
  ['REQUEST_ID', 'request-1', 'request-1', 'request-1'],
  ['TRACE_ID', context.traceId, context.traceId, context.traceId],
  ['SPAN_ID', context.spanId, context.spanId, context.spanId],
  ['REQ(:method)', 'GET', 'GET', 'CONNECT'],
  ['REQ(:scheme)', 'http', 'http', '-'],
  ['REQ(:authority)', 'example.com', 'example.com', 'example.com:443'],
  ['REQ(:path)', '/a?b=c', '/a?b=c', '-'],
  ['REQ(user-agent)', 'curl/8', '-', '-'],
  ['REQ(USER-AGENT):4', 'curl', '-', '-'],
  ['REQ(x-two)', 'first', '-', '-'],
  ['REQ(x-empty)', '-', '-', '-'],
  ['REQ(x-empty?x-two)', 'first', '-', '-'],
  ['REQ(x-none?:path):2', '/a', '/a', '-'],
  ['REQ(authorization)', 'Basic abc', '-', '-'],
  ['RESP(content-type)', 'text/html', '-', '-'],
  ['RESP(:status)', '200', '-', '-'],
  ['FIELD(url.full)', 'http://example.com/a?b=c', 'http://example.com/a?b=c', '//example.com:443'],
  ['FIELD(error.type)', '-', 'connection_refused', '-'],
  ['FIELD(duration)', '0.250000', '0.250000', '0.250000'],
  ['FIELD(sampled)', 'true', 'true', 'true'],
  ['ATTRIBUTE(team)', 'check\\"out', '-', '-'],
  ['ATTRIBUTE(http.request.header.a)', '["1","2"]', '-', '-'],
  ['ATTRIBUTE(size)', '1.5', '-', '-'],
  ['FIELD(trace_id)', `{"w3c":"${context.traceId}"}`, `{"w3c":"${context.traceId}"}`, `{"w3c":"${context.traceId}"}`],
]

test.each(rows)('%s', (operator, ofWhole, ofFailed, ofTunnel) => {
  const opened: Facts = {
    ...tunnel,
    ...connected,
    clientAddress: '::1',
    peerAddress: '2001:db8::1',
    peerPort: 443,
    clientStatus: 200,
    requestBodySize: 10,
    responseBodySize: 20,
  }
  expect([whole, failed, opened].map((facts) => line(`%${operator}%`, facts))).toEqual([ofWhole, ofFailed, ofTunnel])
})

test('the table above has every operator', () => {
  expect(new Set(rows.map(([operator]) => /^[A-Z_]+/.exec(operator)?.[0]))).toEqual(new Set(Object.keys(operators)))
})

test('what could not even be read has a line', () => {
  const facts: Facts = { fault: 'bad_request_line', clientStatus: 400 }
  expect(
    line('%REQ(:METHOD)% %REQ(:PATH)% %REQ(:SCHEME)% %REQ(:AUTHORITY)% %PROTOCOL% %TRACE_ID% %UPSTREAM_HOST%', facts),
  ).toBe('- - - - - - -')
  expect(line('%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %SUMMARY%', facts)).toBe(
    '400 DPE bad_request_line - - bad_request_line in 250 ms',
  )
})

test("Envoy's default format", () => {
  const format =
    '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"\n'
  expect(line(format, whole)).toBe(
    '[2024-02-29T12:34:56.789Z] "GET /a?b=c HTTP/1.0" 200 - 7 12 250 - "-" "curl/8" "-" "example.com" "192.0.2.1:80"',
  )
})

test('text for people', () => {
  expect(line(TEXT_TEMPLATE, { ...get, ...answered })).toBe(
    '2024-02-29T12:34:56.789Z GET http://example.com/a?b=c 200 in 250 ms client=127.0.0.1:40000 request=request-1 trace=0af7651916cd43dd8448eb211c80319c',
  )
})

test('every field of the record is what it is in JSON, without quotes', () => {
  const record: Record<string, unknown> = JSON.parse(accessLogRecord(exchangeOf(whole)))
  for (const name of accessLogFields.keys()) {
    const value = record[name]
    const text = line(`%FIELD(${name})%`, whole)
    if (value === undefined) expect(text).toBe('-')
    else if (typeof value === 'string') expect(text).toBe(value)
    else expect(JSON.parse(text)).toEqual(value)
  }
})

test.each(Object.keys(faults) as FaultCode[])('%s has a flag of Envoy that the README names', (fault) => {
  const flag = line('%RESPONSE_FLAGS%', { ...get, fault })
  expect(operators.RESPONSE_FLAGS.doc).toContain(`\`${flag}\``)
})

test.each([
  ['http://example.com', '/'],
  ['http://example.com/', '/'],
  ['http://example.com?a', '/?a'],
  ['http://example.com?a=/b', '/?a=/b'],
  ['http://example.com/a/b?c://d', '/a/b?c://d'],
  ['http://[::1]:8080/x', '/x'],
])('the path of %s is %s', (url, path) => {
  expect(line('%REQ(:path)%', { ...get, url })).toBe(path)
})

describe('no value ends its line or its quotes', () => {
  const header = (value: string): string => line('"%REQ(a)%"', { ...get, requestLines: [`A: ${value}`] })

  test.each([
    ['a"b', '"a\\"b"'],
    ['a\\b', '"a\\\\b"'],
    ['a\nb\r\u0000\u001b[2J', '"a\\nb\\r\\u0000\\u001b[2J"'],
    ['a\tb', '"a\\tb"'],
    // UTF-8 as it arrives, byte by byte.
    ['\xc3\xa4', '"ä"'],
    ['\xc2\x85\xe2\x80\xa8\xe2\x80\xa9\x7f', '"\\u0085\\u2028\\u2029\\u007f"'],
    ['\xc2\x9b2J', '"\\u009b2J"'],
    ['\xff\xfe', '"\ufffd\ufffd"'],
  ])('%j', (value, written) => {
    expect(header(value)).toBe(written)
  })

  test('whatever it holds: it is text in JSON, on one line', () => {
    const random = seeded(11)
    for (let round = 0; round < 2000; round++) {
      const value = random.text(
        random.integer(0, 30),
        'a"\\\n\r\t\u0000\u001b\u007f\u0085\u00c3\u00a9\u00e2\u0080\u00a8%',
      )
      const text = header(`<${value}>`)
      expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
      expect(JSON.parse(text)).toBe(Buffer.from(`<${value}>`, 'latin1').toString())
    }
  })

  test('in the record and in the summary too', () => {
    const facts: Facts = { ...get, url: 'http://a/"\n\u2028', userAgent: '\u009b"\n' }
    expect(line('%SUMMARY%', facts)).toBe('GET http://a/\\"\\n\\u2028 nothing in 250 ms')
    expect(line('%FIELD(url.full)% %FIELD(user_agent.original)%', facts)).toBe('http://a/\\"\\n\\u2028 \\u009b\\"\\n')
    expect(accessLogRecord(exchangeOf(facts))).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
  })
})

test.each([
  ['%REQ(server?user-agent)% %REQ(user-agent?:method)%', '- GET'],
  ['%RESP(Server)% %RESP(content-type)% %REQ(x-two):3%', '- <text/html> <fi'],
  ['%REQ(:METHOD)% %RESP(:STATUS)%', 'GET 200'],
])('%s with headers that are not shown, or not as they are', (text, expected) => {
  const headers: ShownHeaders = {
    isHidden: (name) => name === 'server' || name === 'user-agent',
    show: (value) => `<${value}>`,
  }
  expect(line(text, whole, headers)).toBe(expected)
})

test.each([
  ['%REQ(a)%', true],
  ['%RESP(a)%', true],
  ['%REQ(:path?a)%', true],
  ['%REQ(:path)% %RESP(:status)% %FIELD(url.full)% %DURATION%', false],
  [TEXT_TEMPLATE, false],
])('%s needs field lines: %s', (text, needs) => {
  expect(readsLines(templateOf(text))).toBe(needs)
})
