/** What a reload must not leave behind, and how reloads follow each other. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { InForce } from '../../src/app/in-force'
import { Life, type ProgramChange } from '../../src/app/life'
import { type ReadSettings, Reload } from '../../src/app/reload'
import type { ConfigFile } from '../../src/config/file'
import type { Settings } from '../../src/config/options'
import { type Resolved, resolve } from '../../src/config/resolve'
import { FileWatch } from '../../src/config/watch'
import type { Metric } from '../../src/telemetry/metrics'
import { startCollector } from '../support/collector'
import { getThrough } from '../support/get-through'
import { eventually, silent } from '../support/proxy'
import { answering, OK, RawClient, type RawOrigin, startOrigin } from '../support/sockets'

const anywhere = { host: '127.0.0.1', port: 0 }

function given(overrides: Partial<Settings> = {}): Resolved {
  const resolved = resolve({ flags: new Map(), environment: {}, file: undefined })
  const settings = { ...resolved.settings, listen: anywhere, admin: anywhere, accessLog: 'off', drainQuiet: 1 }
  return { ...resolved, settings: { ...settings, ...overrides } }
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

test('a thousand reloads leave no descriptor, timer or memory behind, and the books stay whole', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reload-'))
  const collectors = [await startCollector(), await startCollector()]
  const origin = await answering(OK)
  const life = new Life(given({ otlpEndpoint: collectors[0]?.url as string, signals: ['traces'] }), silent)
  await life.start()
  const proxy = `http://127.0.0.1:${life.proxyAddress?.port}`
  const url = `http://127.0.0.1:${origin.port}/`
  let requests = 0
  const round = async (i: number): Promise<void> => {
    const { settings } = given({
      otlpEndpoint: collectors[i % 2]?.url as string,
      signals: ['traces'],
      queueDelay: 5 + (i % 7),
      inject: [i % 2 ? 'b3' : 'w3c'],
      accessLog: i % 3 ? join(folder, `log${i % 3}`) : 'off',
      clientIdleTimeout: 60_000 + i,
      metricsInterval: 60_000 + (i % 2),
      upstreamIdleTimeout: 4000 + i,
    })
    life.prepare({ settings }).commit()
    if (i % 10 === 0) {
      expect(await getThrough(proxy, url)).toBe(200)
      requests++
    }
  }
  const settled = async (): Promise<{ files: number; timers: number; heap: number }> => {
    await eventually(() => life.ledgers().traces.queued === 0 || undefined, 'all sent')
    await new Promise((resolve) => setTimeout(resolve, 200))
    collectGarbage()
    const resources = process.getActiveResourcesInfo()
    return {
      files: readdirSync('/proc/self/fd').length,
      timers: resources.filter((name) => name === 'Timeout').length,
      heap: process.memoryUsage().heapUsed,
    }
  }
  for (let i = 0; i < 100; i++) await round(i)
  const before = await settled()
  for (let i = 100; i < 1100; i++) await round(i)
  const after = await settled()
  expect(after.files).toBeLessThan(before.files + 10)
  expect(after.timers).toBeLessThan(before.timers + 10)
  expect(after.heap - before.heap).toBeLessThan(4 << 20)
  expect(life.ledgers().traces).toMatchObject({ observed: requests, exported: requests, queued: 0 })
  await life.stop()
  await Promise.all([...collectors.map((collector) => collector.close()), origin.close()])
  rmSync(folder, { recursive: true })
}, 60_000)

describe('what changes for connections that are open', () => {
  let life: Life
  let client: RawClient
  let origin: RawOrigin
  const get = (): string => `GET http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n`
  const change = (overrides: Partial<Settings>): void => life.prepare(given(overrides)).commit()

  beforeEach(async () => {
    // Answers each connection once.
    const answered = new Set<unknown>()
    origin = await startOrigin((socket) => {
      if (!answered.has(socket)) socket.write(OK)
      answered.add(socket)
    })
    life = new Life(given({ drainTimeout: 10 }), silent)
    await life.start()
    client = new RawClient(life.proxyAddress?.port as number).send(get())
    await client.receives(/ok$/)
  })

  afterEach(async () => {
    client.destroy()
    await life.stop()
    await origin.close()
  })

  test('lines of a head', async () => {
    change({ maxHeadLines: 1 })
    client.send(get())
    expect(await client.closed()).toContain(' 431 ')
  })

  test('bytes of a head', async () => {
    change({ maxHeadSize: 64 })
    client.send(`GET http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\nA: ${'x'.repeat(64)}\r\n\r\n`)
    expect(await client.closed()).toContain(' 431 ')
  })

  test('the time of an idle client', async () => {
    change({ clientIdleTimeout: 20 })
    await client.closed()
  })

  test('the time for an answer, on a connection of the pool', async () => {
    change({ responseHeadTimeout: 30, upstreamIdleTimeout: 4000 })
    client.send(get())
    expect(await client.receives(' 504 ')).toContain('cause: response_timeout (after 30 ms)')
    expect(origin.sockets).toHaveLength(1)
  })

  test('the time of an idle connection of the pool', async () => {
    change({ upstreamIdleTimeout: 20 })
    await eventually(
      () => life.metrics().every((each) => each.name !== open || countOf(each) === 0) || undefined,
      'none',
    )
  })

  test('connections to one destination', async () => {
    change({ maxDestinationConnections: 1 })
    client.send(get())
    await eventually(() => origin.received[0]?.split('GET').length === 3 || undefined, 'the second request')
    const second = new RawClient(life.proxyAddress?.port as number).send(get())
    expect(await second.receives('cause:')).toMatch(/ 503 [\s\S]*connection_limit/)
    second.destroy()
  })

  test('client connections', async () => {
    change({ maxConnections: 1 })
    expect(await new RawClient(life.proxyAddress?.port as number).closed()).toBe('')
  })

  test('exchanges kept: the newest stay', async () => {
    change({ exchangesKept: 1 })
    expect(life.exchanges()).toHaveLength(1)
    client.send('TRACE http://127.0.0.1/ HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0\r\n\r\n')
    await client.closed()
    expect(life.exchanges().map((text) => JSON.parse(text)['http.request.method'])).toEqual(['TRACE'])
  })

  const open = 'outspan.upstream.connections.open'
  const countOf = (metric: Metric): number => (metric.points[0] as { value: number }).value
})

describe('one after the other', () => {
  const file = (text: string): ConfigFile => ({ path: '/x.yaml', text })

  /** A program whose changes take until they are let go, and a file that says what the test says. */
  function staged() {
    const begun: ((result: ProgramChange | Error) => void)[] = []
    const program = {
      prepare: () =>
        new Promise<ProgramChange>((resolve, reject) => {
          begun.push((result) => (result instanceof Error ? reject(result) : resolve(result)))
        }),
    }
    const source = { text: 'a', reads: 0 }
    const inForce = new InForce({ ...given(), file: file('a') })
    const read: ReadSettings = () => {
      source.reads++
      return { ...given(), file: file(source.text) }
    }
    const reload = new Reload(inForce, program as unknown as Life, read, silent)
    return { begun, source, inForce, reload }
  }

  const fine: ProgramChange = { commit: () => {}, abandon: () => {} }

  test('what is asked for meanwhile is one more, behind it', async () => {
    const { begun, source, inForce, reload } = staged()
    const done = Promise.all([reload.request('signal'), reload.request('signal'), reload.request('watch')])
    expect([source.reads, begun.length]).toEqual([1, 1])
    begun[0]?.(fine)
    await eventually(() => begun.length === 2 || undefined, 'the second')
    begun[1]?.(fine)
    await done
    expect([source.reads, inForce.generation]).toEqual([2, 3])
  })

  test('a file that only looks changed is left alone, also when it was refused', async () => {
    const { begun, source, inForce, reload } = staged()
    await reload.request('watch')
    source.text = 'b'
    const refused = reload.request('watch')
    begun[0]?.(new Error('no room'))
    await refused
    expect(inForce.version()).toMatchObject({ generation: 1, refused: { problems: ['no room'] } })
    await reload.request('watch')
    expect(begun).toHaveLength(1)
  })

  test('a stop abandons what is not in force', async () => {
    const { begun, inForce, reload } = staged()
    let isAbandoned = false
    const done = reload.request('signal')
    reload.stop()
    begun[0]?.({
      commit: () => {},
      abandon: () => {
        isAbandoned = true
      },
    })
    await done
    expect([isAbandoned, inForce.generation]).toEqual([true, 1])
    await reload.request('signal')
    expect(begun).toHaveLength(1)
  })
})

describe('FileWatch', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'watch-'))
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  test('a link further up the path, which no watched directory tells of, is found by looking', async () => {
    const { mkdirSync, renameSync, symlinkSync } = await import('node:fs')
    for (const version of ['one', 'two']) {
      mkdirSync(join(folder, version, 'sub'), { recursive: true })
      writeFileSync(join(folder, version, 'sub', 'x.yaml'), version)
    }
    symlinkSync('one', join(folder, 'current'))
    let changes = 0
    const watch = new FileWatch(join(folder, 'current/sub/x.yaml'), () => changes++, 20)
    await eventually(() => changes === 1 || undefined, 'the first look')
    symlinkSync('two', join(folder, 'next'))
    renameSync(join(folder, 'next'), join(folder, 'current'))
    await eventually(() => changes === 2 || undefined, 'the change')
    watch.close()
  })

  test('a file that is written piece by piece is told when it rests; a noisy neighbour does not put it off', async () => {
    const path = join(folder, 'x.yaml')
    writeFileSync(path, '')
    let changes = 0
    const watch = new FileWatch(path, () => changes++)
    await eventually(() => changes === 1 || undefined, 'the first look')
    const neighbour = setInterval(() => writeFileSync(join(folder, 'access.log'), 'line\n'), 5)
    for (let i = 0; i < 10; i++) {
      writeFileSync(path, 'x'.repeat(i + 1))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await eventually(() => changes === 2 || undefined, 'the change')
    clearInterval(neighbour)
    watch.close()
  })
})
