/** URLs, and text with URLs in it, as telemetry may show them: no credentials, and no value of a query key that carries a secret. */

/** The keys that the OpenTelemetry HTTP conventions name; they are matched case-sensitively. */
const secretKeys: readonly string[] = [
  'X-Amz-Signature',
  'X-Amz-Credential',
  'X-Amz-Security-Token',
  'AWSAccessKeyId',
  'Signature',
  'sig',
  'X-Goog-Signature',
]

const REDACTED = 'REDACTED'

/** Keys with escapes in them, which mean the same without. */
const escapedKey = /[?&][^=&]*%/
/** Some servers take semicolons for separators, too. */
const mayHoldSecret = /[?&;](?:X-|AWS|Sig|sig)/
const secretValue = new RegExp(`([?&;](?:${secretKeys.join('|')})=)[^&]*`, 'g')

/** Takes secrets out of a URL. Everything but the secrets stays byte for byte. */
export type RedactUrl = (url: string) => string

/** An absolute URL as it may be shown, by the conventions alone. */
export const redactUrl: RedactUrl = (url) => {
  const query = url.indexOf('?')
  const isSuspect = query >= 0 && (mayHoldSecret.test(url) || escapedKey.test(url))
  const safe = isSuspect ? url.slice(0, query) + withoutSecrets(url.slice(query)) : url
  return safe.includes('@') ? withoutUserinfo(safe) : safe
}

/** @param query with its question mark */
function withoutSecrets(query: string): string {
  const safe = query.replace(secretValue, `$1${REDACTED}`)
  return escapedKey.test(safe) ? redactParameters(safe, isConventional, false) : safe
}

function isConventional(key: string): boolean {
  return secretKeys.includes(decodedKey(key))
}

export interface RedactionSettings {
  /** Keys of queries, in any case, beside those of the conventions; `all` for every key. */
  readonly query: readonly string[]
  /** Keys, in any case, that are shown when all are redacted. */
  readonly queryExcept: readonly string[]
}

/** Redaction by the conventions, and by what the user adds to them. */
export function redaction({ query, queryExcept }: RedactionSettings): RedactUrl {
  if (query.length === 0) return redactUrl
  const isAll = query.includes('all')
  const named: ReadonlySet<string> = new Set((isAll ? queryExcept : query).map((key) => key.toLowerCase()))
  const isSecret = (key: string): boolean => named.has(decodedKey(key).toLowerCase()) !== isAll
  return (url) => {
    const safe = redactUrl(url)
    const start = safe.indexOf('?')
    if (start < 0) return safe
    return safe.slice(0, start) + redactParameters(safe.slice(start), isSecret, isAll)
  }
}

/** @param query with its question mark */
function redactParameters(query: string, isSecret: (key: string) => boolean, isAll: boolean): string {
  const parameters = query.slice(1).split('&')
  return `?${parameters.map((each) => redactParameter(each, isSecret, isAll)).join('&')}`
}

/** What has no key may be a secret by itself. */
function redactParameter(parameter: string, isSecret: (key: string) => boolean, isAll: boolean): string {
  const equals = parameter.indexOf('=')
  if (equals < 0) return isAll && parameter !== '' && isSecret(parameter) ? REDACTED : parameter
  return isSecret(parameter.slice(0, equals)) ? `${parameter.slice(0, equals)}=${REDACTED}` : parameter
}

/** A key may be written with escapes, and means the same. */
function decodedKey(key: string): string {
  if (!key.includes('%')) return key
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

/** Userinfo ends at the last `@` before the path: nothing of a password with an `@` in it stays behind. */
function withoutUserinfo(url: string): string {
  const authority = /^([^:/?#]+:\/\/)([^/?#]*)/.exec(url)
  const at = authority?.[2]?.lastIndexOf('@') ?? -1
  if (!authority || at < 0) return url
  const start = authority[1]?.length ?? 0
  return `${authority[1]}REDACTED:REDACTED@${url.slice(start + at + 1)}`
}

const userinfo = /:\/\/[^/?#\s]*@/g
/** A fragment may hold what a query may: OAuth hands tokens over in it. */
const queryInText = /[?#][^\s<>"'#]*/g

/** The value of a header as it may be shown: it may have URLs in it (Location, Referer, Link). */
export function redactText(text: string, redact: RedactUrl): string {
  if (!text.includes('?') && !text.includes('#') && !text.includes('://')) return text
  const safe = text.replace(userinfo, '://REDACTED:REDACTED@')
  return safe.replace(queryInText, (part) => `${part.charAt(0)}${redact(`?${part.slice(1)}`).slice(1)}`)
}
