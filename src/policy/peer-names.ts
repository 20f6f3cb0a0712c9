/** The names of the services that calls go to, by their hosts (`service.peer.name`). */
import type { Destination } from '../model/destination'
import { canonicalPattern, matchesHost, readHostAndPort } from '../model/host-pattern'

export class PeerNames {
  readonly #peers: readonly { readonly pattern: string; readonly port: number | undefined; readonly name: string }[]
  /** A destination is one object as long as it is in use. */
  readonly #known = new WeakMap<Destination, { readonly name: string | undefined }>()

  /** @param names by what `readHostAndPort` reads; the first that fits counts */
  constructor(names: Readonly<Record<string, string>>) {
    this.#peers = Object.entries(names).flatMap(([text, name]) => {
      const peer = readHostAndPort(text)
      return peer ? [{ pattern: canonicalPattern(peer.host), port: peer.port, name }] : []
    })
  }

  get isOn(): boolean {
    return this.#peers.length > 0
  }

  of(destination: Destination): string | undefined {
    if (!this.isOn) return undefined
    const known = this.#known.get(destination) ?? { name: this.#find(destination) }
    this.#known.set(destination, known)
    return known.name
  }

  #find({ canonicalHost, port }: Destination): string | undefined {
    return this.#peers.find(
      (peer) => (peer.port === undefined || peer.port === port) && matchesHost(peer.pattern, canonicalHost),
    )?.name
  }
}
