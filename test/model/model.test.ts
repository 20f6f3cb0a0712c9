import { destination } from '../../src/model/destination'
import { Exchange, timeOf } from '../../src/model/exchange'
import { type FaultCode, faultOf, faults } from '../../src/model/fault'
import { canonicalHost } from '../../src/model/host-pattern'

describe('a destination', () => {
  test.each([
    ['example.com', 80, 80, 'example.com:80', 'example.com'],
    ['example.com', 8080, 80, 'example.com:8080', 'example.com:8080'],
    ['example.com', 443, 80, 'example.com:443', 'example.com:443'],
    ['127.0.0.1', 80, 80, '127.0.0.1:80', '127.0.0.1'],
    ['::1', 80, 80, '[::1]:80', '[::1]'],
    ['::1', 81, 80, '[::1]:81', '[::1]:81'],
    ['example.com', 443, 0, 'example.com:443', 'example.com:443'],
  ])('%s, port %i with default %i', (host, port, defaultPort, authority, hostField) => {
    expect(destination(host, port, defaultPort)).toMatchObject({ host, port, authority, hostField })
  })
})

test.each([
  ['example.com', 'example.com'],
  ['Example.COM.', 'example.com'],
  ['10.0.0.1', '10.0.0.1'],
  ['10.0.0.1.', '10.0.0.1'],
  ['0x0a000001', '10.0.0.1'],
  ['167772161', '10.0.0.1'],
  ['10.1', '10.0.0.1'],
  ['012.0.0.1', '10.0.0.1'],
  ['1.2.3.4.5', '1.2.3.4.5'],
  ['a.1x', 'a.1x'],
  ['a.0x', 'a.0x'],
  ['::1', '::1'],
  ['2001:DB8:0:0:0:0:0:A', '2001:db8::a'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::ffff:a00:1', '10.0.0.1'],
  ['::fffe:a00:1', '::fffe:a00:1'],
  ['.', ''],
])('the host %s is %s to rules', (host, canonical) => {
  expect(canonicalHost(host)).toBe(canonical)
})

describe.each(Object.keys(faults) as FaultCode[])('the fault %s', (code) => {
  const fault = faultOf(code)

  // RFC 9209 §2.3.
  const proxyStatusErrors = [
    'dns_timeout',
    'dns_error',
    'destination_not_found',
    'destination_unavailable',
    'destination_ip_prohibited',
    'destination_ip_unroutable',
    'connection_refused',
    'connection_terminated',
    'connection_timeout',
    'connection_read_timeout',
    'connection_write_timeout',
    'connection_limit_reached',
    'tls_protocol_error',
    'tls_certificate_error',
    'tls_alert_received',
    'http_request_error',
    'http_request_denied',
    'http_response_incomplete',
    'http_response_header_section_size',
    'http_response_header_size',
    'http_response_body_size',
    'http_response_trailer_section_size',
    'http_response_trailer_size',
    'http_response_transfer_coding',
    'http_response_content_coding',
    'http_response_timeout',
    'http_upgrade_failed',
    'http_protocol_error',
    'proxy_internal_response',
    'proxy_internal_error',
    'proxy_configuration_error',
    'proxy_loop_detected',
  ]

  // Where they happen the answer is under way, or there is none.
  const unanswered: FaultCode[] = ['client_stalled', 'tunnel_idle']

  test('has a name that RFC 9209 knows', () => {
    expect(proxyStatusErrors).toContain(fault.proxyStatus)
  })

  test('says who failed by its status', () => {
    if (fault.cancelled || unanswered.includes(code)) expect(fault.status).toBe(0)
    else if (fault.proxyStatus === 'http_request_error') expect([400, 408, 414, 431, 501, 505]).toContain(fault.status)
    else if (fault.proxyStatus === 'proxy_loop_detected') expect(fault.status).toBe(508)
    else expect([502, 503, 504]).toContain(fault.status)
  })

  test('answers 504 exactly where time ran out on the way to the destination', () => {
    expect(fault.status === 504).toBe(
      /timeout$/.test(code) && !['request_timeout', 'request_body_timeout'].includes(code),
    )
  })

  test('tells the client one sentence', () => {
    expect(fault.words).toMatch(/^[A-Z][^\r\n]*\.$|^outspan[^\r\n]*\.$/)
  })
})

describe('an exchange', () => {
  const exchange = new Exchange('id', 1_700_000_000_000.5, 1000.25, '127.0.0.1', 5000)

  test('knows the time of each of its marks', () => {
    expect(timeOf(exchange, 1000.25)).toBe(1_700_000_000_000.5)
    expect(timeOf(exchange, 1250.5)).toBe(1_700_000_000_250.75)
  })

  test.each([
    ['CONNECT', true],
    ['GET', false],
    ['connect', false],
    ['', false],
  ])('with method %j is a tunnel: %p', (method, expected) => {
    const asked = new Exchange('id', 0, 0, '', 0)
    asked.method = method
    expect(asked.isTunnel).toBe(expected)
  })
})
