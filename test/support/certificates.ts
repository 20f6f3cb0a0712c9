/** Authorities and certificates for tests, made by openssl in a folder of their own. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

export class Certificates {
  readonly #folder = mkdtempSync(join(tmpdir(), 'otlp-'))

  /** The path of a file: `NAME.pem` and `NAME.key` of what was made. */
  path(file: string): string {
    return join(this.#folder, file)
  }

  makeAuthority(name: string): void {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`]
    this.#openssl('req', '-x509', ...newKey, '-days', '2', ...files, '-subj', `/CN=${name}`)
  }

  /** @param names subject alternative names, such as `DNS:localhost,IP:127.0.0.1` */
  makeCertificate(name: string, authority: string, names: string): void {
    writeFileSync(this.path(`${name}.ext`), `subjectAltName=${names}\n`)
    this.#openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    const by = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-CAcreateserial']
    const files = ['-in', `${name}.csr`, '-extfile', `${name}.ext`, '-out', `${name}.pem`]
    this.#openssl('x509', '-req', '-days', '2', ...by, ...files)
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true })
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: 'pipe' })
  }
}
