/**
 * A process with few descriptors, and more clients than it can hold. Clients get half of what there is, so that each finds a
 * descriptor for the other side, and the admin address goes on; the others are turned away and counted.
 */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { getThrough } from '../support/get-through'
import { eventually } from '../support/proxy'

const binary = join(__dirname, '../../bin/outspan.js')
const DESCRIPTORS = 64
const CLIENTS = 300

interface Outspan {
  readonly pid: number
  readonly proxy: string
  readonly admin: string
  log(): { readonly level: string; readonly message: string }[]
  /** Resolves with the exit code. */
  end(): Promise<number | null>
}

interface Client {
  readonly socket: Socket
  text: string
  isOver: boolean
}

let origin: Server
let url: string
let outspan: Outspan | undefined
const sockets = new Set<Socket>()

beforeAll(async () => {
  origin = createServer((_request, response) => setTimeout(() => response.end('hello'), 20))
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}/`
})

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await outspan?.end()
  outspan = undefined
})

afterAll(() => {
  origin.closeAllConnections()
  return new Promise((resolve) => origin.close(resolve))
})

/** Starts the binary with few descriptors: the limit of the shell holds for what it becomes. */
async function startLimited(...flags: string[]): Promise<Outspan> {
  const command = `ulimit -n ${DESCRIPTORS}; exec "$@"`
  const own = [
    '--listen',
    '127.0.0.1:0',
    '--admin',
    '127.0.0.1:0',
    '--access-log',
    'off',
    '--drain-quiet',
    '50ms',
    '--upstream-idle-timeout',
    '100ms',
  ]
  const child = spawn('sh', ['-c', command, 'sh', process.execPath, binary, ...own, ...flags], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let text = ''
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const log = () =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
  const ready = await eventually(() => log().find(({ message }) => message === 'ready'), 'ready')
  return {
    pid: child.pid as number,
    proxy: ready.proxy,
    admin: ready.admin,
    log,
    end: () => {
      child.kill('SIGTERM')
      return ended
    },
  }
}

/** A client that asks once, and stays. */
function client(proxy: string): Client {
  const { hostname: host, port } = new URL(proxy)
  const one: Client = { socket: connect({ host, port: Number(port) }), text: '', isOver: false }
  sockets.add(one.socket)
  one.socket.on('data', (bytes) => {
    one.text += bytes.toString('latin1')
  })
  one.socket.on('error', () => {})
  one.socket.on('close', () => {
    one.isOver = true
  })
  one.socket.write(`GET ${url} HTTP/1.1\r\nHost: ${new URL(url).host}\r\n\r\n`)
  return one
}

async function crowd(proxy: string): Promise<Client[]> {
  const clients = Array.from({ length: CLIENTS }, () => client(proxy))
  await eventually(
    () => clients.every(({ isOver, text }) => isOver || text !== '') || undefined,
    'an end for every client',
  )
  return clients
}

/** How many clients got which status; `none` for those that were turned away. */
function outcomes(clients: readonly Client[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { text } of clients) {
    const status = text === '' ? 'none' : text.slice(9, 12)
    counts[status] = (counts[status] ?? 0) + 1
  }
  return counts
}

/** Ticks of the processor clock, of which there are 100 in a second. */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

async function metric(admin: string, name: string): Promise<number> {
  const text = await (await fetch(`${admin}/metrics`, { headers: { connection: 'close' } })).text()
  return Number(new RegExp(`^${name}(?:{[^}]*})? ([0-9.]+)`, 'm').exec(text)?.[1])
}

async function becomes(admin: string, name: string, value: number): Promise<void> {
  await eventually(async () => (await metric(admin, name)) === value || undefined, `${name} of ${value}`)
}

test('with few descriptors clients are turned away, nothing spins, and all is well when they leave', async () => {
  outspan = await startLimited()
  const { pid, proxy, admin } = outspan
  const before = readdirSync(`/proc/${pid}/fd`).length
  const clients = await crowd(proxy)
  const counts = outcomes(clients)
  expect(Object.keys(counts).sort()).toEqual(['200', 'none'])
  expect(counts['200']).toBeGreaterThan(10)
  // The crowd is still there.
  expect((await fetch(`${admin}/livez`, { headers: { connection: 'close' } })).status).toBe(200)
  await becomes(admin, 'outspan_client_connections_rejected_total', counts.none as number)

  // What spins does so in every second.
  await eventually(async () => {
    const ticks = cpuTicks(pid)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    return cpuTicks(pid) - ticks < 20 || undefined
  }, 'a second of rest')

  for (const { socket } of clients) socket.destroy()
  await eventually(() => readdirSync(`/proc/${pid}/fd`).length <= before || undefined, 'descriptors as before')
  for (let i = 0; i < 5; i++) expect(await getThrough(proxy, url)).toBe(200)
  for (const name of ['outspan_client_connections_open', 'outspan_exchanges_active']) await becomes(admin, name, 0)
  // Told once a while.
  expect(outspan.log().filter(({ level }) => level === 'warn')).toMatchObject([{ message: 'clients are turned away' }])
  expect(await outspan.end()).toBe(0)
})

test('a limit of connections below that of descriptors keeps some for the destination, and counts whom it turns away', async () => {
  outspan = await startLimited('--max-connections', '10')
  const clients = await crowd(outspan.proxy)
  expect(outcomes(clients)).toEqual({ 200: 10, none: CLIENTS - 10 })
  await becomes(outspan.admin, 'outspan_client_connections_rejected_total', CLIENTS - 10)
})
