/** Lines that another process writes, on their way to where ours go. */
import type { Readable } from 'node:stream'
import type { ByteWriter } from '../model/byte-writer'
import { countLines, type LineWriter } from './line-writer'
import { LINE_FEED } from './sink'

/** Passes on what comes, whole lines only: pieces of two processes' lines must not mingle. */
export function passLines(from: Readable, to: LineWriter): void {
  let rest: Buffer = Buffer.alloc(0)
  from.on('data', (bytes: Buffer) => {
    const end = bytes.lastIndexOf(LINE_FEED) + 1
    if (end === 0) {
      rest = Buffer.concat([rest, bytes])
      return
    }
    const lines = Buffer.concat([rest, bytes.subarray(0, end)])
    rest = bytes.subarray(end)
    to.add(writeRaw, lines, countLines(lines))
  })
}

function writeRaw(to: ByteWriter, bytes: Buffer): void {
  to.raw(bytes)
}
