/** What is wrong with a module of hooks, or with names that settings have for what it brings, is told at the start. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readModule } from '../../src/hooks/module'
import { endAll, run } from '../cli/binary'

const directory = mkdtempSync(join(tmpdir(), 'outspan-hooks-start-'))
const file = (name: string): string => join(directory, name)

function written(name: string, text: string): string {
  writeFileSync(file(name), text)
  return file(name)
}

afterEach(endAll)
afterAll(() => rmSync(directory, { recursive: true }))

const good = () => {}
const propagator = { inject: good, extract: good, fields: () => ['x-a'] }

test('a module with every export, and one with none', () => {
  const exporters = [{ name: 'a.b', export: good, shutdown: good }]
  const all = {
    onRequest: good,
    onResponse: good,
    beforeSpan: good,
    beforeEvent: good,
    exporters,
    propagators: { mine: propagator },
  }
  expect(readModule(all)).toEqual({ ...all, propagators: new Map([['mine', propagator]]) })
  expect(readModule({})).not.toBeInstanceOf(Array)
  expect(readModule({ exporters: () => exporters })).not.toBeInstanceOf(Array)
})

test.each<[string, Record<string, unknown>, string[]]>([
  [
    'a default',
    { default: {} },
    [
      'exports default, which is no hook; there are onRequest, onResponse, beforeSpan, beforeEvent, exporters, propagators, each exported by its name. In default is what a CommonJS module exports: it has to be an ES module',
    ],
  ],
  [
    'what TypeScript makes where package.json says nothing of modules',
    { __esModule: true, default: { onRequest: good }, onRequest: good },
    [
      'exports what a compiler has made of an ES module for CommonJS: it has to stay an ES module, which .mjs, or .mts in TypeScript, or "type": "module" in package.json makes it',
    ],
  ],
  [
    'no function',
    { onRequest: 1, beforeSpan: null },
    ['exports a onRequest that is no function', 'exports a beforeSpan that is no function'],
  ],
  ['no list', { exporters: {} }, ['exports exporters that are neither a list nor a function that makes one']],
  [
    'exporters without a name',
    { exporters: [5, null, { name: 'A' }] },
    [1, 2, 3].map(
      (number) =>
        `exports exporters of which number ${number} has no name in lower-case letters, digits, ".", "_" and "-"`,
    ),
  ],
  [
    'exporters of one name',
    { exporters: [{ name: 'otlp', export: good }] },
    ['exports an exporter otlp, and there is one of that name'],
  ],
  [
    'exporters that do nothing',
    { exporters: [{ name: 'a', shutdown: 1 }] },
    ['exports an exporter a whose export is no function', 'exports an exporter a whose shutdown is no function'],
  ],
  [
    'propagators as a list',
    { propagators: [propagator] },
    ['exports propagators that are no object with a propagator under each name'],
  ],
  [
    'a format of ours',
    { propagators: { w3c: propagator } },
    ['exports a propagator w3c, and there is a format of that name'],
  ],
  [
    'a propagator of parts',
    { propagators: { a: { fields: good } } },
    ['exports a propagator a without the function inject and extract'],
  ],
  [
    'a propagator without fields',
    { propagators: { a: { ...propagator, fields: () => [] } } },
    ['exports a propagator a whose fields() returns no list of header names'],
  ],
  [
    'a propagator whose headers are not to be written',
    { propagators: { a: { ...propagator, fields: () => ['x-a', 'Content-Length', 'x b', 'c*', 'x-c\r\nx'] } } },
    [
      '"Content-Length", which is a header with a meaning of its own',
      '"x b", which is no header name',
      '"c*", which is not the whole name of a header',
      '"x-c\\r\\nx", which is no header name',
    ].map((problem) => `exports a propagator a whose fields() has ${problem}`),
  ],
  [
    'a word of lists',
    { propagators: { preserve: propagator } },
    ['exports a propagator preserve, a word that --extract and --inject have for something else'],
  ],
])('%s is refused', (_name, exported, problems) => {
  expect(readModule(exported)).toEqual(problems)
})

test.each<[string, string, RegExp]>([
  ['syntax', 'export const a = 1\nexport const = 2', /SyntaxError: Unexpected token '=' \(.*\/syntax\.mjs:2\)/],
  ['thrown', '\nnull.x', /TypeError: .* \(.*\/thrown\.mjs:2:6\)/],
  ['missing', "import './nowhere.mjs'", /Cannot find module '.*nowhere\.mjs' imported from/],
  [
    'getter',
    'export const exporters = [{ get name() { throw new Error("no name") } }]',
    /can't be loaded: Error: no name \(.*\/getter\.mjs:1:48\)/,
  ],
  [
    'endless',
    'export default 1; export const beforeSpan = 2',
    /exports default, which is no hook.*\n.*beforeSpan that is no function/,
  ],
])('%s: reason and place, and exit status 64', async (name, text, words) => {
  const path = written(`${name}.mjs`, text)
  const { code, stderr } = await run(['--hooks', path])
  expect(code).toBe(64)
  expect(stderr).toMatch(/^outspan can't start:\n {2}--hooks: "/)
  expect(stderr).toMatch(words)
})

test('TypeScript is loaded, or the way out is told', async () => {
  const path = written('typed.mts', 'export const onRequest: (span: unknown) => void = () => {}')
  const { code, stderr } = await run(['check', '--hooks', path])
  const tells = /can't be loaded: TypeError: Unknown file extension ".mts".*; compile it to JavaScript first\n/
  if (code !== 0) expect(stderr).toMatch(tells)
})

test.each([
  ['check', 'export function onRequest() {}', 0],
  ['check', 'export const wrong = 1', 64],
  ['run', 'export const wrong = 1', 64],
])('%s ends though the module has timers and listens: %s', async (command, text, code) => {
  const busy = 'import { createServer } from "node:net"; setInterval(() => {}, 1000); createServer().listen(0)'
  const path = written('busy.mjs', `${busy}\n${text}`)
  expect((await run([command, '--hooks', path])).code).toBe(code)
})

test('names that nobody brings', async () => {
  const hooks = written('good.mjs', 'export const exporters = [{ name: "mine", export() {} }]')
  const args = ['--exporter', 'mine,theirs', '--extract', 'w4c', '--logs-exporter', 'mine']
  const without = await run(args)
  expect([without.code, without.stderr.split('\n').slice(1, -1)]).toEqual([
    64,
    [
      expect.stringMatching(/^ {2}--extract: has "w4c", which is none of w3c, /),
      '  --exporter: has "mine", which is none of otlp, console, memory',
      '  --exporter: has "theirs", which is none of otlp, console, memory',
      '  --logs-exporter: has "mine", which is none of otlp, console, memory',
    ],
  ])
  const { code, stderr } = await run(['check', '--hooks', hooks, ...args])
  expect([code, stderr.split('\n').slice(1, -1)]).toEqual([
    64,
    [
      expect.stringMatching(/^ {2}--extract: has "w4c"/),
      '  --exporter: has "theirs", which is none of otlp, console, memory, mine',
      '  --logs-exporter: has "mine", which is none of otlp, console, memory',
    ],
  ])
})

test('a header that is the request id and trace context', async () => {
  const hooks = written(
    'id.mjs',
    `export const propagators = { mine: { fields: () => ['X-Request-Id'], inject() {}, extract() {} } }`,
  )
  const { code, stderr } = await run(['check', '--hooks', hooks, '--inject', 'mine'])
  const words = '  --hooks: the propagator mine has x-request-id, which is --request-id-header'
  expect([code, stderr.split('\n')[1]]).toEqual([64, words])
  expect((await run(['check', '--hooks', hooks, '--inject', 'mine', '--request-id-header', 'off'])).code).toBe(0)
  expect((await run(['check', '--hooks', hooks])).code).toBe(0)
})

test.each([
  ['throws', 'throw new Error("not today")', 'not today'],
  ['makes no list', 'return 5', 'exports a function exporters that returned no list'],
  [
    'makes another',
    'return [{ name: "b", export() {} }]',
    '--exporter has "a", which is none of otlp, console, memory, b',
  ],
])('a function exporters that %s, with workers and without', async (_name, body, words) => {
  const hooks = written('factory.mjs', `export function exporters() { ${body} }`)
  for (const workers of ['1', '2']) {
    const args = ['--hooks', hooks, '--exporter', 'a', '--workers', workers]
    const { code, stderr } = await run([...args, '--listen', '127.0.0.1:0', '--admin', 'off'])
    expect(code).toBe(1)
    expect(stderr.split('\n').some((line) => line.includes(JSON.stringify(words).slice(1, -1)))).toBe(true)
  }
})
