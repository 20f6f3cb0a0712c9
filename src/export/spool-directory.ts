/**
 * The names in a spool's directory, and taking over what processes left behind.
 *
 * | name | what |
 * | --- | --- |
 * | `<sequence>-<origin>@<owner>.batch` | a batch; it was written by the process `origin` and is now `owner`'s |
 * | `<sequence>-<origin>@<owner>.new` | one that is being written, or whose writer was killed meanwhile |
 * | `<sequence>-<origin>.damaged` | one that is not what was written, for people to look at |
 * | `<owner>.owner` | the mark of a process, see spool-owner.ts |
 *
 * Sorted by name, batches are in order: a process counts on from the highest sequence that it finds. No two batches share
 * sequence and origin, so that a change of owner never hits a name that is taken. Other files are left alone.
 */
import { readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type Glance, glanceAt } from './spool-file'
import { isAlive, ownerMark } from './spool-owner'

const SEQUENCE_DIGITS = 12
const NAME = /^(?<key>(?<sequence>\d{12})-[0-9a-f]{16})@(?<owner>[0-9a-f]{16})\.(?<kind>batch|new)$/
const MARK = /^(?<owner>[0-9a-f]{16})\.owner$/
const DAMAGED = /^\d{12}-[0-9a-f]{16}\.damaged$/
/** Damaged files that stay to be looked at. */
const DAMAGED_KEPT = 8

/** A file that was taken over. */
export interface Found {
  readonly key: string
  readonly glance: Glance
}

export interface TakenOver {
  readonly found: readonly Found[]
  /** The highest sequence in the directory, whoever owns it. */
  readonly highest: number
  /** What could not be done. */
  readonly troubles: readonly string[]
}

/** Sorts as it was made, and is unique for good. */
export function keyOf(sequence: number, origin: string): string {
  return `${String(sequence).padStart(SEQUENCE_DIGITS, '0')}-${origin}`
}

export function batchPath(directory: string, key: string, owner: string): string {
  return join(directory, `${key}@${owner}.batch`)
}

export function temporaryPath(directory: string, key: string, owner: string): string {
  return join(directory, `${key}@${owner}.new`)
}

/** Gives `owner` what belongs to processes that are dead, and removes what they did not finish. */
export async function takeOver(directory: string, owner: string): Promise<TakenOver> {
  const found: Found[] = []
  const troubles: string[] = []
  let highest = 0
  /** Files by the id of their owner, those with nothing but a mark included. */
  const owned = new Map<string, { key: string; kind: string }[]>()
  for (const name of await readdir(directory)) {
    const { key, sequence, owner: id, kind } = (NAME.exec(name) ?? MARK.exec(name))?.groups ?? {}
    if (id === undefined) continue
    const files = owned.get(id) ?? []
    owned.set(id, files)
    if (!key || !kind) continue
    files.push({ key, kind })
    highest = Math.max(highest, Number(sequence))
  }
  owned.delete(owner)
  for (const [dead, files] of owned) {
    if (await isAlive(directory, dead)) continue
    // What fails is met again with the next look, and keeps nothing else from being taken over.
    const failures: string[] = []
    const attempt = async (work: () => Promise<void>): Promise<void> => {
      await work().catch((error: Error) => failures.push(error.message))
    }
    for (const { key, kind } of files) {
      await attempt(async () => {
        if (kind === 'new') return removeIfThere(temporaryPath(directory, key, dead))
        const glance = await claim(directory, key, dead, owner)
        if (glance) found.push({ key, glance })
      })
    }
    await attempt(() => removeIfThere(join(directory, ownerMark(dead))))
    if (failures[0]) troubles.push(`files of an earlier process can't be taken over: ${failures[0]}`)
  }
  return { found, highest, troubles }
}

/** @returns undefined when another process was faster */
async function claim(directory: string, key: string, dead: string, owner: string): Promise<Glance | undefined> {
  const path = batchPath(directory, key, dead)
  try {
    const glance = await glanceAt(path)
    await rename(path, batchPath(directory, key, owner))
    return glance
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

/** Takes a damaged file out of the way; of many, the newest stay. */
export async function setAside(directory: string, key: string, owner: string): Promise<void> {
  await rename(batchPath(directory, key, owner), join(directory, `${key}.damaged`))
  const damaged = (await readdir(directory)).filter((name) => DAMAGED.test(name)).sort()
  for (const name of damaged.slice(0, -DAMAGED_KEPT)) await removeIfThere(join(directory, name))
}

/** @throws when it is there and can't be removed */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

/** Whether an error says that a file is not there. */
export function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
