/** Settings that change while the real program runs: by SIGHUP, by a change of the file, by Kubernetes' way of changing it. */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCollector } from '../support/collector'
import { getThrough } from '../support/get-through'
import { eventually } from '../support/proxy'
import { answering, OK, RawClient, type RawOrigin, startOrigin } from '../support/sockets'
import { endAll, run, type Started, start } from './binary'

const anywhere = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--drain-quiet', '20ms']
/** Only SIGHUP has the file read again. */
const bySignal = [...anywhere, '--access-log', 'off', '--config-watch', 'off']

let folder: string
let origin: RawOrigin

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reload-'))
  origin = await answering(OK)
})

afterEach(async () => {
  await endAll()
  await origin.close()
  rmSync(folder, { recursive: true })
})

function written(text: string, name = 'outspan.yaml'): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

type Shown = Record<string, { value: unknown; origin: string }> & {
  reload: {
    generation: number
    loaded: string
    digest: string | null
    waiting_for_restart: string[]
    refused: { time: string; digest: string | null; problems: string[] } | null
  }
}

async function shown(admin: string): Promise<Shown> {
  return (await (await fetch(`${admin}/config`)).json()) as Shown
}

/** Waits until so many reloads have been applied, from 1 for none. */
function generation(admin: string, count: number): Promise<Shown> {
  return eventually(async () => {
    const config = await shown(admin)
    return config.reload.generation >= count ? config : undefined
  }, `generation ${count}`)
}

function refusal(admin: string): Promise<string[]> {
  return eventually(async () => (await shown(admin)).reload.refused?.problems, 'a refusal')
}

const portOf = (url: string): number => Number(new URL(url).port)
const get = (path: string): string =>
  `GET http://127.0.0.1:${origin.port}/${path} HTTP/1.1\r\nHost: x\r\ntraceparent: nonsense\r\n\r\n`

/** One more exchange on a connection of the client's. @returns the head that the origin got */
async function headOf(client: RawClient, path: string): Promise<string> {
  const before = client.text.length
  client.send(get(path))
  await eventually(() => client.text.length >= before + OK.length || undefined, `the answer to ${path}`)
  const head = origin.received
    .join('')
    .split('\r\n\r\n')
    .find((each) => each.includes(`/${path} `))
  return head ?? ''
}

async function metric(admin: string, name: string): Promise<number> {
  const text = await (await fetch(`${admin}/metrics`)).text()
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')[1],
  )
}

test('SIGHUP: the next request on the same connection travels by the new settings', async () => {
  const path = written('propagation: {inject: [b3]}\n')
  const outspan = start([...bySignal, '--config', path])
  const { proxy, admin } = await outspan.ready()
  const client = new RawClient(portOf(proxy))
  expect(await headOf(client, 'before')).toMatch(/x-b3-traceid: /i)
  const before = await shown(admin)
  expect(before.reload).toMatchObject({ generation: 1, waiting_for_restart: [], refused: null })

  written('propagation: {inject: [w3c]}\n')
  outspan.process.kill('SIGHUP')
  const after = await generation(admin, 2)
  expect(after['propagation.inject']).toEqual({ value: 'w3c', origin: 'outspan.yaml:1 propagation.inject' })
  expect(after.reload.digest).toMatch(/^sha256:[0-9a-f]{64}$/)
  expect(after.reload.digest).not.toBe(before.reload.digest)
  const head = await headOf(client, 'after')
  expect(head).toMatch(/traceparent: /)
  expect(head).not.toMatch(/x-b3-traceid/i)
  expect(client.isEnded).toBe(false)
  expect(await outspan.logged('settings reloaded')).toMatchObject({ generation: 2, changed: ['propagation.inject'] })
  expect(await metric(admin, 'outspan_config_generation')).toBe(2)
  expect(await metric(admin, 'outspan_config_reloads_total{outcome="applied"}')).toBe(1)
  client.destroy()
})

test('a bad file is refused with all that is wrong, and a good one ends the refusal', async () => {
  const path = written('via: one\n')
  const outspan = start([...bySignal, '--config', path])
  const { proxy, admin } = await outspan.ready()
  written('via: two\nnothing: 1\nlog: {level: loud}\npropagation: {inject: [w4c]}\n')
  outspan.process.kill('SIGHUP')
  const problems = [
    expect.stringMatching(/^outspan\.yaml:3 log\.level: "loud"/),
    expect.stringMatching(/^outspan\.yaml:2: "nothing" is no setting$/),
    expect.stringMatching(/^outspan\.yaml:4 propagation\.inject: /),
  ]
  expect(await refusal(admin)).toEqual(problems)
  const line = await outspan.logged('the settings are refused, and those in force stay')
  expect(line).toMatchObject({ level: 'error', problems })
  const config = await shown(admin)
  expect([config.via?.value, config.reload.generation]).toEqual(['one', 1])
  expect(await metric(admin, 'outspan_config_reloads_total{outcome="refused"}')).toBe(1)
  expect(await headOf(new RawClient(portOf(proxy)), 'still')).toMatch(/via: 1\.1 one/i)

  written('via: three\n')
  outspan.process.kill('SIGHUP')
  expect((await generation(admin, 2)).reload.refused).toBeNull()
  expect(await headOf(new RawClient(portOf(proxy)), 'then')).toMatch(/via: 1\.1 three/i)
})

test('what can not be opened is refused as well, and nothing of the file counts', async () => {
  const path = written('via: one\n')
  const outspan = start([...anywhere, '--config', path])
  const { admin } = await outspan.ready()
  written(`via: two\naccess_log: {output: ${folder}/no/such/folder/access.log}\n`)
  outspan.process.kill('SIGHUP')
  expect(await refusal(admin)).toEqual([expect.stringMatching(/ENOENT/)])
  expect((await shown(admin)).via?.value).toBe('one')
})

test('settings that need a restart stay, are named, and wait', async () => {
  const path = written('service: {name: one}\nexchanges: {kept: 2}\n')
  const outspan = start(['--listen', '127.0.0.1:0', '--config-watch', 'off', '--config', path], {
    OUTSPAN_ADMIN: '127.0.0.1:0',
  })
  const { admin } = await outspan.ready()
  written('service: {name: two}\nlisten: 127.0.0.1:1\nworkers: 3\nspool: {dir: /tmp/x}\nexchanges: {kept: 3}\n')
  outspan.process.kill('SIGHUP')
  const config = await generation(admin, 2)
  // The flag wins over what the file says of listen.
  const waiting = ['workers', 'service.name', 'spool.dir']
  expect(config.reload.waiting_for_restart).toEqual(waiting)
  expect(config['service.name']).toEqual({ value: 'one', origin: 'outspan.yaml:1 service.name' })
  expect(config.workers?.value).toBe(1)
  expect(config['exchanges.kept']?.value).toBe(3)
  const line = await outspan.logged('settings that only a restart applies are left as they are')
  expect(line).toMatchObject({ level: 'warn', settings: waiting })
})

describe('the file is watched', () => {
  test('written in place, and replaced by another', async () => {
    const path = written('via: one\n')
    const outspan = start([...anywhere, '--config', path])
    const { admin } = await outspan.ready()
    written('via: two\n')
    expect((await generation(admin, 2)).via?.value).toBe('two')
    renameSync(written('via: three\n', 'next.yaml'), path)
    expect((await generation(admin, 3)).via?.value).toBe('three')
    written('via: t wo\n')
    expect(await refusal(admin)).toEqual([expect.stringMatching(/^outspan\.yaml:1 via: "t wo"/)])
    written('via: four\n')
    expect((await generation(admin, 4)).via?.value).toBe('four')
  })

  test('a ConfigMap: ..data is pointed at another directory, atomically', async () => {
    const version = (name: string, text: string): void => {
      mkdirSync(join(folder, `..${name}`))
      writeFileSync(join(folder, `..${name}`, 'outspan.yaml'), text)
      symlinkSync(`..${name}`, join(folder, '..data_tmp'))
      renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
    }
    version('2026_01', 'via: one\n')
    symlinkSync('..data/outspan.yaml', join(folder, 'outspan.yaml'))
    const outspan = start([...anywhere, '--config', join(folder, 'outspan.yaml')])
    const { admin } = await outspan.ready()
    expect((await shown(admin)).via?.value).toBe('one')
    version('2026_02', 'via: two\n')
    rmSync(join(folder, '..2026_01'), { recursive: true })
    expect((await generation(admin, 2)).via?.value).toBe('two')
    version('2026_03', 'via: three\n')
    expect((await generation(admin, 3)).via?.value).toBe('three')
  })

  test('a file that is gone, and one that is empty, change nothing and are told once', async () => {
    const path = written('via: one\n')
    const outspan = start([...anywhere, '--config', path])
    const { admin } = await outspan.ready()
    unlinkSync(path)
    expect(await refusal(admin)).toEqual([expect.stringMatching(/^--config: ".*" can't be read: ENOENT$/)])
    written('')
    const isEmpty = async () => (await refusal(admin))[0]?.startsWith('the file is empty') || undefined
    await eventually(isEmpty, 'the second refusal')
    written('via: two\n')
    expect((await generation(admin, 2)).via?.value).toBe('two')
    expect(outspan.log().filter(({ level }) => level === 'error')).toHaveLength(2)
  })

  test('config_watch: off', async () => {
    const path = written('via: one\nconfig_watch: off\n')
    const outspan = start([...anywhere, '--config', path])
    const { admin } = await outspan.ready()
    written('via: two\nconfig_watch: off\n')
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect((await shown(admin)).via?.value).toBe('one')
    outspan.process.kill('SIGHUP')
    expect((await generation(admin, 2)).via?.value).toBe('two')
  })
})

test('without a file SIGHUP is heard and ends nothing', async () => {
  const outspan = start(anywhere)
  const { admin } = await outspan.ready()
  outspan.process.kill('SIGHUP')
  await outspan.logged('log files are opened anew')
  expect((await shown(admin)).reload).toMatchObject({ generation: 1, digest: null, refused: null })
})

test('an exchange that is on keeps the settings that it began with', async () => {
  const held: (() => void)[] = []
  const slow = await startOrigin((socket) => held.push(() => socket.write(OK)))
  const path = written('via: one\npropagation: {response_trace_header: x-one}\n')
  const outspan = start([...bySignal, '--config', path])
  const { proxy, admin } = await outspan.ready()
  const client = new RawClient(portOf(proxy))
  const ask = `GET http://127.0.0.1:${slow.port}/ HTTP/1.1\r\nHost: x\r\n\r\n`
  client.send(ask)
  await eventually(() => held.length === 1 || undefined, 'the request')
  written('via: two\npropagation: {response_trace_header: x-two}\n')
  outspan.process.kill('SIGHUP')
  await generation(admin, 2)
  held.shift()?.()
  const first = await client.receives(/ok$/)
  expect(slow.received.join('')).toMatch(/via: 1\.1 one/i)
  expect(first).toMatch(/via: 1\.1 one\r\n/i)
  expect(first).toMatch(/x-one: [0-9a-f]{32}/)
  expect(first).not.toContain('x-two')
  client.send(ask)
  await eventually(() => held.length === 1 || undefined, 'the next request')
  held.shift()?.()
  expect(await client.receives(/x-two: [0-9a-f]{32}[\s\S]*ok$/)).toMatch(/via: 1\.1 two\r\n/i)
  client.destroy()
  await slow.close()
})

test('the access log moves to a file and back, and SIGHUP opens it again', async () => {
  const file = join(folder, 'access.log')
  const path = written('')
  const outspan = start([...anywhere, '--config', path, '--config-watch', 'off'])
  const { proxy, admin } = await outspan.ready()
  const url = (name: string): string => `http://127.0.0.1:${origin.port}/${name}`
  const urls = (text: string): string[] =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => new URL(JSON.parse(line)['url.full']).pathname)
  let reloads = 1
  const reload = async (text: string): Promise<void> => {
    written(text)
    outspan.process.kill('SIGHUP')
    await generation(admin, ++reloads)
  }
  await getThrough(proxy, url('a'))
  await reload(`access_log: {output: ${file}}\n`)
  await getThrough(proxy, url('b'))
  await eventually(() => readFileSync(file, 'utf8').endsWith('\n') || undefined, 'the line in the file')
  renameSync(file, `${file}.1`)
  await reload(`access_log: {output: ${file}}\n`)
  await getThrough(proxy, url('c'))
  await eventually(() => readFileSync(file, 'utf8').endsWith('\n') || undefined, 'the line in the new file')
  await reload('access_log: {output: stdout}\n')
  await getThrough(proxy, url('d'))
  outspan.process.kill('SIGTERM')
  expect(await outspan.end).toEqual({ code: 0, signal: null })
  expect(urls(readFileSync(`${file}.1`, 'utf8'))).toEqual(['/b'])
  expect(urls(readFileSync(file, 'utf8'))).toEqual(['/c'])
  expect(urls(outspan.stdout())).toEqual(['/a', '/d'])
})

test('reloads under load, with another collector each time, lose nothing', async () => {
  const collectors = [await startCollector(), await startCollector()]
  const settings = (i: number): string =>
    `propagation: {inject: [${i % 2 ? 'b3' : 'w3c'}]}\nqueue: {delay: ${10 + i}ms}\notlp: {endpoint: ${collectors[i % 2]?.url}, headers: {x-turn: "${i}"}}\n`
  const path = written(settings(0))
  const outspan = start([...bySignal, '--signals', 'traces', '--config', path])
  const { proxy, admin } = await outspan.ready()
  let isOver = false
  let requests = 0
  const caller = async (): Promise<void> => {
    while (!isOver) {
      expect(await getThrough(proxy, `http://127.0.0.1:${origin.port}/`)).toBe(200)
      requests++
    }
  }
  const callers = [caller(), caller(), caller(), caller()]
  for (let i = 1; i <= 12; i++) {
    written(settings(i))
    outspan.process.kill('SIGHUP')
    await generation(admin, i + 1)
    const receiver = collectors[i % 2]
    const so = receiver?.spans().length ?? 0
    await eventually(() => (receiver?.spans().length ?? 0) > so || undefined, 'spans between two reloads')
  }
  isOver = true
  await Promise.all(callers)
  outspan.process.kill('SIGTERM')
  expect(await outspan.end).toEqual({ code: 0, signal: null })
  const { ledger } = (await outspan.logged('stopped')) as unknown as { ledger: { traces: Record<string, number> } }
  expect(ledger.traces).toMatchObject({ observed: requests, exported: requests, queued: 0, spooled: 0 })
  expect(collectors.map((collector) => collector.spans().length).reduce((one, other) => one + other)).toBe(requests)
  await Promise.all(collectors.map((collector) => collector.close()))
}, 60_000)

describe('several workers', () => {
  const args = ['--config-watch', 'off', ...anywhere, '--workers', '2', '--config']

  /** Headers of both workers: connections go round. */
  async function viaOfAll(proxy: string, name: string): Promise<string[]> {
    const heads: string[] = []
    for (let i = 0; i < 4; i++) {
      const client = new RawClient(portOf(proxy))
      heads.push(await headOf(client, `${name}${i}`))
      client.destroy()
    }
    return heads.map((head) => /via: 1\.1 ([a-z]+)/i.exec(head)?.[1] ?? '')
  }

  test('all change, and a worker that starts later has the settings in force, whatever the file says', async () => {
    const path = written('via: one\n')
    const outspan = start([...args, path])
    const { proxy, admin } = await outspan.ready()
    expect(await viaOfAll(proxy, 'a')).toEqual(['one', 'one', 'one', 'one'])
    written('via: two\nservice: {name: other}\nlog: {level: debug}\n')
    outspan.process.kill('SIGHUP')
    await generation(admin, 2)
    expect(await viaOfAll(proxy, 'b')).toEqual(['two', 'two', 'two', 'two'])
    written('via: [\n')
    outspan.process.kill('SIGHUP')
    await refusal(admin)
    const former = workersOf(outspan)
    process.kill(former[0] as number, 'SIGKILL')
    await outspan.logged('a worker ended and is replaced')
    const hired = await eventually(() => workersOf(outspan).find((pid) => !former.includes(pid)), 'a new worker')
    // Each worker says its process id in the log, and at this level it has something to say.
    await eventually(async () => {
      expect(await viaOfAll(proxy, 'c')).toEqual(['two', 'two', 'two', 'two'])
      return outspan.log().some((line) => line['process.pid'] === hired) || undefined
    }, 'a request by way of the new worker')
    expect(await metric(admin, 'outspan_config_generation')).toBe(2)
    expect((await shown(admin)).reload.waiting_for_restart).toEqual(['service.name'])
  }, 30_000)

  test('what one can not have, none has', async () => {
    const path = written('via: one\n')
    const outspan = start([...args, path])
    const { proxy, admin } = await outspan.ready()
    written(`via: two\naccess_log: {output: ${folder}/no/such/folder/access.log}\n`)
    outspan.process.kill('SIGHUP')
    expect(await refusal(admin)).toEqual([expect.stringMatching(/ENOENT/)])
    expect(await viaOfAll(proxy, 'a')).toEqual(['one', 'one', 'one', 'one'])
  })
})

test("the README's example", async () => {
  const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8')
  const section = /### Changing settings while it runs\n([\s\S]*?)\n##/.exec(readme)?.[1] ?? ''
  const [before = '', after = ''] = [...section.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] as string)
  const path = written(before)
  expect((await run(['check', '--config', path])).code).toBe(0)
  const outspan = start([...anywhere, '--config', path])
  const { admin } = await outspan.ready()
  written(after)
  const { reload } = await generation(admin, 2)
  const line = await outspan.logged('settings reloaded')
  const quoted = [...section.matchAll(/^(\{"level".*\})$/gm)].map((match) =>
    JSON.parse((match[1] as string).replace(' … ', '')),
  )
  expect(quoted).toHaveLength(2)
  expect(line).toMatchObject(quoted[0])
  expect(await outspan.logged(quoted[1].message)).toMatchObject(quoted[1])
  const object = JSON.parse(/```json\n([\s\S]*?)```/.exec(section)?.[1] ?? '{}')
  expect(Object.keys(reload)).toEqual(Object.keys(object.reload))
  expect(reload.waiting_for_restart).toEqual(object.reload.waiting_for_restart)
  expect(reload.generation).toBe(object.reload.generation)
})

/** The processes that it started, as the system tells. */
function workersOf(outspan: Started): number[] {
  const { pid } = outspan.process
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}
