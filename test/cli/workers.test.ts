import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { getThrough } from '../support/get-through'
import { eventually } from '../support/proxy'
import { startReceiver } from '../support/receiver'
import { endAll, run, type Started, start } from './binary'

const args = ['--workers', '2', '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--drain-quiet', '50ms']

let server: Server
let url: string
/** Answers that are held back until the test lets them go. */
const held: (() => void)[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/held') held.push(() => response.end('late'))
    else response.end('hello')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})

afterEach(endAll)

afterAll(() => {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(resolve))
})

async function metric(admin: string, name: string): Promise<number> {
  const text = await (await fetch(`${admin}/metrics`)).text()
  return Number(new RegExp(`^${name} ([0-9.]+)`, 'm').exec(text)?.[1])
}

/** Workers that are busy, or begin, don't answer at once. */
async function becomes(admin: string, name: string, value: number): Promise<void> {
  await eventually(async () => (await metric(admin, name)) === value || undefined, `${name} of ${value}`)
}

const records = (outspan: Started): { 'url.full': string }[] =>
  outspan
    .stdout()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

test('two workers answer as one: one address, one log, one set of metrics', async () => {
  const outspan = start(args)
  const { proxy, admin } = await outspan.ready()
  // Connections go round. Each has a millisecond of its own: records of two workers are put in order by their time stamps.
  for (let i = 0; i < 6; i++) {
    expect(await getThrough(proxy, `${url}${i}`)).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await becomes(admin, 'outspan_client_connections_accepted_total', 6)
  await becomes(admin, 'outspan_upstream_connections_dialled_total', 2)
  expect((await fetch(`${admin}/readyz`)).status).toBe(200)
  const shown = await eventually(async () => {
    const all = (await (await fetch(`${admin}/exchanges`)).json()) as { 'url.full': string }[]
    return all.length === 6 ? all : undefined
  }, 'six exchanges')
  expect(shown.map((record) => record['url.full'])).toEqual([5, 4, 3, 2, 1, 0].map((i) => `${url}${i}`))
  outspan.process.kill('SIGTERM')
  expect(await outspan.end).toEqual({ code: 0, signal: null })
  expect(new Set(records(outspan).map((record) => record['url.full'])).size).toBe(6)
  expect(outspan.log().map(({ message }) => message)).toEqual(['ready', 'draining', 'stopped'])
})

test('what one worker did within a millisecond is shown in its order', async () => {
  const outspan = start(args)
  const { proxy, admin } = await outspan.ready()
  const numbers = Array.from({ length: 30 }, (_, number) => number)
  const { hostname, port } = new URL(proxy)
  const client = connect(Number(port), hostname)
  client.write(numbers.map((number) => `GET ${url}${number} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''))
  client.resume()
  const shown = await eventually(async () => {
    const all = (await (await fetch(`${admin}/exchanges`)).json()) as { 'url.full': string }[]
    return all.length === numbers.length ? all : undefined
  }, 'all exchanges')
  client.destroy()
  expect(shown.map((record) => record['url.full'])).toEqual(numbers.map((number) => `${url}${number}`).reverse())
})

test('SIGTERM lets every worker finish', async () => {
  const outspan = start(args)
  const { proxy, admin } = await outspan.ready()
  const answers = [getThrough(proxy, `${url}held`), getThrough(proxy, `${url}held`)]
  await eventually(() => (held.length === 2 ? true : undefined), 'two requests')
  outspan.process.kill('SIGTERM')
  await outspan.logged('draining')
  expect((await fetch(`${admin}/readyz`)).status).toBe(503)
  for (const release of held.splice(0)) release()
  expect(await Promise.all(answers)).toEqual([200, 200])
  expect(await outspan.end).toEqual({ code: 0, signal: null })
  expect(records(outspan)).toHaveLength(2)
})

test('a second signal ends the workers too', async () => {
  const outspan = start(args)
  const { proxy } = await outspan.ready()
  getThrough(proxy, `${url}held`).catch(() => {})
  await eventually(() => (held.length === 1 ? true : undefined), 'the request')
  outspan.process.kill('SIGINT')
  await outspan.logged('draining')
  outspan.process.kill('SIGINT')
  // The end is told when all of its pipes are closed: nobody is left who holds one.
  expect((await outspan.end).code).toBe(1)
  held.splice(0)
})

test('a worker that ends is replaced', async () => {
  const outspan = start(args)
  const { proxy, admin } = await outspan.ready()
  await getThrough(proxy, url)
  const [pid] = workersOf(outspan)
  process.kill(pid as number, 'SIGKILL')
  expect(await outspan.logged('a worker ended and is replaced')).toMatchObject({
    'process.pid': pid,
    reason: 'SIGKILL',
  })
  expect(await getThrough(proxy, url)).toBe(200)
  await eventually(() => (workersOf(outspan).length === 2 ? true : undefined), 'two workers')
  await becomes(admin, 'outspan_workers_replaced_total', 1)
})

test('a worker that is stuck is ended and replaced', async () => {
  const outspan = start(args)
  const { proxy } = await outspan.ready()
  const [pid] = workersOf(outspan)
  process.kill(pid as number, 'SIGSTOP')
  expect(await outspan.logged('a worker gives no sign of life and is ended')).toMatchObject({ 'process.pid': pid })
  expect(await outspan.logged('a worker ended and is replaced')).toMatchObject({ 'process.pid': pid })
  await eventually(() => (workersOf(outspan).length === 2 ? true : undefined), 'two workers')
  for (let i = 0; i < 4; i++) expect(await getThrough(proxy, url)).toBe(200)
})

test('a worker that dies leaves its books, and what it held is lost for that reason', async () => {
  const collector = await startReceiver(() => {})
  const outspan = start([
    ...args,
    '--otlp-endpoint',
    collector.url,
    '--otlp-protocol',
    'http/protobuf',
    '--signals',
    'traces',
  ])
  const { proxy, admin } = await outspan.ready()
  for (let i = 0; i < 6; i++) await getThrough(proxy, `${url}${i}`)
  const observed = (count: number) => async () => {
    const books = await traces(admin)
    return books.observed === count ? books : undefined
  }
  expect(await eventually(observed(6), 'the books')).toMatchObject({ queued: 6, dropped: {} })
  process.kill(workersOf(outspan)[0] as number, 'SIGKILL')
  await outspan.logged('a worker ended and is replaced')
  const split = await eventually(async () => {
    const books = await traces(admin)
    return books.observed === 6 && books.dropped.crash ? books : undefined
  }, 'the loss')
  expect(split).toMatchObject({ queued: 3, dropped: { crash: 3 } })
  await eventually(() => (workersOf(outspan).length === 2 ? true : undefined), 'two workers')
  await getThrough(proxy, url)
  expect(await eventually(observed(7), 'one more')).toMatchObject({ queued: 4, dropped: { crash: 3 } })
  const text = await eventually(async () => {
    const all = await (await fetch(`${admin}/metrics`)).text()
    return /^outspan_telemetry_observed_total\{signal="traces"\} 7$/m.test(all) ? all : undefined
  }, 'the metrics of all')
  expect(text).toMatch(/^outspan_telemetry_dropped_total\{signal="traces",reason="crash"\} 3$/m)
  await collector.close()
})

test('when the first process is killed, what is on ends, what waits is sent, and the workers go', async () => {
  const collector = await startReceiver()
  const otlp = ['--otlp-endpoint', collector.url, '--otlp-protocol', 'http/json', '--signals', 'traces']
  const outspan = start([...args, ...otlp, '--queue-delay', '1m'])
  const { proxy } = await outspan.ready()
  const workers = workersOf(outspan)
  expect(await getThrough(proxy, `${url}waits`)).toBe(200)
  const before = held.length
  const status = getThrough(proxy, `${url}held`)
  await eventually(() => held[before], 'the request')
  outspan.process.kill('SIGKILL')
  await outspan.end
  held[before]?.()
  expect(await status).toBe(200)
  await eventually(() => workers.every((pid) => !isThere(pid)) || undefined, 'the end of the workers')
  const texts = collector.requests.map(({ body }) => body.toString()).join('')
  for (const path of ['waits', 'held']) expect(texts).toContain(`${url}${path}`)
  await collector.close()
})

test('the log of the first process is exported as well, from its first warning on', async () => {
  const collector = await startReceiver()
  const delivery = ['--otlp-endpoint', collector.url, '--otlp-protocol', 'http/json', '--signals', 'logs']
  const outspan = start([...args, ...delivery], { OTEL_PROPAGATORS: 'xray,nonsense' })
  const { admin } = await outspan.ready()
  process.kill(workersOf(outspan)[0] as number, 'SIGKILL')
  await outspan.logged('a worker ended and is replaced')
  expect((await books(admin)).logs?.observed).toBeGreaterThan(0)
  outspan.process.kill('SIGTERM')
  expect(await outspan.end).toEqual({ code: 0, signal: null })
  const texts = collector.requests.map(({ body }) => body.toString()).join('')
  expect(texts.match(/names the propagator nonsense/g)).toHaveLength(1)
  for (const message of ['ready', 'a worker ended and is replaced', 'draining']) {
    expect(texts).toContain(`{"stringValue":"${message}"}`)
  }
  await collector.close()
})

test('what the first process alone knows is exported as well: how many workers were replaced', async () => {
  const collector = await startReceiver()
  const delivery = ['--otlp-endpoint', collector.url, '--otlp-protocol', 'http/json', '--signals', 'metrics']
  const outspan = start([...args, ...delivery, '--metrics-interval', '100ms'])
  await outspan.ready()
  process.kill(workersOf(outspan)[0] as number, 'SIGKILL')
  await eventually(
    () =>
      collector.requests.some(({ body }) =>
        /"name":"outspan\.workers\.replaced"[^[]*\[\{[^}]*"asInt":"?1"?/.test(body.toString()),
      ) || undefined,
    'the count at the collector',
  )
  outspan.process.kill('SIGTERM')
  expect(await outspan.end).toEqual({ code: 0, signal: null })
  await collector.close()
})

test('many questions to the workers leave nothing behind', async () => {
  const outspan = start(args)
  const { admin } = await outspan.ready()
  for (let i = 0; i < 3; i++) {
    const answers = await Promise.all(Array.from({ length: 12 }, () => fetch(`${admin}/ledger`)))
    expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200))
  }
  outspan.process.kill('SIGTERM')
  expect((await outspan.end).code).toBe(0)
  // Node.js would warn of listeners that pile up.
  expect(outspan.log().map(({ message }) => message)).toEqual(['ready', 'draining', 'stopped'])
})

test('an address that is taken ends the start', async () => {
  const taken = new URL(url).host
  const { code, stderr } = await run(['--workers', '2', '--admin', '127.0.0.1:0', '--listen', taken])
  expect(code).toBe(1)
  expect(stderr).toMatch(/EADDRINUSE.*outspan can't start/)
})

type Shown = { readonly observed: number; readonly queued: number; readonly dropped: Readonly<Record<string, number>> }

async function books(admin: string): Promise<Record<string, Shown>> {
  return (await (await fetch(`${admin}/ledger`)).json()) as Record<string, Shown>
}

async function traces(admin: string): Promise<Shown> {
  return (await books(admin)).traces as Shown
}

/** Whether a process runs. One that has ended may still wait for somebody to ask how. */
function isThere(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

/** The processes that it started, as the system tells. */
function workersOf(outspan: Started): number[] {
  const { pid } = outspan.process
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}
