/** Words of a collector, made fit for our log: one line, short, and without the secrets that were sent to it. */

const MOST_CHARACTERS = 300
/** What is shorter is no secret, and hiding it would spoil ordinary words. */
const LEAST_SECRET = 4

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

  write(text: string): string {
    const line = this.#hide(this.#hide(text).replace(/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')).trim()
    if (line.length <= MOST_CHARACTERS) return line
    return `${line.slice(0, MOST_CHARACTERS).replace(/[\ud800-\udbff]$/, '')}…`
  }

  #hide(text: string): string {
    return this.#secrets.reduce((hidden, secret) => hidden.replaceAll(secret, '[redacted]'), text)
  }
}
