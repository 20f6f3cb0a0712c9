/** The module of hooks that the README shows: each of its exports does what is said of it, and its types are right. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { eventually } from '../support/proxy'
import { recordsOf, startHooked, startWorld, type World } from './world'

const root = resolve(__dirname, '../..')
const [, example = ''] =
  /```js\n(\/\/ hooks\.mjs\n[\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? []

let world: World

beforeEach(async () => {
  world = await startWorld()
})

afterEach(() => world.close())

test('every export of the example', async () => {
  const file = join(world.directory, 'spans.jsonl')
  const module = example.replace("'spans.jsonl'", JSON.stringify(file))
  const logs = ['--otlp-logs-endpoint', world.logs.url, '--otlp-logs-protocol', 'http/json', '--signals', 'traces,logs']
  const formats = ['--extract', 'acme,w3c', '--inject', 'acme,w3c']
  const outspan = await startHooked(world, module, [...logs, ...formats, '--exporter', 'otlp,file'])
  const [traceId, parentSpanId] = ['a'.repeat(32), 'b'.repeat(16)]
  expect(
    await outspan.get('404', { 'x-tenant': 't1', 'x-acme-trace': `${traceId}/${parentSpanId}`, 'user-agent': 'me' }),
  ).toBe(404)
  expect(await outspan.get('200', { 'x-synthetic': '1' })).toBe(200)
  const { traces } = await outspan.books((all) => all.traces?.exported === 2 && all['traces.file']?.exported === 2)
  expect(traces).toMatchObject({ observed: 3, filtered: { onRequest: 1 } })

  const spans = world.collector.spans()
  const span = spans.find(({ name }) => name === 'GET')
  expect(span).toMatchObject({ traceId, parentSpanId, status: { code: 'OK' } })
  expect(span?.attributes).toMatchObject({ tenant: 't1', 'http.response.header.x-region': ['eu'] })
  expect(span?.attributes).not.toHaveProperty('user_agent.original')
  expect(spans.find(({ name }) => name === 'cache')).toMatchObject({ traceId, parentSpanId: span?.spanId })
  expect(world.arrived[0]).toMatchObject({
    'x-acme-trace': `${traceId}/${span?.spanId}`,
    traceparent: `00-${traceId}-${span?.spanId}-01`,
  })
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line).name).toSorted()).toEqual(['GET', 'cache'])

  const events = await eventually(() => {
    const found = recordsOf(world.logs).filter(({ eventName }) => eventName === 'outspan.access')
    return found.length > 0 ? found : undefined
  }, 'an event')
  expect(events).toHaveLength(1)
  expect(events[0]?.attributes).toContainEqual({ key: 'team', value: { stringValue: 'checkout' } })
  const { logs: books } = await outspan.books((all) => all.logs?.filtered.beforeEvent === 1)
  expect(books?.filtered).toEqual({ beforeEvent: 1 })
})

/** What tsc says of a file beside an installed outspan. */
function checked(name: string, text: string): string {
  const modules = join(world.directory, 'checked', 'node_modules')
  mkdirSync(modules, { recursive: true })
  symlinkSync(root, join(modules, 'outspan'))
  for (const scope of ['@opentelemetry', '@types', 'undici-types'])
    symlinkSync(join(root, 'node_modules', scope), join(modules, scope))
  const file = join(world.directory, 'checked', name)
  writeFileSync(file, text)
  const options = [
    '--noEmit',
    '--strict',
    '--allowJs',
    '--checkJs',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--types',
    'node',
  ]
  try {
    return execFileSync(join(root, 'node_modules/.bin/tsc'), [...options, name], {
      encoding: 'utf8',
      cwd: join(world.directory, 'checked'),
    })
  } catch (error) {
    return String((error as { stdout: string }).stdout)
  }
}

test('the example passes the compiler, with the types of the package', () => {
  expect(checked('hooks.mjs', example)).toBe('')
})

test('a module in TypeScript, with mistakes that the compiler finds', () => {
  const text = `import type { Hooks, SpanExporter } from 'outspan'
export const onResponse: Hooks['onResponse'] = (span, { headers }, response) => {
  span.startSpan('a').setAttribute('b', response?.status ?? 0).end()
  headers.body
}
export const beforeSpan: Hooks['beforeSpan'] = (span) => {
  span.traceId = 'x'
  span.kind = 'other'
}
export const exporters: readonly SpanExporter[] = [{ name: 'a', export: () => ({ kind: 'maybe' }) }]
export const all = { onResponse, beforeSpan, exporters } satisfies Hooks
`
  const lines = checked('hooks.mts', text)
    .split('\n')
    .filter((line) => line.startsWith('hooks') || line.includes('hooks.mts'))
  expect(lines.map((line) => /\((\d+),/.exec(line)?.[1])).toEqual(['4', '7', '8', '10'])
})
