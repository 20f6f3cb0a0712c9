/**
 * Reads that are lent. All connections read into one buffer: a read is dealt with before the next one begins. That spares an
 * allocation of this size for every read, which is most of what reading costs.
 */

const READ_SIZE = 64 * 1024
/** Behind a large read more of its kind are expected, and each of those gets a buffer of its own, to be kept without a copy. */
const LARGE_READ = 16 * 1024

const lent = Buffer.allocUnsafeSlow(READ_SIZE)
const lentMemory = lent.buffer

/** The buffer for a read, by the size of the read before it. */
export function bufferBehind(lastRead: number): Buffer {
  return lastRead < LARGE_READ ? lent : Buffer.allocUnsafeSlow(READ_SIZE)
}

/** Bytes of the present read, or some of them, to keep. Little that lies in a large buffer would keep all of that. */
export function own(bytes: Buffer): Buffer {
  return bytes.length < LARGE_READ || bytes.buffer === lentMemory ? Buffer.from(bytes) : bytes
}
