/**
 * The file of one batch that waits on disk. Numbers are unsigned and big-endian.
 *
 * | offset | bytes | what |
 * | --- | --- | --- |
 * | 0 | 8 | `outspan` and the version of the format, 1 |
 * | 8 | 4 | entries |
 * | 12 | 4 | length of the batch in bytes |
 * | 16 | 4 | CRC-32 of the batch |
 * | 20 | 4 | CRC-32 of the 20 bytes before |
 * | 24 | length | the batch, and then the end of the file |
 *
 * The header is checked by itself, so that entries of a batch that is damaged can be counted.
 */
import { type FileHandle, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Batch } from './exporter'

const MAGIC = Buffer.from('outspan\x01', 'latin1')
const HEADER_BYTES = 24
/** Telemetry tells whom somebody called: it is the owner's alone. */
const MODE = 0o600

/** What is known of a file without reading its batch. */
export interface Glance {
  /** Bytes of the whole file. */
  readonly size: number
  /** What the header says; undefined when it is damaged. */
  readonly entries: number | undefined
  /** False when the file is longer or shorter than its header says. */
  readonly isWhole: boolean
}

/** The bytes that a batch takes on disk. */
export function sizeOnDisk(batch: Batch): number {
  return HEADER_BYTES + batch.bytes.length
}

/**
 * Writes a batch so that it survives a crash of the process and of the machine: whole under its name, or not at all.
 * @param temporary path in the same directory, which a crash may leave behind
 * @throws when it can't be written; then it is not there
 */
export async function writeBatch(path: string, temporary: string, batch: Batch): Promise<void> {
  try {
    const file = await open(temporary, 'wx', MODE)
    try {
      await writeAll(file, [headerOf(batch), batch.bytes])
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncDirectory(dirname(path))
  } catch (error) {
    await unlink(temporary).catch(() => {})
    await unlink(path).catch(() => {})
    throw error
  }
}

/** @throws when the file can't be read */
export async function glanceAt(path: string): Promise<Glance> {
  const file = await open(path, 'r')
  try {
    return await glance(file)
  } finally {
    await file.close()
  }
}

/**
 * @returns undefined when the file is damaged
 * @throws when it can't be read
 */
export async function readBatch(path: string): Promise<Batch | undefined> {
  const file = await open(path, 'r')
  try {
    // A file that is not ours may be of any size: it is not read.
    const { isWhole } = await glance(file)
    if (!isWhole) return undefined
    const content = await file.readFile()
    const header = content.subarray(0, HEADER_BYTES)
    const bytes = content.subarray(HEADER_BYTES)
    const count = entriesOf(header)
    const isIntact = count !== undefined && bytes.length === header.readUInt32BE(12)
    return isIntact && crc32(bytes) === header.readUInt32BE(16) ? { bytes, count } : undefined
  } finally {
    await file.close()
  }
}

async function glance(file: FileHandle): Promise<Glance> {
  const { size } = await file.stat()
  const header = Buffer.alloc(HEADER_BYTES)
  const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0)
  const entries = bytesRead === HEADER_BYTES ? entriesOf(header) : undefined
  return { size, entries, isWhole: entries !== undefined && size === HEADER_BYTES + header.readUInt32BE(12) }
}

function headerOf({ bytes, count }: Batch): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(header)
  header.writeUInt32BE(count, 8)
  header.writeUInt32BE(bytes.length, 12)
  header.writeUInt32BE(crc32(bytes), 16)
  header.writeUInt32BE(crc32(header.subarray(0, 20)), 20)
  return header
}

/** @returns undefined when the header is damaged */
function entriesOf(header: Buffer): number | undefined {
  if (header.length < HEADER_BYTES || !header.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  return crc32(header.subarray(0, 20)) === header.readUInt32BE(20) ? header.readUInt32BE(8) : undefined
}

/** A disk that is nearly full takes a part of what it is given, and refuses with the next write. */
async function writeAll(file: FileHandle, buffers: readonly Buffer[]): Promise<void> {
  for (const buffer of buffers) {
    for (let at = 0; at < buffer.length; ) at += (await file.write(buffer, at)).bytesWritten
  }
}

/** A new name is safe when the directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
