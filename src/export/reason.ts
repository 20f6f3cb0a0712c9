/** Words of a collector, made fit for our log: one line, short, and without the secrets that were sent to it. */

const MOST_CHARACTERS = 300
/** What is shorter is no secret, and hiding it would spoil ordinary words. */
const LEAST_SECRET = 4

/** A line of OpenSSL's, of which one part is for people. */
const OPENSSL =
  /\b[0-9A-F]{1,32}:error:[0-9A-F]{8}:[^:]{0,100}:[^:]{0,100}:([^:]{1,100}):[^:]{0,300}:[0-9]{1,6}:(?:SSL alert number [0-9]{1,3})?/

/** What of a connection went wrong, and the option that may mend it. */
const remedies: readonly (readonly [words: RegExp, remedy: string])[] = [
  [
    /unable to verify the first certificate|self-signed certificate(?: in certificate chain)?|unable to get (?:local )?issuer certificate/,
    '--otlp-certificate names who may vouch for it',
  ],
  [/certificate required/, '--otlp-client-certificate gives one'],
  // The usual ports are next to each other, 4317 and 4318.
  [/Parse Error: Expected HTTP\/.*/, 'if the collector speaks gRPC there, --otlp-protocol grpc'],
  [/Last error: Protocol error/, 'if the collector speaks HTTP there, --otlp-protocol http/protobuf'],
]

/** What a library says of a connection that failed, in words for people. */
function inPlainWords(text: string): string {
  const plain = text.replace(OPENSSL, '$1')
  return remedies.reduce((said, [words, remedy]) => said.replace(words, (found) => `${found}: ${remedy}`), plain)
}

export class ReasonWriter {
  /** The longest first: one may be a part of another. */
  readonly #secrets: readonly string[]

  /** @param headers what is sent with every request; a collector may repeat it */
  constructor(headers: Readonly<Record<string, string>>) {
    this.#secrets = Object.values(headers)
      .flatMap((value) => [value.trim(), value.trim().replace(/^\S+\s+/, '')])
      .filter(({ length }) => length >= LEAST_SECRET)
      .sort((a, b) => b.length - a.length)
  }

  /** @param text what a library says of a connection that failed */
  writeFailure(text: string): string {
    return this.write(inPlainWords(text))
  }

  write(text: string): string {
    const line = this.#hide(this.#hide(text).replace(/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')).trim()
    if (line.length <= MOST_CHARACTERS) return line
    return `${line.slice(0, MOST_CHARACTERS).replace(/[\ud800-\udbff]$/, '')}…`
  }

  #hide(text: string): string {
    return this.#secrets.reduce((hidden, secret) => hidden.replaceAll(secret, '[redacted]'), text)
  }
}
