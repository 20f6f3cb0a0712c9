/** The access log of the binary: its options, and files that are opened anew on SIGHUP. */
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getThrough } from '../support/get-through'
import { eventually } from '../support/proxy'
import { endAll, run, start } from './binary'

const anywhere = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--drain-quiet', '50ms']

let server: Server
let url: string
let directory: string
let path: string

beforeAll(async () => {
  server = createServer((_request, response) => response.end('hello'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'access-'))
  path = join(directory, 'access.log')
})

afterEach(async () => {
  await endAll()
  rmSync(directory, { recursive: true, force: true })
})

afterAll(() => new Promise((resolve) => server.close(resolve)))

const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1)

describe.each([1, 2])('%d workers', (workers) => {
  test('SIGHUP after a rename: no line is lost or torn, and later ones are in the new file', async () => {
    const args = [...anywhere, '--workers', String(workers), '--access-log', path]
    const outspan = start([...args, '--access-log-format', '%REQ(:PATH)% %RESPONSE_CODE%'])
    const { proxy } = await outspan.ready()
    let count = 0
    const files = ['1', '2', '3'].map((suffix) => `${path}.${suffix}`)
    let isOver = false
    const traffic = Array.from({ length: 4 }, async () => {
      while (!isOver) expect(await getThrough(proxy, `${url}${count++}`)).toBe(200)
    })
    for (const file of files) {
      await eventually(() => (existsSync(path) && linesOf(path).length > 20) || undefined, 'lines')
      renameSync(path, file)
      outspan.process.kill('SIGHUP')
    }
    await eventually(() => (existsSync(path) && linesOf(path).length > 20) || undefined, 'lines in the last file')
    isOver = true
    await Promise.all(traffic)
    outspan.process.kill('SIGTERM')
    expect((await outspan.end).code).toBe(0)
    const numbers = [...files, path].flatMap(linesOf).map((line) => Number(/^\/(\d+) 200$/.exec(line)?.[1]))
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index))
    expect(outspan.log().map(({ message }) => message)).not.toContain('the access log could not be written')
  })

  test('SIGHUP while it drains: the last lines are in the new file', async () => {
    const slow = createServer((_request, response) => void response.write('begun'))
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve))
    const arrived = once(slow, 'request')
    const outspan = start([...anywhere, '--workers', String(workers), '--access-log', path])
    const { proxy } = await outspan.ready()
    const answer = getThrough(proxy, `http://127.0.0.1:${(slow.address() as AddressInfo).port}/`)
    const [, response] = (await arrived) as [unknown, ServerResponse]
    outspan.process.kill('SIGTERM')
    await outspan.logged('draining')
    renameSync(path, `${path}.1`)
    outspan.process.kill('SIGHUP')
    await eventually(() => existsSync(path) || undefined, 'the new file')
    response.end()
    expect(await answer).toBe(200)
    expect((await outspan.end).code).toBe(0)
    slow.close()
    expect(linesOf(path)).toHaveLength(1)
    expect(linesOf(`${path}.1`)).toEqual([])
  })
})

test('SIGHUP where the directory is gone: that is told, and traffic goes on', async () => {
  const outspan = start([...anywhere, '--access-log', path])
  const { proxy } = await outspan.ready()
  rmSync(directory, { recursive: true })
  outspan.process.kill('SIGHUP')
  expect(await outspan.logged('the access log could not be written')).toMatchObject({
    level: 'warn',
    reason: expect.stringMatching(/opened anew.*ENOENT/),
  })
  expect(await getThrough(proxy, url)).toBe(200)
})

test('SIGHUP at any time of the start does not end it', async () => {
  const outspan = start([...anywhere, '--workers', '2', '--access-log', path])
  // From the moment on that it is heard: before, Node.js itself is still starting.
  await eventually(() => existsSync(path) || undefined, 'the file')
  const hangUps = setInterval(() => outspan.process.kill('SIGHUP'), 2)
  const { proxy } = await outspan.ready().finally(() => clearInterval(hangUps))
  expect(await getThrough(proxy, url)).toBe(200)
})

test.each([1, 2])('%d workers: lines for a reader that is gone are counted and told', async (workers) => {
  const outspan = start([...anywhere, '--workers', String(workers)])
  const { proxy, admin } = await outspan.ready()
  outspan.process.stdout?.destroy()
  for (let count = 0; count < 5; count++) expect(await getThrough(proxy, url)).toBe(200)
  const isCounted = async () =>
    (await (await fetch(`${admin}/metrics`)).text()).includes('\noutspan_access_log_dropped_total 5\n') || undefined
  await eventually(isCounted, 'the lines that were given up')
  await outspan.logged('the access log could not be written')
})

test('SIGHUP leaves stdout as it is', async () => {
  const outspan = start([...anywhere, '--access-log-format', 'text'])
  const { proxy } = await outspan.ready()
  outspan.process.kill('SIGHUP')
  await outspan.logged('log files are opened anew')
  expect(await getThrough(proxy, url)).toBe(200)
  await eventually(() => / GET .* 200 in \d+ ms client=/.test(outspan.stdout()) || undefined, 'the line')
})

test('what is wrong with the options is told at once', async () => {
  const { code, stderr } = await run([
    ...['--access-log-format', '%FOO%', '--access-log-statuses', '4xx,abc', '--access-log-slower-than', '3'],
    ...['--access-log-failures', 'yes', '--access-log-sample', '0'],
  ])
  expect(code).toBe(64)
  expect(stderr).toMatch(/--access-log-format: .*%FOO%, which is no operator; there are START_TIME, REQ, /)
  expect(stderr).toMatch(/--access-log-statuses: .*"abc", which is no status/)
  expect(stderr).toMatch(/--access-log-slower-than: "3" is not a duration/)
  expect(stderr).toMatch(/--access-log-failures: "yes" is none of true, false/)
  expect(stderr).toMatch(/--access-log-sample: "0" is not a whole number/)
})

test('a template shows no header of redact.headers, and no secret in the URL of another', async () => {
  const format = '%REQ(REFERER)% %REQ(X-Team)% %REQ(USER-AGENT)% %FIELD(user_agent.original)%'
  const redact = ['--redact-header', 'x-t*,user-agent', '--redact-query', 'token']
  const outspan = start([...anywhere, '--access-log', path, '--access-log-format', format, ...redact])
  const { proxy } = await outspan.ready()
  const headers = { referer: 'http://u:p@a.example/?token=s&b=1', 'x-team': 's', 'user-agent': 's' }
  expect(await getThrough(proxy, url, headers)).toBe(200)
  expect(await eventually(() => (existsSync(path) && linesOf(path)[0]) || undefined, 'a line')).toBe(
    'http://REDACTED:REDACTED@a.example/?token=REDACTED&b=1 - - -',
  )
})
