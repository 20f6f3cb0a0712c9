/**
 * Accepted sockets that read as they are told. `net` lets a socket read into a buffer of its owner's only from its making on,
 * and those of a server are made by the server: the connection is taken out of such a socket and put into one of our making.
 */
import { type OnReadOpts, Socket } from 'node:net'

/** Sockets are built around the system's handle. Neither the field nor the option of that name is documented. */
interface Holder {
  _handle?: object | null
}

/**
 * The connection of `accepted`, which must have been paused from its making on, in a socket that reads as `reads` says.
 * Where this Node.js can't do that, it is `accepted` itself, and each read is a buffer of its own.
 */
export function adopt(accepted: Socket, reads: OnReadOpts): Socket {
  const former = accepted as Holder
  const { _handle: handle } = former
  if (!handle) return readHere(accepted, reads)
  const options = { handle, allowHalfOpen: true, onread: reads }
  const socket = new Socket(options)
  if ((socket as Holder)._handle !== handle) return readHere(accepted, reads)
  // Without its handle the former socket leaves the connection alone when it goes.
  former._handle = null
  accepted.destroy()
  return socket
}

function readHere(socket: Socket, { callback }: OnReadOpts): Socket {
  socket.on('data', (bytes: Buffer) => callback(bytes.length, bytes))
  return socket.resume()
}
