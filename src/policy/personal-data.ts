/**
 * What may tell of persons: headers, cookies, the client's address. Nothing of it is shown unless `send_default_pii` asks for it
 * (the option of Sentry's SDKs), and credentials are not shown even then.
 */
import type { Attribute } from '../model/attribute'
import type { Exchange } from '../model/exchange'
import { decoded, type FieldLine, fieldValueOf, nameOf } from '../model/field-line'
import { isSecretField } from '../model/secret-field'
import { HeaderCapture } from './header-capture'

/** Characters of a head's lines that are looked at, and of one value that are shown: what is more is left out. */
const MOST_TEXT = 16 * 1024
const LONGEST_VALUE = 2048

const REDACTED = 'REDACTED'

export class PersonalData {
  readonly #request: HeaderCapture
  readonly #response: HeaderCapture
  readonly #show: (value: string) => string

  /** @param deny names and globs of headers that are never shown @param show takes secrets out of a header's value */
  constructor(deny: readonly string[], show: (value: string) => string) {
    const all = { include: ['*'], exclude: [], deny }
    const shown = (value: string) => shortened(show(value))
    this.#show = shown
    this.#request = new HeaderCapture('http.request.header.', all, shown)
    this.#response = new HeaderCapture('http.response.header.', all, shown)
  }

  /** What there is of it. The field lines are there where something asked for them to be kept. */
  of({ clientAddress, requestLines = [], responseLines = [] }: Exchange): Attribute[] {
    const [request, response] = [beginning(requestLines), beginning(responseLines)]
    return [
      { key: 'client.address', value: clientAddress },
      ...this.#request.read(request),
      ...this.#cookies('outspan.request.cookies', 'cookie', request),
      ...this.#response.read(response),
      ...this.#cookies('outspan.response.cookies', 'set-cookie', response),
    ]
  }

  /** `name=value` of each cookie; of those that hold a credential, or look like it, the name. */
  #cookies(key: string, header: 'cookie' | 'set-cookie', lines: readonly FieldLine[]): Attribute[] {
    const cookies: string[] = []
    for (const line of lines) {
      if (nameOf(line) !== header) continue
      // What stands behind the first pair of Set-Cookie says how the cookie is kept.
      const pairs = fieldValueOf(line).split(';')
      for (const pair of header === 'cookie' ? pairs : pairs.slice(0, 1)) {
        const cookie = this.#show(decoded(redactCookie(pair.trim())))
        if (cookie !== '') cookies.push(cookie)
      }
    }
    return cookies.length === 0 ? [] : [{ key, value: cookies }]
  }
}

/** The lines of a head as far as there is room for them. */
function beginning(lines: readonly FieldLine[]): FieldLine[] {
  let left = MOST_TEXT
  return lines.filter((line) => {
    left -= line.length
    return left >= 0
  })
}

function redactCookie(pair: string): string {
  const equals = pair.indexOf('=')
  // A cookie without a name is all value.
  if (equals < 0) return pair === '' ? '' : REDACTED
  const name = pair.slice(0, equals).trim()
  return isSecretCookie(name.toLowerCase()) ? `${name}=${REDACTED}` : pair
}

/** The cookies of sessions on Sentry's list and of frameworks, beside those whose names tell that they are secret. */
function isSecretCookie(name: string): boolean {
  const isSession = name.includes('sess') || name.endsWith('sid') || name === 'sso' || name.startsWith('remember')
  const isGuarded = name.startsWith('__host-') || name.startsWith('__secure-')
  return isSession || isGuarded || isSecretField(name)
}

function shortened(text: string): string {
  return text.length > LONGEST_VALUE ? text.slice(0, LONGEST_VALUE) : text
}
