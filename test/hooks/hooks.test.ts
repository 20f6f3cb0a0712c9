/** Modules of hooks as users have them, good ones and bad ones, in the real binary. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CollectedSpan } from '../support/collector'
import { getThrough } from '../support/get-through'
import { eventually } from '../support/proxy'
import { isClosed, recordsOf, spansNamed, startHooked, startWorld, type World } from './world'

let world: World

beforeEach(async () => {
  world = await startWorld()
})

afterEach(() => world.close())

test('a span takes what the API of OpenTelemetry has, in the place of facts, with children', async () => {
  const hooks = `
    const seen = new WeakMap()
    export function onRequest(span, request) {
      seen.set(request, request.headers.get('X-TENANT'))
      span.setAttribute('user_agent.original', 'hidden').setAttributes({ list: ['a', 1, true], no: { x: 1 } })
      const child = span.startSpan('child', { kind: 2, attributes: { a: 1 } })
      child.startSpan('grandchild').end()
      child.recordException(new RangeError('too far'))
    }
    export function onResponse(span, request, response) {
      const { status, headers, bodySize, timings } = response
      span.updateName('renamed').setStatus({ code: 2, message: 'as I say' }).addEvent('done', { size: bodySize })
      span.setAttributes({ tenant: seen.get(request), status, answer: headers.get('x-answer'), all: [...headers].length, fast: timings.total < 1e6 })
    }`
  const outspan = await startHooked(world, hooks)
  await outspan.get('a', { 'x-tenant': 't1', 'user-agent': 'me' })
  const [span] = await spansNamed(world, 'renamed')
  const { traceId, spanId, attributes, events, status, startTimeUnixNano, endTimeUnixNano } = span as CollectedSpan
  expect(attributes).toMatchObject({
    'user_agent.original': 'hidden',
    'http.request.method': 'GET',
    list: ['a', 1, true],
    tenant: 't1',
    status: 200,
    answer: 'a',
    fast: true,
  })
  expect(attributes).not.toHaveProperty('no')
  expect(status).toEqual({ code: 'ERROR', message: 'as I say' })
  expect(events).toMatchObject([{ name: 'done', timeUnixNano: endTimeUnixNano, attributes: { size: 5 } }])
  const [child] = await spansNamed(world, 'child')
  expect(child).toMatchObject({ traceId, parentSpanId: spanId, kind: 'CLIENT', endTimeUnixNano, attributes: { a: 1 } })
  expect(child?.events).toMatchObject([
    { name: 'exception', attributes: { 'exception.type': 'RangeError', 'exception.message': 'too far' } },
  ])
  expect(Number((child?.startTimeUnixNano ?? 0n) - startTimeUnixNano)).toBeGreaterThan(0)
  const [grandchild] = await spansNamed(world, 'grandchild')
  expect(grandchild).toMatchObject({ traceId, parentSpanId: child?.spanId, kind: 'INTERNAL' })
  // The id that went out is the one that is exported.
  expect(world.arrived[0]?.traceparent).toContain(`${traceId}-${spanId}-03`)
})

test('a failed exchange tells its error, and an unsampled span takes nothing', async () => {
  const hooks = `
    export function onResponse(span, request, response, error) {
      span.recordException(undefined)
      span.updateName(\`\${error.name}, \${response === undefined}\`)
      console.error(JSON.stringify({ message: 'told', level: 'x', isRecording: span.isRecording() }))
    }`
  const outspan = await startHooked(world, hooks)
  await getThrough(outspan.proxy, 'http://127.0.0.1:1/')
  await spansNamed(world, 'connection_refused, true')
  await getThrough(outspan.proxy, 'http://127.0.0.1:1/', { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00` })
  await eventually(() => outspan.log().some(({ isRecording }) => isRecording === false) || undefined, 'no recording')
})

test('false and null leave spans out, and the books close', async () => {
  const hooks = `
    export const onRequest = (span, { url }) => { span.startSpan('child'); if (url.endsWith('/request')) return false }
    export const onResponse = (span, { url }) => !url.endsWith('/response') && undefined
    export const beforeSpan = (span) => (span.attributes['url.full']?.endsWith('/span') ? null : { ...span, name: span.name + '!' })`
  const outspan = await startHooked(world, hooks)
  for (const path of ['request', 'response', 'span', 'kept']) expect(await outspan.get(path)).toBe(200)
  const { traces } = await outspan.books(({ traces }) => traces?.exported === 3)
  expect(traces).toMatchObject({ observed: 6, filtered: { onRequest: 1, onResponse: 1, beforeSpan: 1 }, queued: 0 })
  expect(isClosed(traces)).toBe(true)
  const names = world.collector.spans().map(({ name }) => name)
  expect(names.toSorted()).toEqual(['GET!', 'child!', 'child!'])
})

test('hooks that throw, reject, stall or talk nonsense cost no request anything', async () => {
  const hooks = `
    export async function onRequest(span) { span.setAttribute('before', 1); await null; throw new Error('rejected') }
    export function onResponse() { const end = Date.now() + 30; while (Date.now() < end); throw null }
    let calls = 0
    export function beforeSpan(span) {
      span.name = 'changed'
      calls++
      if (calls === 1) throw new TypeError('no')
      if (calls === 2) return 5
      if (calls === 3) return { name: 'a', get attributes() { throw new Error('trap') } }
      return Promise.reject(new Error('late'))
    }
    Promise.reject(new Error('nobody waits'))
    setTimeout(() => { throw new Error('from a timer') })`
  const outspan = await startHooked(world, hooks)
  for (let i = 0; i < 4; i++) expect(await outspan.get('a')).toBe(200)
  const spans = await spansNamed(world, 'GET', 4)
  expect(spans.map(({ attributes }) => attributes.before)).toEqual([1, 1, 1, 1])
  const isSo = async (line: string, value: number) =>
    eventually(async () => (await outspan.metric(line)) === value || undefined, `${line} ${value}`)
  await isSo('outspan_hooks_errors_total{hook="onRequest"}', 4)
  await isSo('outspan_hooks_errors_total{hook="onResponse"}', 4)
  await isSo('outspan_hooks_slow_total{hook="onResponse"}', 4)
  // A promise is an error as it is, and once more when it is rejected.
  await isSo('outspan_hooks_errors_total{hook="beforeSpan"}', 5)
  const told = outspan.log().filter(({ message }) => message === 'a hook failed')
  expect(told.map(({ hook }) => hook).toSorted()).toEqual(['beforeSpan', 'onRequest', 'onResponse'])
  expect(told.find(({ hook }) => hook === 'onRequest')?.reason).toMatch(/^Error: rejected \(\/.*\/hooks\.mjs:2:\d+\)$/)
  expect(outspan.log().find(({ message }) => message === 'a hook is slow')).toMatchObject({ hook: 'onResponse' })
  expect(outspan.log().filter(({ message }) => message === 'unexpected error')).toHaveLength(2)
})

test('what fails apart from the calls of hooks is told once a minute, and ends nothing', async () => {
  const hooks = `
    export function onRequest() { void Promise.reject(new Error('nobody has it')) }
    export function onResponse() { setTimeout(() => { throw { toString() { throw 1 } } }) }`
  const outspan = await startHooked(world, hooks)
  for (let i = 0; i < 20; i++) expect(await outspan.get('a')).toBe(200)
  outspan.process.kill('SIGTERM')
  expect((await outspan.end).code).toBe(0)
  const told = outspan.log().filter(({ message }) => message === 'unexpected error')
  expect(told.map(({ reason }) => String(reason).split('\n')[0])).toEqual([
    'Error: nobody has it',
    'something was thrown that has no words',
  ])
})

test('without end: attributes, events, links, children and text have bounds', async () => {
  const hooks = `
    export function onRequest(span) {
      for (let i = 0; i < 2000; i++) {
        span.setAttribute('k' + i, i).addEvent('e' + i).addLink({ context: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) } })
        span.startSpan('child')
      }
    }
    export function onResponse(span) {
      span.setAttribute('k0', 'x'.repeat(1e7))
      for (let i = 0; i < 1000; i++) span.setAttribute('k' + (i % 128), 'y'.repeat(4000))
      span.updateName('bounded')
    }`
  const outspan = await startHooked(world, hooks)
  expect(await outspan.get('a')).toBe(200)
  const [span] = await spansNamed(world, 'bounded')
  const own = Object.entries(span?.attributes ?? {}).filter(([key]) => key.startsWith('k'))
  expect(own).toHaveLength(128)
  expect(own.reduce((sum, [, value]) => sum + String(value).length, 0)).toBeLessThan(256 * 1024)
  expect(span?.attributes.k0).toHaveLength(4000)
  expect(span?.events).toHaveLength(128)
  expect(span?.attributes['outspan.dropped_children']).toBe(2000 - 128)
  expect(await spansNamed(world, 'child', 128)).toHaveLength(128)
})

test('log records of exchanges are changed and dropped, lines of our own log are not', async () => {
  const hooks = `
    export function beforeEvent(event) {
      if (event.name === 'outspan.access' && event.attributes['http.response.status_code'] === 200) return null
      event.attributes['seen.by'] = [event.name, { deep: true }]
      delete event.attributes['url.full']
      event.severityNumber = 13
      event.body = 'rewritten'
    }`
  const logs = ['--otlp-logs-endpoint', world.logs.url, '--otlp-logs-protocol', 'http/json', '--signals', 'logs']
  const outspan = await startHooked(world, hooks, logs)
  for (const path of ['200', '404', '503']) await outspan.get(path)
  const { logs: books } = await outspan.books(
    ({ logs }) => logs?.filtered.beforeEvent === 1 && Number(logs.exported) >= 4,
  )
  expect(isClosed(books)).toBe(true)
  const records = recordsOf(world.logs)
  expect(records.some(({ body }) => (body as { stringValue: string }).stringValue === 'ready')).toBe(true)
  const events = records.filter(({ eventName }) => eventName)
  expect(events.map(({ eventName }) => eventName).toSorted()).toMatchObject(['outspan.access', 'outspan.access', /./])
  for (const { body, severityNumber, attributes, traceId } of events) {
    expect([body, severityNumber]).toEqual([{ stringValue: 'rewritten' }, 13])
    expect(traceId).toMatch(/^[0-9a-f]{32}$/)
    const keys = (attributes as { key: string }[]).map(({ key }) => key)
    expect(keys).toContain('seen.by')
    expect(keys).not.toContain('url.full')
  }
})

test('an exporter of the user gets spans beside the collector, with retries and books of its own', async () => {
  const hooks = `
    let tries = 0
    export const exporters = ({ resource }) => [{
      name: 'mine',
      async export(batch) {
        if (tries++ === 0) throw new Error('not yet')
        if (tries === 2) return { kind: 'retry', after: 10, reason: 'soon' }
        console.error(JSON.stringify({ message: 'batch', level: 'x', spans: batch.spans, size: batch.otlp.length, same: batch.resource === resource || batch.resource['service.name'] === resource['service.name'] }))
        globalThis.kept = batch
      },
      shutdown() { try { kept.otlp } catch (error) { console.error(JSON.stringify({ message: 'over', level: 'x', reason: error.message })) } },
    }, { name: 'unused', export() {} }]`
  const outspan = await startHooked(world, hooks, ['--traces-exporter', 'otlp,mine', '--queue-retry-delay', '10ms'])
  await outspan.get('a')
  const books = await outspan.books((all) => all['traces.mine']?.exported === 1 && all.traces?.exported === 1)
  expect(books['traces.mine']).toMatchObject({ observed: 1, dropped: {} })
  const batch = await outspan.logged('batch')
  const [span] = world.collector.spans()
  expect(batch.spans).toMatchObject([{ traceId: span?.traceId, spanId: span?.spanId, name: 'GET', kind: 'client' }])
  expect([batch.same, Number(batch.size) > 100]).toEqual([true, true])
  expect(await outspan.metric('outspan_telemetry_exported_total{signal="traces",exporter="mine"}')).toBe(1)
  expect(await outspan.logged('an exporter of --hooks is not used: --exporter does not name it')).toMatchObject({
    exporter: 'unused',
  })
  outspan.process.kill('SIGTERM')
  expect((await outspan.end).code).toBe(0)
  expect((await outspan.logged('over')).reason).toContain('the batch is over')
})

test('an exporter of the user gets no spans where there are to be none', async () => {
  const hooks = `export const exporters = [{ name: 'mine', export() { console.error('a batch') } }]`
  const outspan = await startHooked(world, hooks, ['--exporter', 'mine', '--instrumentations', 'off'])
  await outspan.get('a')
  outspan.process.kill('SIGTERM')
  expect((await outspan.end).code).toBe(0)
  expect(outspan.stderr()).not.toContain('a batch')
})

test('an exporter of the user has the time that settings give it, also when they change', async () => {
  const hooks = `
    export const exporters = [{ name: 'mine', export() { if (globalThis.isSlow) return new Promise(() => {}); globalThis.isSlow = true } }]`
  const file = join(world.directory, 'outspan.yaml')
  const settings = (timeout: string): void => writeFileSync(file, `otlp: {timeout: ${timeout}}\n`)
  settings('1h')
  const more = ['--config', file, '--config-watch', 'off', '--exporter', 'mine']
  const outspan = await startHooked(world, hooks, more)
  await outspan.get('a')
  await outspan.books((all) => all['traces.mine']?.exported === 1)
  settings('50ms')
  outspan.process.kill('SIGHUP')
  await outspan.logged('settings reloaded')
  await outspan.get('a')
  expect((await outspan.logged('traces could not be exported by mine')).reason).toBe('no result in 50 ms')
})

test('workers have hooks, each its own, and their books are added up', async () => {
  const hooks = `
    export const onRequest = (span, { url }) => (url.endsWith('/no') ? false : void span.updateName('worker ' + process.pid))
    export const exporters = [{ name: 'mine', export() {} }]`
  const outspan = await startHooked(world, hooks, ['--workers', '2', '--exporter', 'otlp,mine'])
  for (let i = 0; i < 4; i++) await outspan.get(i % 2 === 0 ? 'no' : 'yes')
  const right = { observed: 4, exported: 2, filtered: { onRequest: 2 } }
  const books = await outspan.books((all) => all.traces?.exported === 2 && all['traces.mine']?.exported === 2)
  expect([books.traces, books['traces.mine']]).toMatchObject([right, right])
  const names = world.collector.spans().map(({ name }) => name)
  for (const name of names) expect(name).toMatch(/^worker \d+$/)
  expect(names).not.toContain(`worker ${outspan.process.pid}`)
})

test('settings that change while the program runs may have the names that hooks bring, and no others', async () => {
  const hooks = `
    export const propagators = { acme: {
      fields: () => ['x-acme'],
      inject: (context, carrier, setter) => setter.set(carrier, 'x-acme', 'yes'),
      extract: (context) => context,
    } }
    export const exporters = [{ name: 'mine', export({ count }) { console.error(JSON.stringify({ message: 'batch', level: 'x', count })) } }]`
  const file = join(world.directory, 'outspan.yaml')
  const settings = (inject: string): void =>
    writeFileSync(file, `propagation: {inject: [${inject}]}\nqueue: {batch_size: ${inject === 'w3c' ? 512 : 1}}\n`)
  settings('w3c')
  const outspan = await startHooked(world, hooks, [
    '--config',
    file,
    '--config-watch',
    'off',
    '--exporter',
    'otlp,mine',
  ])
  settings('acme, w4c')
  outspan.process.kill('SIGHUP')
  const { problems } = await outspan.logged('the settings are refused, and those in force stay')
  expect(problems).toEqual([expect.stringMatching(/^outspan\.yaml:1 propagation\.inject: has "w4c", .*acme$/)])
  settings('acme')
  outspan.process.kill('SIGHUP')
  await outspan.logged('settings reloaded')
  await Promise.all(['a', 'b', 'c', 'd'].map((path) => outspan.get(path)))
  expect(world.arrived).toEqual(Array(4).fill(expect.objectContaining({ 'x-acme': 'yes' })))
  await outspan.books((all) => all['traces.mine']?.exported === 4)
  expect(outspan.stderr().match(/"count":\d+/g)).toEqual(Array(4).fill('"count":1'))
})

test('the console shows what hooks said', async () => {
  const hooks = `
    export const onRequest = (span) => void span.setAttribute('tenant', 't1').setAttribute('url.full', 'hidden').startSpan('child')
    export const onResponse = (span) => { span.updateName('renamed').addEvent('done').setStatus({ code: 2, message: 'why' }); return false }`
  const outspan = await startHooked(world, hooks, ['--traces-exporter', 'console'])
  await outspan.get('a')
  const block = await eventually(() => /^ {2}trace[\s\S]*?\n\n/m.exec(outspan.stderr())?.[0], 'a block')
  for (const line of [
    'span name renamed',
    'span status error why',
    'event done',
    'no span leaves: onResponse wants none',
  ])
    expect(block).toContain(`  ${line}\n`)
  expect(block).toMatch(/^ {2}tenant +t1\n/m)
  expect(block.match(/url\.full.*/g)).toEqual([expect.stringMatching(/ hidden$/)])
  expect(block).toMatch(/^ {2}child +[0-9.]+ ms/m)
})
