/** The TLS side of an OTLP connection, for both transports: paths of PEM files in, their bytes out. */
import { readFileSync } from 'node:fs'

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

/** @throws when a file can't be read */
export function pemOf({ certificate, clientCertificate, clientKey }: OtlpTls): Pem {
  return {
    ...(certificate !== undefined && { ca: readFileSync(certificate) }),
    ...(clientCertificate !== undefined && { cert: readFileSync(clientCertificate) }),
    ...(clientKey !== undefined && { key: readFileSync(clientKey) }),
  }
}
