/** Holds the code to the map in src/README.md: floors, purity, and that the map is whole. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const src = resolve(__dirname, '../../src')

interface Room {
  readonly floor: number
  /** `yes`, `no`, or the names of the files that do. */
  readonly touches: string
}

const rooms = new Map<string, Room>()
for (const row of readFileSync(join(src, 'README.md'), 'utf8').matchAll(/^\| (\d+) \| (\w+) \| ([^|]+) \|/gm)) {
  rooms.set(row[2] as string, { floor: Number(row[1]), touches: (row[3] as string).trim() })
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))

/** What a file imports as values: static, dynamic and required. Types don't count. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8')
  const values = text.replace(/^import type [^;]*? from '[^']+'|typeof import\('[^']+'\)/gms, '')
  return [...values.matchAll(/\b(?:from|import|require)\s*\(?'([^']+)'/g)].map((match) => match[1] as string)
}

function roomOf(file: string): string {
  return file.split('/')[0] as string
}

/** Modules and globals that reach the outside. */
const world = {
  modules:
    /^(?:node:)?(?:net|tls|http|https|http2|fs|fs\/promises|dns|dgram|child_process|crypto|os|process|timers|worker_threads)$/,
  globals:
    /\b(?:setTimeout|setInterval|setImmediate|performance\.|Date\.now|new Date\(\)|Math\.random|process\.(?!cpuUsage\b)|fetch\()/,
}

test('the map lists the rooms that there are', () => {
  const folders = readdirSync(src, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect([...rooms.keys()].sort()).toEqual(folders.map(({ name }) => name).sort())
})

describe.each(files)('%s', (file) => {
  const room = rooms.get(roomOf(file)) as Room

  test('imports downhill only', () => {
    const climbs = importsOf(file)
      .filter((name) => name.startsWith('.'))
      .map((name) => relative(src, resolve(dirname(join(src, file)), name)))
      .filter((target) => !target.startsWith('..') && roomOf(target) !== roomOf(file))
      .filter((target) => (rooms.get(roomOf(target))?.floor ?? Number.POSITIVE_INFINITY) >= room.floor)
    expect(climbs).toEqual([])
  })

  test('proxy knows nothing of export', () => {
    expect(roomOf(file) === 'proxy' && importsOf(file).some((name) => name.includes('/export/'))).toBe(false)
  })

  test('an exchange keeps to the parts that it began with', () => {
    const code = readFileSync(join(src, file), 'utf8')
    expect(roomOf(file) === 'proxy' && /road\.parts\b/.test(code)).toBe(false)
  })

  const name = file.split('/').at(-1)?.replace('.ts', '') as string
  const isPure = room.touches !== 'yes' && !room.touches.split(', ').includes(name)
  test(isPure ? 'touches no world' : 'may touch the world', () => {
    if (!isPure) return
    const code = readFileSync(join(src, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    expect(importsOf(file).filter((module) => world.modules.test(module))).toEqual([])
    expect(world.globals.exec(code)?.[0]).toBeUndefined()
  })

  test('only cli reads the environment and ends the process', () => {
    const code = readFileSync(join(src, file), 'utf8')
    expect(roomOf(file) !== 'cli' && /process\.(?:env|argv|exit)\b/.test(code)).toBe(false)
  })
})
