/** The TLS side of an OTLP connection: PEM files in, credentials out. */
import { readFileSync } from 'node:fs'
import { type ChannelCredentials, credentials } from '@grpc/grpc-js'

/** Paths of PEM files. */
export interface OtlpTls {
  /** Certificate authorities that are trusted instead of the system's. */
  readonly certificate: string | undefined
  readonly clientCertificate: string | undefined
  readonly clientKey: string | undefined
}

/** @throws when a file can't be read */
export function credentialsOf(isSecure: boolean, tls: OtlpTls): ChannelCredentials {
  if (!isSecure) return credentials.createInsecure()
  return credentials.createSsl(read(tls.certificate), read(tls.clientKey), read(tls.clientCertificate))
}

function read(path: string | undefined): Buffer | null {
  return path === undefined ? null : readFileSync(path)
}
