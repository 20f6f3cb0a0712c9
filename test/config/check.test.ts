import { check } from '../../src/config/check'
import type { Settings } from '../../src/config/options'
import { resolve } from '../../src/config/resolve'

const defaults = resolve({ flags: new Map(), environment: {}, file: undefined })

/** Checks the defaults with some settings given by flag. */
function checked(chosen: Partial<Settings>, origin = 'a flag'): string[] {
  const origins = Object.fromEntries(Object.keys(chosen).map((name) => [name, origin]))
  return check({
    ...defaults,
    settings: { ...defaults.settings, ...chosen },
    origins: { ...defaults.origins, ...origins },
  })
}

test('the defaults fit together', () => {
  expect(check(defaults)).toEqual([])
})

const here = { host: '127.0.0.1', port: 15001 }
const secure = { otlpEndpoint: 'https://collector:4317' }
const plain = { otlpEndpoint: 'http://collector:4317' }

test.each<[string, Partial<Settings>]>([
  ['admin off', { listen: here, admin: 'off' }],
  ['the same host, another port', { listen: here, admin: { ...here, port: 15000 } }],
  ['the same port, another host', { listen: here, admin: { host: '::1', port: 15001 } }],
  ['both ports chosen by the system', { listen: { ...here, port: 0 }, admin: { ...here, port: 0 } }],
  ['a certificate for https', { ...secure, otlpCertificate: 'ca.pem' }],
  ['https in capitals', { otlpEndpoint: 'HTTPS://collector:4317', otlpCertificate: 'ca.pem' }],
  ['mutual TLS', { ...secure, otlpClientCertificate: 'our.pem', otlpClientKey: 'our.key' }],
  ['https with the authorities of the system', secure],
  ['a batch larger than the queue, which is cut', { queueBatchSize: 512, queueCapacity: 5 }],
])('fit: %s', (_, chosen) => {
  expect(checked(chosen)).toEqual([])
})

test.each<[string, Partial<Settings>, readonly RegExp[]]>([
  ['one address for both', { listen: here, admin: here }, [/--listen.*--admin/]],
  ['a certificate without a key', { ...secure, otlpClientCertificate: 'our.pem' }, [/--otlp-client-key/]],
  ['a key without a certificate', { ...secure, otlpClientKey: 'our.key' }, [/--otlp-client-certificate/]],
  ['an authority for http', { ...plain, otlpCertificate: 'ca.pem' }, [/--otlp-certificate.*https/]],
  ['an authority and no collector', { otlpCertificate: 'ca.pem' }, [/--otlp-certificate.*https/]],
  [
    'mutual TLS for http',
    { ...plain, otlpClientCertificate: 'our.pem', otlpClientKey: 'our.key' },
    [/--otlp-client-certificate.*https/],
  ],
  ['several at once', { listen: here, admin: here, otlpCertificate: 'ca.pem' }, [/--listen/, /--otlp-certificate/]],
])('do not fit: %s', (_, chosen, words) => {
  expect(checked(chosen)).toEqual(words.map((word) => expect.stringMatching(word)))
})

test('certificates that a platform sets for all programs do no harm without TLS', () => {
  expect(checked({ ...plain, otlpCertificate: 'ca.pem' }, 'OTEL_EXPORTER_OTLP_CERTIFICATE')).toEqual([])
})

test('a default in the place of a value that could not be read is not judged', () => {
  const settings = { ...defaults.settings, listen: here, admin: here }
  expect(check({ ...defaults, settings, failed: new Set(['admin'] as const) })).toEqual([])
})
