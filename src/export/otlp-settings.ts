/** What an exporter of OTLP must know, whatever its transport. */
import type { OtlpTls } from './otlp-tls'

export interface OtlpSettings {
  /**
   * gRPC: `http://host:port` in the clear, `https://host:port` with TLS. HTTP: the whole URL of the signal, path included,
   * which is used as it is.
   */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly compression: 'none' | 'gzip'
  /** Milliseconds for one batch. */
  readonly timeout: number
  readonly tls: OtlpTls
}

/** Who is told about: the resource, and the scope that its entries carry. */
export interface Identity {
  readonly resource: Readonly<Record<string, string>>
  readonly scope: { readonly name: string; readonly version: string }
}
