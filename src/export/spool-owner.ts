/**
 * Who owns which files of a spool. Each process draws a random id, listens on a Unix socket `<id>.owner` in the directory,
 * and puts its id into the names of its files. As long as something listens there the process lives: connecting is answered by
 * the kernel, even for a process that is stopped or busy, and refused from the moment that it has ended, however that came.
 * Process ids, which begin anew in each container, and clocks play no part.
 *
 * The names of files that have no owner alive are changed to the id of the one that takes them over, and of several that try only
 * one can. An id that is dead stays dead, for ids are never used again.
 *
 * The processes that share a directory must run on one machine: over a network file system a socket of another one looks dead.
 */
import { randomBytes } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { access, unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { dirname, join } from 'node:path'

const { R_OK, W_OK, X_OK } = constants
/** The longest path that a socket's address takes is 107 bytes on Linux, 103 elsewhere; longer ones are cut off in silence. */
const LONGEST_ADDRESS = 103

export function ownerMark(id: string): string {
  return `${id}.owner`
}

export class SpoolOwner {
  readonly id = randomBytes(8).toString('hex')
  readonly #directory: string
  #server: Server | undefined

  /** @throws when the directory can't be made, read or written, when its path is too long, or when it can hold no socket */
  constructor(directory: string) {
    this.#directory = directory
    this.#listen()
  }

  /**
   * Makes the directory and the mark again when somebody has removed them.
   * @throws as the constructor does
   */
  async renew(): Promise<void> {
    const isThere = await access(join(this.#directory, ownerMark(this.id))).then(
      () => true,
      () => false,
    )
    if (isThere) return
    this.#server?.close()
    this.#listen()
  }

  /** From now on this owner counts as dead. */
  async release(): Promise<void> {
    await unlink(join(this.#directory, ownerMark(this.id))).catch(() => {})
    this.#server?.close()
  }

  #listen(): void {
    makeDirectory(this.#directory)
    accessSync(this.#directory, R_OK | W_OK | X_OK)
    const path = join(this.#directory, `${this.id}.new`)
    const mark = join(this.#directory, ownerMark(this.id))
    if (Buffer.byteLength(mark) > LONGEST_ADDRESS)
      throw new Error(`the path ${this.#directory} is too long for a socket`)
    const server = createServer((socket) => socket.destroy())
    server.on('error', () => {})
    // Bound within the call; `exclusive` keeps a worker of a cluster from asking the first process to listen for it.
    server.listen({ path, exclusive: true })
    if (!server.listening) throw new Error(`${this.#directory} can't hold a socket`)
    server.unref()
    this.#server = server
    // The mark appears when it is listened on, not between bind and listen, when connecting is refused.
    renameSync(path, mark)
  }
}

/** With its parents. Node.js' own way of that never ends where the parent is there and takes none, as in /proc. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && statSync(path).isDirectory()) return
    if (code !== 'ENOENT' || existsSync(dirname(path))) throw error
    makeDirectory(dirname(path))
    makeDirectory(path)
  }
}

/** Whether the process that drew this id lives. When that can't be found out, it does. */
export async function isAlive(directory: string, id: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path: join(directory, ownerMark(id)) })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'))
  })
}
