import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, createServer as createNetServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { helpText } from '../../src/cli/help'
import { flagOf, type Option } from '../../src/config/option'
import { options } from '../../src/config/options'
import { type Collector, startCollector } from '../support/collector'
import { getThrough } from '../support/get-through'
import { eventually } from '../support/proxy'
import { endAll, run, start } from './binary'

const all: readonly Option<unknown>[] = Object.values(options)
/** Those that are shown also where nobody sets them. */
const listed = all.filter(({ variantOf }) => !variantOf)
const anywhere = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0']
const cleanups: (() => unknown)[] = []
const folder = mkdtempSync(join(tmpdir(), 'cli-'))
const certificate = written('some.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')

afterEach(async () => {
  await endAll()
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

afterAll(() => rmSync(folder, { recursive: true }))

function written(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

async function upstream(): Promise<number> {
  const server: Server = createServer((_, response) => response.end('hello'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

/** A tunnel through the proxy to a server that says nothing; it stays open. */
async function openTunnel(proxy: string): Promise<Socket> {
  const server = createNetServer((socket) => {
    cleanups.push(() => socket.destroy())
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => new Promise((resolve) => server.close(resolve)))
  const authority = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const { hostname, port } = new URL(proxy)
  const socket = connect(Number(port), hostname)
  cleanups.push(() => socket.destroy())
  socket.on('error', () => {})
  let text = ''
  socket.setEncoding('latin1').on('data', (part) => {
    text += part
  })
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
  await eventually(() => (text.startsWith('HTTP/1.1 200') ? true : undefined), 'the tunnel')
  return socket
}

describe('--help and --version', () => {
  test.each([[['--help']], [['-h']], [['check', '--help']], [['--help', '--listen', 'nowhere', '--wrong']]])(
    '%j prints the help',
    async (args) => {
      expect(await run(args)).toEqual({ code: 0, signal: null, stdout: helpText(), stderr: '' })
    },
  )

  test.each([[['--version']], [['-v']]])('%j prints the version', async (args) => {
    const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string }
    expect(await run(args)).toEqual({ code: 0, signal: null, stdout: `${version}\n`, stderr: '' })
  })
})

describe('check', () => {
  test('prints every setting with its value and its origin', async () => {
    const path = written('check.yaml', 'service:\n  name: shop\nqueue:\n  delay: 1500ms\n')
    const { code, stdout, stderr } = await run(
      ['check', '--config', path, '--listen', '[::1]:8080', '--otlp-header', 'authorization=geheim'],
      { OUTSPAN_LOG_LEVEL: 'warn', OTEL_RESOURCE_ATTRIBUTES: 'team=shop' },
    )
    expect([code, stderr]).toEqual([0, ''])
    const lines = stdout.trimEnd().split('\n')
    for (const { key } of listed) {
      expect(
        lines.filter((line) => new RegExp(`^${key.replaceAll('.', '\\.')} +\\S.* \\(.+\\)$`).test(line)),
      ).toHaveLength(1)
    }
    expect(stdout).toMatch(/^listen +\[::1\]:8080 +\(--listen\)$/m)
    expect(stdout).toMatch(/^admin +127\.0\.0\.1:15000 +\(default\)$/m)
    expect(stdout).toMatch(/^service\.name +shop +\(check\.yaml:2\b.*\)$/m)
    expect(stdout).toMatch(/^queue\.delay +1500ms +\(check\.yaml:4\b.*\)$/m)
    expect(stdout).toMatch(/^log\.level +warn +\(OUTSPAN_LOG_LEVEL\)$/m)
    expect(stdout).toMatch(/^resource\.attributes +.*team.*shop.* +\(OTEL_RESOURCE_ATTRIBUTES\)$/m)
    expect(stdout).toMatch(/^otlp\.headers +.*authorization.*redacted.* +\(--otlp-header\)$/m)
    expect(stdout).not.toContain('geheim')
    expect(lines.at(-1)).toMatch(/fit/)
  })

  test('a batch larger than the queue is no problem', async () => {
    const { code, stdout, stderr } = await run(['check', '--queue-capacity', '5'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^queue\.batch_size +512 +\(default\)$/m)
    expect(stdout).toMatch(/^queue\.capacity +5 +\(--queue-capacity\)$/m)
  })

  test('prints warnings, which do not make it fail', async () => {
    const { code, stdout } = await run(['check'], { OTEL_BSP_SCHEDULE_DELAY: 'soon' })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^warning: OTEL_BSP_SCHEDULE_DELAY: /m)
  })

  test('opens nothing: a port that is taken does not matter', async () => {
    expect((await run(['check', '--listen', `127.0.0.1:${await upstream()}`])).code).toBe(0)
  })

  test.each([
    ['--access-log', '/no/such/directory/access.log', 'ENOENT'],
    ['--access-log', '/tmp', 'EISDIR'],
    ['--spool-dir', '/dev/null/spool', 'ENOTDIR'],
  ])('%s %s: a place that can not be used is told, and a start fails for it', async (flag, place, code) => {
    const args = [flag, place, '--otlp-endpoint', 'http://127.0.0.1:1', '--listen', '127.0.0.1:0', '--admin', 'off']
    const [checked, started] = await Promise.all([run(['check', ...args]), run(args)])
    expect([checked.code, checked.stderr]).toEqual([1, ''])
    expect(checked.stdout).toMatch(new RegExp(`can't start here:\n  ${flag}: ${code}`))
    expect([started.code, started.stderr]).toEqual([1, expect.stringContaining(code)])
  })

  test('a spool where nobody makes directories ends the start', async () => {
    const { code, stderr } = await run([
      ...anywhere,
      '--spool-dir',
      '/proc/no/spool',
      '--otlp-endpoint',
      'http://[::1]:1',
    ])
    expect([code, stderr]).toEqual([1, expect.stringContaining('ENOENT')])
  })

  test('refuses what run refuses', async () => {
    const wrong = ['--listen', 'nowhere', '--log-level', 'loud']
    const [checked, started] = await Promise.all([run(['check', ...wrong]), run(['run', ...wrong])])
    expect(checked).toEqual(started)
    expect(checked.code).toBe(64)
  })
})

describe('a wrong command line ends with 64, everything on stderr and nothing on stdout', () => {
  test.each<[string, readonly string[], Readonly<Record<string, string>>, readonly RegExp[]]>([
    ['a value', ['--listen', 'nowhere'], {}, [/^ {2}--listen: "nowhere" is not HOST:PORT/]],
    [
      'several values of several places',
      ['--listen', 'nowhere', '--queue-capacity', '0', '--otlp-client-key', '/no/such/file'],
      { OUTSPAN_DRAIN_TIMEOUT: 'long' },
      [/--listen: /, /--queue-capacity: /, /--otlp-client-key: .*ENOENT/, /OUTSPAN_DRAIN_TIMEOUT: "long"/],
    ],
    ['a flag', ['--liste', '127.0.0.1:1'], {}, [/--liste: .*no such option/]],
    [
      'a flag that carries a secret',
      ['--otlp-headers', 'a=geheim', '--upstream-proxy-bypass', 'http://u:geheim@a'],
      {},
      [/--otlp-headers: .*no such option/, /bypass: the value has an item, which is no host/],
    ],
    ['a command', ['walk'], {}, [/walk: .*no such command/]],
    ['a word too many', ['run', 'fast'], {}, [/fast: .*not expected/]],
    ['a missing value', ['run', '--listen'], {}, [/--listen: .*missing/]],
    [
      'settings that do not fit',
      ['--otlp-endpoint', 'https://127.0.0.1:1', '--otlp-client-certificate', certificate],
      {},
      [/--otlp-client-certificate.*--otlp-client-key/],
    ],
    [
      'a collector with credentials',
      ['--otlp-endpoint', 'http://user:geheim@127.0.0.1:1'],
      {},
      [/^ {2}--otlp-endpoint: the value holds credentials/],
    ],
    ['a header that is no pair', ['--otlp-header', 'geheim'], {}, [/--otlp-header: .*KEY=VALUE/]],
    [
      'a header name that gRPC refuses',
      ['--otlp-endpoint', 'http://127.0.0.1:1', '--otlp-header', 'a b=geheim'],
      {},
      [/--otlp-header/],
    ],
    [
      'a header value that gRPC refuses',
      ['--otlp-endpoint', 'http://127.0.0.1:1', '--otlp-header', 'a=geheim\u00e4'],
      {},
      [/--otlp-header/],
    ],
  ])('%s', async (_, args, environment, words) => {
    const { code, stdout, stderr } = await run(args, {
      OUTSPAN_LISTEN: '127.0.0.1:0',
      OUTSPAN_ADMIN: 'off',
      ...environment,
    })
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
    const [title, ...problems] = stderr.trimEnd().split('\n')
    expect(title).toMatch(/can't start/)
    expect(problems).toHaveLength(words.length)
    for (const word of words) expect(problems).toContainEqual(expect.stringMatching(word))
    expect(stderr).not.toContain('geheim')
  })

  test.each<[string, readonly string[]]>([
    ['an authority', ['--otlp-certificate']],
    ['our own certificate', ['--otlp-client-certificate', '--otlp-client-key']],
  ])('%s: a file without PEM, a folder, a file that can not be read', async (_, flags) => {
    const paths: [string, RegExp][] = [
      [written('wrong.pem', 'geheim\n'), /holds nothing in PEM$/],
      [folder, /is not a file$/],
      [join(folder, 'missing.pem'), /can't be read: ENOENT$/],
    ]
    for (const [path, words] of paths) {
      const args = ['--otlp-endpoint', 'https://127.0.0.1:1', ...flags.flatMap((flag) => [flag, path])]
      const [started, checked] = await Promise.all([run([...anywhere, ...args]), run(['check', ...anywhere, ...args])])
      expect(started).toEqual(checked)
      expect({ code: started.code, stdout: started.stdout }).toEqual({ code: 64, stdout: '' })
      const [, ...problems] = started.stderr.trimEnd().split('\n')
      expect(problems.map((problem) => problem.split(':')[0]?.trim())).toEqual(flags)
      for (const problem of problems) expect(problem).toMatch(words)
      expect(started.stderr).not.toContain('geheim')
    }
  })

  test('a file', async () => {
    const path = written('wrong.yaml', 'listen: nowhere\nlitsen: 1\nqueue:\n  size: 1\n  delay: soon\n')
    const { code, stdout, stderr } = await run(['--config', path])
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
    expect(stderr.trimEnd().split('\n').slice(1).toSorted()).toEqual([
      expect.stringMatching(/^ {2}wrong\.yaml:1\b.*"nowhere"/),
      expect.stringMatching(/^ {2}wrong\.yaml:2\b.*"litsen"/),
      expect.stringMatching(/^ {2}wrong\.yaml:4\b.*"queue\.size"/),
      expect.stringMatching(/^ {2}wrong\.yaml:5\b.*"soon"/),
    ])
  })
})

describe('a start that fails ends with 1 and a log line', () => {
  test.each(['--listen', '--admin'])('%s: the port is taken', async (flag) => {
    const port = await upstream()
    const addresses = { '--listen': '127.0.0.1:0', '--admin': '127.0.0.1:0', [flag]: `127.0.0.1:${port}` }
    const started = start(Object.entries(addresses).flat())
    expect(await started.end).toEqual({ code: 1, signal: null })
    expect(started.log()).toEqual([
      expect.objectContaining({
        level: 'error',
        reason: expect.stringMatching(new RegExp(`EADDRINUSE.*:${port}`)),
        setting: flag.slice(2),
      }),
    ])
    expect(started.stdout()).toBe('')
  })

  test('the access log can not be opened', async () => {
    const started = start([...anywhere, '--access-log', join(folder, 'no/such/folder/access.log')])
    expect(await started.end).toEqual({ code: 1, signal: null })
    expect(started.log()).toEqual([
      expect.objectContaining({ level: 'error', reason: expect.stringMatching(/ENOENT/) }),
    ])
  })

  test('our own certificate: PEM that is no certificate', async () => {
    const path = written('strange.pem', '-----BEGIN NOTHING-----\nAAAA\n-----END NOTHING-----\n')
    const args = ['--otlp-client-certificate', path, '--otlp-client-key', path]
    const started = start([...anywhere, '--otlp-endpoint', 'https://127.0.0.1:1', ...args])
    const ready = started.ready().then(() => ({ code: 'ready all the same' }))
    ready.catch(() => {})
    expect((await Promise.race([started.end, ready])).code).toBe(1)
    expect(started.log()).toEqual([expect.objectContaining({ level: 'error', reason: expect.stringMatching(/PEM/i) })])
  })
})

describe('run', () => {
  test('becomes ready and says where', async () => {
    const started = start(anywhere)
    const { proxy, admin } = await started.ready()
    expect(started.log()).toEqual([expect.objectContaining({ level: 'info', message: 'ready' })])
    const line = started.log()[0] as Record<string, unknown>
    expect(String(line.timestamp)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(String(line.telemetry)).toContain('memory')
    expect((await fetch(`${admin}/readyz`)).status).toBe(200)
    expect(await getThrough(proxy, `http://127.0.0.1:${await upstream()}/a`)).toBe(200)
    await eventually(() => (started.stdout().endsWith('\n') ? true : undefined), 'the access log')
    expect(JSON.parse(started.stdout())).toMatchObject({ 'http.response.status_code': 200 })
  })

  test('takes its settings from variables and a file as well', async () => {
    const path = written('run.yaml', 'admin: off\naccess_log:\n  output: off\n')
    const started = start([], { OUTSPAN_CONFIG: path, OUTSPAN_LISTEN: '127.0.0.1:0' })
    const { proxy, admin } = await started.ready()
    expect(admin).toBe('off')
    expect(await getThrough(proxy, `http://127.0.0.1:${await upstream()}/a`)).toBe(200)
    started.process.kill('SIGTERM')
    expect(await started.end).toEqual({ code: 0, signal: null })
    expect(started.stdout()).toBe('')
  })

  test('says warnings in its log', async () => {
    const started = start(anywhere, { OTEL_BSP_SCHEDULE_DELAY: 'soon' })
    await started.ready()
    expect(started.log()[0]).toMatchObject({ level: 'warn', message: expect.stringMatching(/OTEL_BSP_SCHEDULE_DELAY/) })
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('%s: drains, stops and ends with 0', async (signal) => {
    const started = start(anywhere)
    const { proxy } = await started.ready()
    expect(await getThrough(proxy, `http://127.0.0.1:${await upstream()}/a`)).toBe(200)
    started.process.kill(signal)
    expect(await started.end).toEqual({ code: 0, signal: null })
    expect(started.log().map(({ message }) => message)).toEqual(['ready', 'draining', 'stopped'])
    expect(started.stdout().trimEnd().split('\n')).toHaveLength(1)
  })

  test.each([
    ['SIGTERM', 'SIGTERM'],
    ['SIGINT', 'SIGTERM'],
    ['SIGTERM', 'SIGINT'],
  ] as const)('%s, then %s: a second signal ends a long drain at once', async (first, second) => {
    const started = start([...anywhere, '--drain-timeout', '1h'])
    await openTunnel((await started.ready()).proxy)
    started.process.kill(first)
    await started.logged('draining')
    const asked = performance.now()
    started.process.kill(second)
    const { code } = await started.end
    expect(code).toBeGreaterThan(0)
    // Far less than the drain, on a machine that has other work as well.
    expect(performance.now() - asked).toBeLessThan(5000)
    expect(started.log().map(({ message }) => message)).not.toContain('stopped')
  })

  test('a drain ends when its time is up, with 0', async () => {
    const started = start([...anywhere, '--drain-timeout', '200ms'])
    await openTunnel((await started.ready()).proxy)
    started.process.kill('SIGTERM')
    expect(await started.end).toEqual({ code: 0, signal: null })
    expect(started.log().map(({ message }) => message)).toEqual(['ready', 'draining', 'stopped'])
    expect(started.stdout().trimEnd().split('\n')).toHaveLength(1)
  })

  test('is not ready while it drains, and says so', async () => {
    const started = start([...anywhere, '--drain-timeout', '1h'])
    const { proxy, admin } = await started.ready()
    const tunnel = await openTunnel(proxy)
    started.process.kill('SIGTERM')
    await started.logged('draining')
    expect((await fetch(`${admin}/readyz`)).status).toBe(503)
    expect((await fetch(`${admin}/livez`)).status).toBe(200)
    tunnel.destroy()
    expect(await started.end).toEqual({ code: 0, signal: null })
  })

  test('a reader of the access log that leaves does not take it down', async () => {
    const started = start(anywhere)
    const { proxy } = await started.ready()
    started.process.stdout?.destroy()
    const url = `http://127.0.0.1:${await upstream()}/a`
    expect(await getThrough(proxy, url)).toBe(200)
    const line = await started.logged('the access log could not be written')
    expect(line).toMatchObject({ level: 'warn', reason: expect.stringMatching(/EPIPE/) })
    expect(await getThrough(proxy, url)).toBe(200)
    started.process.kill('SIGTERM')
    expect((await started.end).code).toBe(0)
    expect(started.log().filter(({ level }) => level === 'error')).toEqual([])
  })

  test('shows the settings in force at /config, secrets masked', async () => {
    const started = start([...anywhere, '--otlp-header', 'authorization=geheim', '--drain-timeout', '90s'])
    const { admin } = await started.ready()
    const text = await (await fetch(`${admin}/config`)).text()
    expect(text).not.toContain('geheim')
    expect(JSON.parse(text)).toMatchObject({
      'drain.timeout': { value: '90s', origin: '--drain-timeout' },
      'otlp.headers': { value: { authorization: '[redacted]' }, origin: '--otlp-header' },
      'otlp.endpoint': { value: null, origin: 'default' },
    })
    expect(Object.keys(JSON.parse(text))).toEqual([...listed.map(({ key }) => key), 'reload'])
  })

  describe('with a collector', () => {
    let collector: Collector

    beforeEach(async () => {
      collector = await startCollector()
      cleanups.push(() => collector.close())
    })

    test.each<[string, Record<string, string>]>([
      ['no proxy settings', {}],
      [
        'proxy settings, which are for the program beside it',
        Object.fromEntries(
          ['http_proxy', 'https_proxy', 'grpc_proxy', 'all_proxy'].flatMap((name) => [
            [name, 'http://127.0.0.1:1'],
            [name.toUpperCase(), 'http://127.0.0.1:1'],
          ]),
        ),
      ],
    ])('sends spans and flushes at the end, with %s', async (_, environment) => {
      const args = [...anywhere, '--otlp-endpoint', collector.url, '--queue-delay', '1h', '--service-name', 'shop']
      const started = start(args, environment)
      const { proxy } = await started.ready()
      expect(await getThrough(proxy, `http://127.0.0.1:${await upstream()}/a`)).toBe(200)
      started.process.kill('SIGTERM')
      expect(await started.end).toEqual({ code: 0, signal: null })
      const record = JSON.parse(started.stdout()) as { span_id: string; trace_id: { w3c: string } }
      expect(collector.spans()).toEqual([
        expect.objectContaining({ spanId: record.span_id, traceId: record.trace_id.w3c, parentSpanId: '' }),
      ])
      expect(collector.resource()).toMatchObject({ 'service.name': 'shop', 'telemetry.sdk.name': 'outspan' })
    })

    test('a batch is no larger than the queue: a full one is sent at once', async () => {
      const args = [...anywhere, '--otlp-endpoint', collector.url, '--queue-delay', '1h', '--queue-capacity', '2']
      const started = start(args)
      const { proxy } = await started.ready()
      const url = `http://127.0.0.1:${await upstream()}/a`
      for (let count = 0; count < 2; count++) await getThrough(proxy, url)
      await collector.waitForSpans(2)
      expect(collector.calls().map(({ spans }) => spans.length)).toEqual([2])
    })

    test('what a flag replaces is not sent: OTEL_ headers', async () => {
      const args = [...anywhere, '--otlp-endpoint', collector.url, '--otlp-header', 'x-flag=1', '--queue-delay', '1ms']
      const started = start(args, {
        OTEL_EXPORTER_OTLP_HEADERS: 'x-general=2',
        OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-traces=3',
      })
      const { proxy } = await started.ready()
      await getThrough(proxy, `http://127.0.0.1:${await upstream()}/a`)
      await collector.waitForSpans(1)
      const [metadata] = collector.metadata()
      expect(metadata?.['x-flag']).toBe('1')
      expect(Object.keys(metadata ?? {}).filter((name) => name.startsWith('x-'))).toEqual(['x-flag'])
    })

    test('a collector that never answers does not hold up the end', async () => {
      collector.setBehaviour({ kind: 'hang' })
      const args = [...anywhere, '--otlp-endpoint', collector.url, '--queue-delay', '1ms', '--otlp-timeout', '1h']
      const started = start(args)
      const { proxy } = await started.ready()
      await getThrough(proxy, `http://127.0.0.1:${await upstream()}/a`)
      await collector.waitForCalls(1)
      const asked = performance.now()
      started.process.kill('SIGTERM')
      const hanging = new Promise((resolve) => setTimeout(resolve, 20_000, 'still running').unref())
      expect(await Promise.race([started.end, hanging])).toEqual({ code: 0, signal: null })
      // The five seconds of the last flush, and the end of a process on a machine that has other work as well.
      expect(performance.now() - asked).toBeLessThan(12_000)
    })

    test('trouble is told once, not for every batch', async () => {
      collector.setBehaviour({ kind: 'fail', code: 3, message: 'no such tenant' })
      const started = start([
        ...anywhere,
        '--otlp-endpoint',
        collector.url,
        '--queue-delay',
        '1ms',
        '--signals',
        'traces',
      ])
      const { proxy } = await started.ready()
      const url = `http://127.0.0.1:${await upstream()}/a`
      await getThrough(proxy, url)
      await collector.waitForCalls(1)
      await getThrough(proxy, url)
      await collector.waitForCalls(2)
      expect(await started.logged('traces could not be exported')).toMatchObject({
        level: 'warn',
        reason: expect.stringContaining('no such tenant'),
      })
      expect(started.log().filter(({ level }) => level === 'warn')).toHaveLength(1)
    })
  })
})

test('every option can be set by its flag', async () => {
  const empty = written('empty.yaml', '')
  const text: Record<string, string> = {
    'HOST:PORT': '127.0.0.1:1',
    'HOST:PORT|off': 'off',
    FILE: certificate,
    TEXT: 'text',
    'KEY=VALUE': 'k=v',
    URL: 'https://127.0.0.1:4317',
    DURATION: '7s',
    N: '512',
    SIZE: '2KiB',
    LIST: 'w3c,b3',
    FORMAT: 'b3',
    STRATEGY: 'probability',
    TEMPORALITY: 'delta',
    FILTER: 'always_off',
    NAME: 'x-trace-id',
    '0..1': '0.5',
    'stdout|stderr|off|FILE': 'stderr',
  }
  const byFlag: Record<string, string> = {
    '--upstream-proxy': 'http://u:p@127.0.0.1:3128',
    '--config': empty,
    '--hooks': written('hooks.mjs', ''),
    '--signals': 'traces',
    '--access-log-format': 'text',
    '--access-log-statuses': '404,5xx',
    '--url-template': '/users/{id}',
    '--span-kind': 'server',
    '--instrumentations': 'dns,wait',
    '--failed-requests': 'responses',
    '--failed-request-statuses': '404',
    '--failed-request-breadcrumbs': '5',
  }
  for (const flag of ['', 'traces-', 'logs-', 'metrics-']) byFlag[`--${flag}exporter`] = 'console'
  const rows = all.filter(({ isFileOnly }) => !isFileOnly)
  const args = rows.flatMap((row) => {
    const { placeholder } = row.kind
    const flag = flagOf(row)
    return [flag, byFlag[flag] ?? text[placeholder] ?? (placeholder.split('|').at(-1) as string)]
  })
  const { code, stdout, stderr } = await run(['check', ...args])
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout.match(/\(--[a-z-]+\)$/gm)).toHaveLength(rows.length)
})

describe('check --collector', () => {
  test('tells of each signal what its collector answers', async () => {
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/v1/logs' ? 404 : 200).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const refusing = await run(['check', '--collector', '--otlp-endpoint', url, '--otlp-protocol', 'http/protobuf'])
    const fine = await run([
      'check',
      '--collector',
      '--otlp-traces-endpoint',
      `${url}/x`,
      '--otlp-protocol',
      'http/json',
    ])
    await new Promise((resolve) => server.close(resolve))
    expect(refusing.code).toBe(1)
    expect(refusing.stdout.split('\n')).toEqual([
      `traces   ${url}/v1/traces (http/protobuf): takes it`,
      expect.stringMatching(/^logs {5}.*: refuses it: HTTP 404/),
      `metrics  ${url}/v1/metrics (http/protobuf): takes it`,
      '',
    ])
    expect([fine.code, fine.stdout]).toEqual([0, `traces   ${url}/x (http/json): takes it\n`])
  })

  test('without a collector, or with one that is not there', async () => {
    expect(await run(['check', '--collector'])).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/No collector/),
    })
    const { code, stdout } = await run([
      'check',
      '--collector',
      '--otlp-endpoint',
      'http://127.0.0.1:1',
      '--signals',
      'traces',
    ])
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^traces .*can not be reached.*ECONNREFUSED/)])
    expect((await run(['run', '--collector'])).code).toBe(64)
  })
})
