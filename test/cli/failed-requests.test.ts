/** Failed requests as users see them: the program, servers that fail, and a receiver of OTLP. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { getThrough } from '../support/get-through'
import { attributesOf, type Entry } from '../support/log-record'
import { decodedRequest } from '../support/otlp-whole'
import { eventually } from '../support/proxy'
import { type Receiver, startReceiver } from '../support/receiver'
import { endAll, run, start } from './binary'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const anywhere = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--access-log', 'off']
const cleanups: (() => unknown)[] = []
let receiver: Receiver

beforeEach(async () => {
  receiver = await startReceiver()
  cleanups.push(() => receiver.close())
})

afterEach(async () => {
  await endAll()
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

/** Answers with the status that the path names, and with secrets. */
async function upstream(): Promise<string> {
  const server = createServer((request, response) => {
    const headers = { 'set-cookie': ['sid=SECRET', 'theme=dark'], 'x-auth-token': 'SECRET', 'x-cache': 'miss' }
    response.writeHead(Number(/\d+/.exec(request.url ?? '')?.[0]), headers).end('hello')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const headers = {
  traceparent: `00-${TRACE}-00f067aa0ba902b7-01`,
  authorization: 'Bearer SECRET',
  'x-api-key': 'SECRET',
  cookie: 'theme=dark; session=SECRET',
  'x-tenant': 'blue',
}

function records(): Entry[] {
  type Logs = { resourceLogs: { scopeLogs: { logRecords: Entry[] }[] }[] }
  return receiver.requests
    .filter(({ url }) => url === '/v1/logs')
    .flatMap(({ body, headers: { 'content-type': type } }) => {
      const logs = (type === 'application/json' ? JSON.parse(body.toString()) : decodedRequest('logs', body)) as Logs
      return logs.resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords))
    })
}

const named = (name: string) => records().find(({ eventName }) => eventName === name)
const arrival = (name: string) => eventually(() => named(name), name)

const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8')
/** The event that the README shows. */
const sample = JSON.parse(/```json\n(\{ "eventName"[\s\S]*?)```/.exec(readme)?.[1] ?? '{}') as Entry

describe.each(['http/protobuf', 'http/json'])('%s', (protocol) => {
  const args = [...anywhere, '--otlp-protocol', protocol, '--queue-delay', '20ms', '--signals', 'traces,logs']

  test('a failed response arrives as the README shows it, and an exception by the conventions', async () => {
    const server = await upstream()
    const program = start([...args, '--otlp-endpoint', receiver.url])
    const { proxy } = await program.ready()
    await getThrough(proxy, `${server}/200`, headers)
    await getThrough(proxy, `${server}/503`, headers)
    await getThrough(proxy, 'http://127.0.0.1:1/', headers)
    const failed = await arrival('outspan.http.client.request.failed')
    expect(Object.keys(attributesOf(failed))).toEqual(Object.keys(sample.attributes as Entry))
    const crumbs = attributesOf(failed)['outspan.breadcrumbs'] as Entry[]
    const shownCrumbs = (sample.attributes as Entry)['outspan.breadcrumbs'] as Entry[]
    expect(crumbs.map(Object.keys)).toEqual(shownCrumbs.map(Object.keys))
    expect(crumbs[0]).toMatchObject({ 'url.full': `${server}/200`, 'http.response.status_code': '200' })
    expect(failed).toMatchObject({ severityText: sample.severityText, severityNumber: 17, traceId: TRACE })
    const exception = await arrival('http.client.request.exception')
    expect(exception).toMatchObject({ severityText: 'WARN', traceId: TRACE })
    expect(attributesOf(exception)).toMatchObject({
      'exception.type': 'connection_refused',
      'url.full': 'http://127.0.0.1:1/',
    })
    const all = Buffer.concat(receiver.requests.map(({ body }) => body)).toString('latin1')
    expect(all).not.toMatch(/SECRET|blue/)
  })

  test('with personal data there are headers and cookies, and no credentials', async () => {
    const server = await upstream()
    const program = start([...args, '--otlp-endpoint', receiver.url, '--send-default-pii', 'true'])
    const { proxy } = await program.ready()
    await getThrough(proxy, `${server}/500`, headers)
    expect(attributesOf(await arrival('outspan.http.client.request.failed'))).toMatchObject({
      'client.address': '127.0.0.1',
      'http.request.header.x-tenant': ['blue'],
      'http.response.header.x-cache': ['miss'],
      'outspan.request.cookies': ['theme=dark', 'session=REDACTED'],
      'outspan.response.cookies': ['sid=REDACTED', 'theme=dark'],
    })
    const all = Buffer.concat(receiver.requests.map(({ body }) => body)).toString('latin1')
    expect(all).not.toContain('SECRET')
  })
})

test('on the console they stand behind the span', async () => {
  const server = await upstream()
  const program = start([...anywhere, '--exporter', 'console', '--failed-request-statuses', '404'])
  const { proxy } = await program.ready()
  await getThrough(proxy, `${server}/404`)
  await eventually(
    () => /^ {2}event outspan\.http\.client\.request\.failed\n {4}proxy\.response/m.test(program.stderr()) || undefined,
    'the event',
  )
})

test('on a console for logs alone they are lines, whatever the access log leaves out', async () => {
  const server = await upstream()
  const program = start([...anywhere, '--exporter', 'console', '--signals', 'logs', '--access-log-statuses', '200'])
  const { proxy } = await program.ready()
  await getThrough(proxy, `${server}/503`)
  const line = /^\S+ ERROR outspan\.http\.client\.request\.failed GET \S+ 503 in \d+ ms {2}trace \S+ {2}span \S+$/m
  await eventually(() => line.test(program.stderr()) || undefined, 'the event')
  expect(program.stderr()).not.toMatch(/ ERROR GET /)
})

test('an expression that is none ends the start', async () => {
  const { code, stderr } = await run([...anywhere, '--failed-request-targets', 'regex:(a'])
  expect(code).toBe(64)
  expect(stderr).toContain('--failed-request-targets')
  expect(stderr).toContain('missing closing )')
})
