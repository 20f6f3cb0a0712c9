/** The TLS side of an OTLP connection, for both transports: paths of PEM files in, their bytes out. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'

/** Paths of PEM files. */
export interface OtlpTls {
  /** Certificate authorities that are trusted instead of the system's. */
  readonly certificate: string | undefined
  readonly clientCertificate: string | undefined
  readonly clientKey: string | undefined
}

/** The files that there are, as node:tls names what they hold. */
export interface Pem {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
}

const BEGINNING = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*(?:-----END CERTIFICATE-----)?/g

/** @throws when a file can't be read, or what it holds can't be used: what it is for and its path are in the message */
export function pemOf({ certificate, clientCertificate, clientKey }: OtlpTls): Pem {
  const pem = {
    ...(certificate !== undefined && { ca: readFileSync(certificate) }),
    ...(clientCertificate !== undefined && { cert: readFileSync(clientCertificate) }),
    ...(clientKey !== undefined && { key: readFileSync(clientKey) }),
  }
  // node:tls passes over authorities that it can't read, and every handshake would fail.
  const authorities = pem.ca?.toString('latin1')
  judge(`--otlp-certificate "${certificate}"`, () => {
    if (authorities !== undefined && !BEGINNING.test(authorities)) throw new Error('it holds no certificate')
    for (const [text] of authorities?.matchAll(CERTIFICATE) ?? []) new X509Certificate(text)
  })
  judge(`--otlp-client-certificate "${clientCertificate}" and --otlp-client-key "${clientKey}"`, () => {
    if (pem.cert && pem.key) createSecureContext({ cert: pem.cert, key: pem.key })
  })
  return pem
}

/** OpenSSL says neither which file it means nor what that is for. */
function judge(what: string, use: () => void): void {
  try {
    use()
  } catch (error) {
    throw new Error(`${what} can't be used: ${(error as Error).message}`)
  }
}
