/** Header fields that carry secrets or tell who somebody is: telemetry shows them only where a user names them exactly. */

/** Sentry's list of sensitive headers, and what else carries credentials. */
const names: ReadonlySet<string> = new Set([
  'api-key',
  'authentication-info',
  'authorization',
  'cookie',
  'forwarded',
  'proxy-authenticate',
  'proxy-authorization',
  'remote-addr',
  'set-cookie',
  'www-authenticate',
  'x-api-key',
  'x-csrf-token',
  'x-csrftoken',
  'x-forwarded-for',
  'x-real-ip',
  'x-xsrf-token',
])

/** What names of secrets have in them, whoever made them up. */
const parts = [
  '-key',
  '_key',
  'apikey',
  'auth',
  'cookie',
  'credential',
  'csrf',
  'jwt',
  'pass',
  'pwd',
  'secret',
  'session',
  'signature',
  'token',
  'xsrf',
]

/** @param name in lower case */
export function isSecretField(name: string): boolean {
  return names.has(name) || parts.some((part) => name.includes(part))
}
