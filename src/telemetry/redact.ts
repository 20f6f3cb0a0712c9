/** URLs as telemetry may show them: no credentials, and no value of a query key that is known to carry a secret. */
/** The keys that the OpenTelemetry HTTP conventions name; they are matched case-sensitively. */
const secretKeys = [
  'X-Amz-Signature',
  'X-Amz-Credential',
  'X-Amz-Security-Token',
  'AWSAccessKeyId',
  'Signature',
  'sig',
  'X-Goog-Signature',
]

const mayHoldSecret = /[?&](?:X-|AWS|Sig|sig)/
const secretValue = new RegExp(`([?&](?:${secretKeys.join('|')})=)[^&]*`, 'g')

/** An absolute URL as it may be shown. Everything but the secrets stays byte for byte. */
export function redactUrl(url: string): string {
  const query = url.indexOf('?')
  const safe =
    query < 0 || !mayHoldSecret.test(url)
      ? url
      : url.slice(0, query) + url.slice(query).replace(secretValue, '$1REDACTED')
  return safe.includes('@') ? withoutUserinfo(safe) : safe
}

/** Userinfo ends at the last `@` before the path: nothing of a password with an `@` in it stays behind. */
function withoutUserinfo(url: string): string {
  const authority = /^([^:/?#]+:\/\/)([^/?#]*)/.exec(url)
  const at = authority?.[2]?.lastIndexOf('@') ?? -1
  if (!authority || at < 0) return url
  const start = authority[1]?.length ?? 0
  return `${authority[1]}REDACTED:REDACTED@${url.slice(start + at + 1)}`
}
