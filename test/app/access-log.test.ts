/** The access log of the running program: what its lines say of real traffic, and what a disk in trouble costs. */
import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accessLogFormat } from '../../src/config/access-log-options'
import type { AccessLogFormat } from '../../src/config/access-log-template'
import type { Settings } from '../../src/config/options'
import { eventually, type RunningProxy, startProxy } from '../support/proxy'
import { answering, ask, type RawOrigin } from '../support/sockets'

let origin: RawOrigin
let proxy: RunningProxy | undefined
let directory: string
let path: string

beforeEach(async () => {
  origin = await answering('HTTP/1.1 200 OK\r\nServer: some "thing"\r\nContent-Length: 2\r\n\r\nok')
  directory = mkdtempSync(join(tmpdir(), 'access-'))
  path = join(directory, 'access.log')
})

afterEach(async () => {
  await proxy?.stop()
  proxy = undefined
  await origin.close()
  rmSync(directory, { recursive: true, force: true })
})

const format = (text: string): AccessLogFormat => accessLogFormat.read(text) as AccessLogFormat

async function start(settings: Partial<Settings>): Promise<number> {
  proxy = await startProxy({ accessLog: path, ...settings })
  return proxy.port
}

const get = (target: string, lines: readonly string[] = []): string =>
  [`GET http://127.0.0.1:${origin.port}${target} HTTP/1.1`, 'Host: x', 'Connection: close', ...lines, '', ''].join(
    '\r\n',
  )

/** The lines of the file, once there are so many. */
const lines = (count: number): Promise<string[]> =>
  eventually(() => {
    const all = readFileSync(path, 'utf8').split('\n').slice(0, -1)
    return all.length >= count ? all : undefined
  }, `${count} lines`)

test('a template with headers of both sides', async () => {
  const port = await start({
    accessLogFormat: format(
      '%REQ(:METHOD)% %REQ(:PATH)% "%REQ(X-NAME)%" %RESP(server):4% %RESPONSE_CODE% %PROTOCOL% %REQ(cookie)%',
    ),
  })
  await ask(port, get('/a?sig=secret&b=c', ['X-Name: J\xc3\xbcrgen "x"', 'Cookie: named=so it is there']))
  expect(await lines(1)).toEqual(['GET /a?sig=REDACTED&b=c "Jürgen \\"x\\"" some 200 HTTP/1.1 named=so it is there'])
})

test('no header is in a line that does not name it', async () => {
  const port = await start({ accessLogFormat: format('text') })
  await ask(port, get('/?sig=hidden', ['Authorization: Basic hidden', 'Cookie: a=hidden', 'X-Name: hidden']))
  const [line] = await lines(1)
  expect(line).toMatch(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z GET http:\/\/127\.0\.0\.1:\d+\/\?sig=REDACTED 200 in \d+ ms client=127\.0\.0\.1:\d+ request=[0-9a-f]{32} trace=[0-9a-f]{32}$/,
  )
})

test('bytes that would end a line do not', async () => {
  const port = await start({ accessLogFormat: format('<%REQ(X-NAME)%> <%REQ(:PATH)%> <%REQ(USER-AGENT)%>') })
  // A next line, a line separator and a C1 command, in UTF-8; a CR is refused with its whole head.
  const forging = 'a\xc2\x85b\xe2\x80\xa8c\xc2\x9b2J'
  await ask(port, get('/', [`X-Name: ${forging}`, `User-Agent: ${forging}`]))
  await ask(port, get('/', ['X-Name: a\rb']))
  expect(await lines(2)).toEqual(['<a\\u0085b\\u2028c\\u009b2J> </> <a\\u0085b\\u2028c\\u009b2J>', '<-> <-> <->'])
})

describe('filters', () => {
  test('statuses, failures and the rest', async () => {
    const port = await start({
      accessLogFormat: format('%REQ(:PATH)% %RESPONSE_CODE%'),
      accessLogStatuses: ['400-499'],
    })
    await ask(port, get('/fine'))
    await ask(port, get('/refused', ['Content-Length: x']))
    await ask(port, 'GET http://127.0.0.1:1/unreachable HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    expect(await lines(1)).toEqual(['/refused 400'])
    await proxy?.becomes('outspan_access_log_filtered_total', 2)
  })

  test('failures alone', async () => {
    const port = await start({ accessLogFormat: format('%REQ(:PATH)% %RESPONSE_CODE%'), accessLogFailures: true })
    await ask(port, get('/fine'))
    await ask(port, 'GET http://127.0.0.1:1/unreachable HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    expect(await lines(1)).toEqual(['/unreachable 502'])
    await proxy?.becomes('outspan_access_log_filtered_total', 1)
  })
})

describe('a log that can not be written costs lines, which are counted, and no traffic', () => {
  const dropped = async (count: number): Promise<void> => proxy?.becomes('outspan_access_log_dropped_total', count)

  async function expectTraffic(port: number, count: number): Promise<void> {
    for (let i = 0; i < count; i++) expect(await ask(port, get('/'))).toMatch(/^HTTP\/1\.1 200 OK/)
  }

  test('a full disk', async () => {
    const port = await start({ accessLog: '/dev/full' })
    await expectTraffic(port, 5)
    await dropped(5)
    await expectTraffic(port, 2)
    await dropped(7)
  })

  test('a pipe whose reader went', async () => {
    execFileSync('mkfifo', [path])
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const port = await start({})
    closeSync(reader)
    await expectTraffic(port, 3)
    await dropped(3)
  })

  test('a pipe whose reader reads nothing', async () => {
    execFileSync('mkfifo', [path])
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    // One alone is more than a pipe holds, or the first would count as written when it goes out alone.
    const port = await start({ accessLogFormat: format(`%REQ(X-NAME)% ${'x'.repeat(70_000)} %DURATION%`) })
    // More than may wait.
    await expectTraffic(port, 200)
    await eventually(
      async () => ((await proxy?.metric('outspan_access_log_dropped_total')) ?? 0) > 0 || undefined,
      'drops',
    )
    await expectTraffic(port, 1)
    closeSync(reader)
    await dropped(201)
  })

  test('a directory that was removed', async () => {
    const port = await start({})
    const reader = openSync(path, 'r')
    rmSync(directory, { recursive: true })
    await expectTraffic(port, 3)
    const written = () => readFileSync(`/proc/self/fd/${reader}`, 'utf8').split('\n').length - 1
    await eventually(() => written() === 3 || undefined, 'lines in the file without a name')
    closeSync(reader)
    expect(await proxy?.metric('outspan_access_log_dropped_total')).toBe(0)
  })
})
