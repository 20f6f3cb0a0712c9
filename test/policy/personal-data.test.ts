import { isSecretField } from '../../src/model/secret-field'
import { PersonalData } from '../../src/policy/personal-data'
import { redactText, redactUrl } from '../../src/telemetry/redact'
import { exchangeOf, type Facts } from '../telemetry/exchanges'

function dataOf(facts: Facts, deny: readonly string[] = []): Record<string, unknown> {
  const data = new PersonalData(deny, (value) => redactText(value, redactUrl)).of(exchangeOf(facts))
  return Object.fromEntries(data.map(({ key, value }) => [key, value]))
}

test('headers are lists of the values of their lines, cookies apart, credentials nowhere', () => {
  const data = dataOf({
    clientAddress: '10.1.2.3',
    requestLines: [
      'Host: a.example',
      'Accept: text/html',
      'accept:application/json ',
      'Authorization: Bearer SECRET',
      'Proxy-Authorization: Basic SECRET',
      'X-Api-Key: SECRET',
      'X-Goog-Api-Key: SECRET',
      'Cookie: theme=dark; JSESSIONID=SECRET; connect.sid=SECRET; SECRET; lang=en; __Host-x=SECRET; empty=',
      'Referer: http://user:SECRET@a.example/?X-Amz-Signature=SECRET&b=1',
      'X-Name: J\xc3\xb6rg',
      'X-Latin: \xff',
    ],
    responseLines: [
      'Set-Cookie: theme=light; Path=/; Secure',
      'Set-Cookie: access_token=SECRET; HttpOnly',
      'WWW-Authenticate: Digest nonce=SECRET',
      'X-CSRF-Token: SECRET',
      'Server: x',
    ],
  })
  expect(data).toEqual({
    'client.address': '10.1.2.3',
    'http.request.header.host': ['a.example'],
    'http.request.header.accept': ['text/html', 'application/json'],
    'http.request.header.referer': ['http://REDACTED:REDACTED@a.example/?X-Amz-Signature=REDACTED&b=1'],
    'http.request.header.x-name': ['Jörg'],
    'http.request.header.x-latin': ['\ufffd'],
    'outspan.request.cookies': [
      'theme=dark',
      'JSESSIONID=REDACTED',
      'connect.sid=REDACTED',
      'REDACTED',
      'lang=en',
      '__Host-x=REDACTED',
      'empty=',
    ],
    'http.response.header.server': ['x'],
    'outspan.response.cookies': ['theme=light', 'access_token=REDACTED'],
  })
  expect(JSON.stringify(data)).not.toContain('SECRET')
})

test('where lines were not kept there is the address alone', () => {
  expect(dataOf({ clientAddress: '::1' })).toEqual({ 'client.address': '::1' })
})

// The list of Sentry's SDKs, and credentials that it does not know.
test.each([
  'x-forwarded-for',
  'authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'x-real-ip',
  'remote-addr',
  'forwarded',
  'proxy-authorization',
  'x-csrf-token',
  'x-csrftoken',
  'x-xsrf-token',
  'api-key',
  'x-goog-api-key',
  'x-amz-security-token',
  'x-auth-token',
  'www-authenticate',
  'proxy-authenticate',
  'authentication-info',
  'x-vault-token',
  'private-token',
  'ocp-apim-subscription-key',
  'x-amz-credential',
  'x-hub-signature-256',
  'apikey',
])('%s is never shown', (name) => {
  expect(isSecretField(name)).toBe(true)
})

test.each(['host', 'accept', 'user-agent', 'content-type', 'content-length', 'date', 'etag', 'x-request-id', 'via'])(
  '%s may be shown',
  (name) => {
    expect(isSecretField(name)).toBe(false)
  },
)

test('what is to be shown nowhere is not shown here', () => {
  const data = dataOf({ requestLines: ['X-Tenant: blue', 'X-Team: red'], responseLines: ['X-Tenant: blue'] }, [
    'x-ten*',
  ])
  expect(Object.keys(data)).toEqual(['client.address', 'http.request.header.x-team'])
})

test('a large head is shown in part', () => {
  const lines = Array.from({ length: 1000 }, (_, i) => `X-Line-${i}: ${'v'.repeat(100)}`)
  const data = dataOf({ requestLines: lines, responseLines: [`X-Long: ${'v'.repeat(10_000)}`, 'X-Short: v'] })
  expect(JSON.stringify(data).length).toBeLessThan(24 * 1024)
  expect(data).toMatchObject({
    'http.request.header.x-line-0': ['v'.repeat(100)],
    'http.response.header.x-long': ['v'.repeat(2048)],
    'http.response.header.x-short': ['v'],
  })
})

test('credentials at the edge of what is shown are not cut in two', () => {
  const { 'http.request.header.referer': shown } = dataOf({
    requestLines: [`Referer: http://user:${'SECRET'.repeat(500)}@a.example/`],
  })
  expect(shown).toEqual(['http://REDACTED:REDACTED@a.example/'])
})
