/**
 * Every way in which an exchange can fail. The code is the `error.type` of span, log and metrics; the row says what the
 * client is told. Whoever finds a failure names a row of this list; nobody reads the text of a message to learn what it was.
 */
export interface Fault {
  /** The status of the answer; 0 where none can be given. */
  readonly status: number
  /** One sentence for the client. */
  readonly words: string
  /** The error name of RFC 9209 (Proxy-Status), §2.3. */
  readonly proxyStatus: string
  /** Whether the cause lies with the client's own message, so that nothing was sent upstream for it. */
  readonly refused?: true
  /** Whether the client itself ended the exchange: a cancellation, not an error (OpenTelemetry HTTP conventions). */
  readonly cancelled?: true
}

const refused = (status: number, words: string): Fault => ({
  status,
  words,
  proxyStatus: 'http_request_error',
  refused: true,
})

const failed = (status: number, proxyStatus: string, words: string): Fault => ({ status, words, proxyStatus })

export const faults = {
  // The client's message.
  bad_request_line: refused(
    400,
    'The request line is malformed: it is a method, a space, a target, a space, HTTP/1.1, CR and LF, and nothing else.',
  ),
  bad_field_line: refused(
    400,
    'A header line is malformed: it is a name, a colon right behind it, a value without control characters, CR and LF.',
  ),
  folded_line: refused(400, 'A header line goes on in the next line, which HTTP/1.1 does not allow any more.'),
  bad_target: refused(400, 'The request target is not a valid http URL or host:port.'),
  bad_host: refused(400, 'The request must carry exactly one Host header, with a host and possibly a port in it.'),
  bad_length: refused(400, 'Content-Length must stand there once, as one decimal number.'),
  bad_framing: refused(
    400,
    'Where the request body ends is ambiguous: Transfer-Encoding goes with HTTP/1.1, without Content-Length, and ends in "chunked"; CONNECT has no body.',
  ),
  bad_body: refused(400, 'The chunked request body is malformed.'),
  origin_form: refused(
    400,
    'outspan is a forward proxy: it needs the whole URL in the request line, as in "GET http://example.com/ HTTP/1.1". Point the program at it with HTTP_PROXY or a proxy setting instead of calling it directly.',
  ),
  https_target: refused(400, 'For an https URL, open a tunnel with CONNECT.'),
  unknown_scheme: refused(400, 'Only http URLs, and CONNECT for everything else, can be proxied.'),
  target_too_long: refused(414, 'The request target is too long.'),
  head_too_large: refused(431, 'The request head is too large, or has too many header lines.'),
  unknown_transfer_coding: refused(501, 'The only transfer coding that is understood is "chunked".'),
  unknown_version: refused(
    505,
    'Only HTTP/1.0 and HTTP/1.1 are understood; other versions can go through a tunnel that CONNECT opens.',
  ),
  loop: {
    ...refused(
      508,
      'The request came back to outspan: its destination, or the upstream proxy, is outspan itself, or its Via header holds the name that --via gives.',
    ),
    proxyStatus: 'proxy_loop_detected',
  },
  request_timeout: refused(408, 'The request head did not arrive in time.'),
  request_body_timeout: failed(408, 'http_request_error', 'The request body stopped arriving.'),
  client_stalled: failed(0, 'connection_write_timeout', 'The client stopped taking the response.'),
  tunnel_idle: failed(0, 'connection_read_timeout', 'Nothing moved in the tunnel for too long.'),
  client_closed: {
    status: 0,
    words: 'The client closed its connection before the exchange was complete.',
    proxyStatus: 'connection_terminated',
    cancelled: true,
  },
  // This process.
  connection_limit: failed(503, 'connection_limit_reached', 'Too many connections are open to the destination.'),
  out_of_descriptors: failed(503, 'connection_limit_reached', 'No file descriptor is left for another connection.'),
  draining: failed(503, 'proxy_internal_response', 'outspan is shutting down.'),
  // The way there.
  dns_failure: failed(502, 'dns_error', 'The host name does not resolve.'),
  dns_timeout: failed(504, 'dns_timeout', 'The host name could not be resolved in time.'),
  connection_refused: failed(502, 'connection_refused', 'The destination refused the connection.'),
  unreachable: failed(502, 'destination_ip_unroutable', 'The destination cannot be reached.'),
  connect_failure: failed(502, 'destination_unavailable', 'The connection to the destination failed.'),
  upstream_proxy_refused: failed(502, 'connection_refused', 'The upstream proxy does not let the request pass.'),
  connect_timeout: failed(504, 'connection_timeout', 'The connection to the destination was not made in time.'),
  // The upstream's message.
  response_timeout: failed(504, 'http_response_timeout', 'The destination did not answer in time.'),
  connection_reset: failed(502, 'connection_terminated', 'The destination reset the connection.'),
  upstream_closed: failed(502, 'connection_terminated', 'The destination closed the connection without an answer.'),
  bad_response: failed(502, 'http_protocol_error', 'The answer of the destination is malformed.'),
  response_head_too_large: failed(502, 'http_response_header_section_size', 'The response head is too large.'),
  response_body_timeout: failed(504, 'connection_read_timeout', 'The answer of the destination stopped arriving.'),
  request_write_timeout: failed(504, 'connection_write_timeout', 'The destination stopped taking the request body.'),
  response_truncated: failed(502, 'http_response_incomplete', 'The answer of the destination was cut short.'),
} as const satisfies Record<string, Fault>

export type FaultCode = keyof typeof faults

/** All codes; `faultNumbers` has the place of each in this list, counted from 1. */
export const faultCodes = Object.keys(faults) as FaultCode[]
export const faultNumbers: ReadonlyMap<FaultCode, number> = new Map(faultCodes.map((code, index) => [code, index + 1]))

/** The row of a code. */
export function faultOf(code: FaultCode): Fault {
  return faults[code]
}
