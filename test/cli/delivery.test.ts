/** Delivery by the real binary where the way out is guarded by TLS, refuses or is not understood, or the disk is full. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Certificates } from '../support/certificates'
import { startCollector } from '../support/collector'
import { getThrough } from '../support/get-through'
import { eventually } from '../support/proxy'
import { startReceiver } from '../support/receiver'
import { endAll, run, start } from './binary'

const args = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--drain-quiet', '20ms', '--signals', 'traces']
const certificates = new Certificates()
const pem = (name: string) => certificates.path(`${name}.pem`)
const key = (name: string) => certificates.path(`${name}.key`)

let server: Server
let url: string

beforeAll(async () => {
  for (const authority of ['authority', 'stranger']) certificates.makeAuthority(authority)
  certificates.makeCertificate('server', 'authority', 'DNS:localhost')
  certificates.makeCertificate('client', 'authority', 'DNS:client.example')
  server = createServer((_request, response) => response.end('hello'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})

afterEach(endAll)

afterAll(async () => {
  certificates.remove()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

interface Guarded {
  readonly url: string
  /** How many requests came through. */
  taken(): number
  close(): Promise<void>
}

/** A collector with TLS, which may want certificates of its clients. */
async function guarded(protocol: string, isMutual: boolean): Promise<Guarded> {
  const [certificate, secret] = [readFileSync(pem('server')), readFileSync(key('server'))]
  const authority = readFileSync(pem('authority'))
  if (protocol === 'grpc') {
    const tls = { certificate, key: secret, ...(isMutual && { clientAuthority: authority }) }
    const collector = await startCollector({ tls })
    return { url: collector.url, taken: () => collector.spans().length, close: () => collector.close() }
  }
  const receiver = await startReceiver({}, { cert: certificate, key: secret, ...(isMutual && { ca: authority }) })
  return { url: receiver.url, taken: () => receiver.requests.length, close: () => receiver.close() }
}

describe.each(['grpc', 'http/protobuf', 'http/json'])('%s', (protocol) => {
  const to = (collector: Guarded, ...flags: string[]) => [
    ...args,
    '--otlp-protocol',
    protocol,
    '--otlp-endpoint',
    collector.url,
    '--queue-delay',
    '1ms',
    ...flags,
  ]
  const ours = ['--otlp-client-certificate', pem('client'), '--otlp-client-key', key('client')]

  test.each([false, true])('a span arrives over TLS; mutual: %s', async (isMutual) => {
    const collector = await guarded(protocol, isMutual)
    const outspan = start(to(collector, '--otlp-certificate', pem('authority'), ...(isMutual ? ours : [])))
    const { proxy } = await outspan.ready()
    expect(await getThrough(proxy, url)).toBe(200)
    await eventually(() => collector.taken() > 0 || undefined, 'the span')
    expect(outspan.log().map(({ message }) => message)).toEqual(['ready'])
    await collector.close()
  })

  test.each([
    ['another authority', false, 'stranger', /unable to verify .*: --otlp-certificate names who may vouch for it/],
    ['no certificate of ours', true, 'authority', /certificate required: --otlp-client-certificate/],
  ])('%s: the log says why', async (_, isMutual, authority, words) => {
    const collector = await guarded(protocol, isMutual)
    const outspan = start(to(collector, '--otlp-certificate', pem(authority)))
    const { proxy } = await outspan.ready()
    expect(await getThrough(proxy, url)).toBe(200)
    const { reason } = await outspan.logged('traces could not be exported')
    expect(reason).toMatch(words)
    expect(reason).not.toContain('routines')
    expect(collector.taken()).toBe(0)
    await collector.close()
  })

  test('a key that does not fit: check and check --collector say so', async () => {
    const files = ['--otlp-client-certificate', pem('client'), '--otlp-client-key', key('server')]
    const flags = ['--signals', 'traces', '--otlp-protocol', protocol, '--otlp-endpoint', 'https://localhost:1']
    const { code, stdout, stderr } = await run(['check', '--collector', ...flags, ...files])
    expect([code, stderr]).toEqual([1, ''])
    expect(stdout).toMatch(/^traces .*: can not be asked: .*key values mismatch\n$/)
    const checked = await run(['check', ...flags, ...files])
    expect([checked.code, checked.stderr]).toEqual([1, ''])
    expect(checked.stdout).toMatch(/can't start here:\n {2}.*key values mismatch\n$/)
  })
})

test('a protocol that is not spoken at that port: check --collector says what may be meant', async () => {
  const receiver = await startReceiver()
  const collector = await startCollector()
  const asked = [
    ['grpc', receiver.url, /: if the collector speaks HTTP there, --otlp-protocol http\/protobuf/],
    ['http/protobuf', collector.url, /: if the collector speaks gRPC there, --otlp-protocol grpc\n$/],
  ] as const
  for (const [protocol, endpoint, words] of asked) {
    const flags = ['--signals', 'traces', '--otlp-protocol', protocol, '--otlp-endpoint', endpoint]
    const { code, stdout } = await run(['check', '--collector', ...flags])
    expect([code, stdout]).toEqual([1, expect.stringMatching(words)])
  }
  await Promise.all([receiver.close(), collector.close()])
})

test('a collector that was away a moment ago: what it refuses for good is told all the same', async () => {
  const receiver = await startReceiver({ status: 503 })
  const flags = ['--otlp-protocol', 'http/protobuf', '--otlp-endpoint', receiver.url, '--signals', 'traces']
  const outspan = start([...args, ...flags, '--queue-delay', '1ms', '--queue-retry-delay', '10ms'])
  const { proxy } = await outspan.ready()
  expect(await getThrough(proxy, url)).toBe(200)
  await outspan.logged('traces could not be exported')
  receiver.setAnswer({ status: 401 })
  await eventually(() => outspan.log().length > 2 || undefined, 'the refusal in the log')
  expect(outspan.log().map(({ reason }) => reason)).toEqual([
    undefined,
    'HTTP 503 Service Unavailable',
    'HTTP 401 Unauthorized',
  ])
  await receiver.close()
})

test('a disk that is full: it is told, nothing is lost that fits memory, and all arrives in the end', async () => {
  const receiver = await startReceiver({ status: 503 })
  const folder = mkdtempSync(join(tmpdir(), 'disk-'))
  const flags = ['--otlp-protocol', 'http/protobuf', '--otlp-endpoint', receiver.url, '--spool-dir', folder]
  const fast = ['--queue-delay', '1h', '--queue-batch-size', '8', '--queue-retry-delay', '50ms', '--access-log', 'off']
  // No file may be longer than 4 or 8 KiB, as shells count: less than a batch.
  const limited = ['sh', '-c', 'ulimit -f 8; exec "$@"', 'sh']
  const outspan = start([...args, ...flags, ...fast], {}, limited)
  const { proxy, admin } = await outspan.ready()
  for (let i = 0; i < 24; i++) expect(await getThrough(proxy, `${url}${'p'.repeat(1000)}`)).toBe(200)
  const { reason } = await outspan.logged('traces could not be kept on disk')
  expect(reason).toMatch(/EFBIG/)
  const books = async () => ((await (await fetch(`${admin}/ledger`)).json()) as { traces: unknown }).traces
  const waiting = await eventually(async () => {
    const all = (await books()) as { observed: number }
    return all.observed === 24 ? all : undefined
  }, 'all in the books')
  expect(waiting).toMatchObject({ queued: 24, spooled: 0, dropped: {} })
  receiver.setAnswer({})
  await eventually(async () => {
    const { exported } = (await books()) as { exported: number }
    return exported === 24 || undefined
  }, 'the export')
  expect(await books()).toMatchObject({ observed: 24, queued: 0, spooled: 0, dropped: {} })
  await receiver.close()
  rmSync(folder, { recursive: true })
})
