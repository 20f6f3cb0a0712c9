/** What a client connection and the road know of each other: heads go in at the entrance, and routes come back. */
import type { FaultCode } from '../model/fault'
import type { RequestHead } from '../model/head'
import type { ClientConnection } from './client-connection'

/** What a client connection works for while an exchange is on: a forwarded request or a tunnel. */
export interface Route {
  /**
   * More bytes arrived, which are lent until this returns.
   * @returns the index behind the last byte that belongs to the exchange
   */
  onClientBytes(bytes: Buffer, start: number): number
  /** What was written has been taken by the system. */
  onClientDrain(): void
  /** The client will send no more; it may still read. */
  onClientEnd(): void
  /** The client is gone. */
  onClientGone(): void
  /** Nothing has moved on the client's connection, either way, for so many milliseconds. */
  onStill(milliseconds: number): void
  /** The process is about to stop: say so in the answer, if there is still time. */
  onDrain(): void
  /** The process stops now. */
  onCutOff(): void
}

/** A route at its beginning. */
export interface NewRoute extends Route {
  /** The exchange begins, with the bytes that came behind its head. Takes and returns as `onClientBytes`. */
  begin(bytes: Buffer, start: number): number
}

/** Where heads go. */
export interface Entrance {
  /** Exchanges that are on, and all that have begun. */
  readonly active: number
  readonly begun: number
  /** A head was read. No route comes back when the request was refused: the answer is written by then. */
  enter(client: ClientConnection, head: RequestHead): NewRoute | undefined
  /** A head can't be read. The answer is written by the time this returns. */
  refuse(client: ClientConnection, fault: FaultCode): void
}
