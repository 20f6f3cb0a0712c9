import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { inspect } from 'node:util'
import { status } from '@grpc/grpc-js'
import type { SendResult } from '../../src/export/exporter'
import { OtlpGrpcExporter } from '../../src/export/otlp-grpc'
import type { OtlpSettings } from '../../src/export/otlp-settings'
import { destination } from '../../src/model/destination'
import { Certificates } from '../support/certificates'
import { type Collector, type CollectorOptions, startCollector } from '../support/collector'
import { encodedStatus, statusWithRetryInfo } from '../support/otlp-whole'
import { freePort } from '../support/sockets'
import { batchOf, finishedExchange } from './finished-exchange'

const ok: SendResult = { kind: 'ok', rejected: 0, reason: '' }
const cleanups: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

async function collectorWith(options: CollectorOptions = {}): Promise<Collector> {
  const collector = await startCollector(options)
  cleanups.push(() => collector.close())
  return collector
}

const noTls = { certificate: undefined, clientCertificate: undefined, clientKey: undefined }

function exporterTo(endpoint: string, settings: Partial<OtlpSettings> = {}): OtlpGrpcExporter {
  const exporter = new OtlpGrpcExporter(
    'traces',
    { endpoint, headers: {}, compression: 'none', timeout: 10_000, tls: noTls, ...settings },
    { resource: { 'service.name': 'shop', team: 'ä' }, scope: { name: 'outspan', version: '1.2.3' } },
  )
  cleanups.push(() => exporter.close())
  return exporter
}

describe('what arrives', () => {
  test('is the span of the exchange, whole', async () => {
    const collector = await collectorWith()
    const exchange = finishedExchange(
      {
        method: 'POST',
        url: 'http://example.com:8080/a?b=c',
        destination: destination('example.com', 8080, 80),
        peerAddress: '192.0.2.1',
        peerPort: 8080,
        upstreamStatus: 503,
        clientStatus: 503,
        attempts: 3,
        requestBodySize: 5,
        responseBodySize: 7,
      },
      {
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: 'b7ad6b7169203331',
        parentSpanId: '00f067aa0ba902b7',
        traceState: 'vendor=1,other=2',
      },
    )
    expect(await exporterTo(collector.url).send(batchOf(exchange))).toEqual(ok)
    const start = BigInt(exchange.startTime) * 1_000_000n
    expect(collector.spans()).toEqual([
      {
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: 'b7ad6b7169203331',
        parentSpanId: '00f067aa0ba902b7',
        traceState: 'vendor=1,other=2',
        flags: expect.any(Number),
        name: 'POST',
        kind: 'CLIENT',
        status: { code: 'ERROR', message: '' },
        startTimeUnixNano: start,
        endTimeUnixNano: start + 250_000_000n,
        attributes: {
          'http.request.method': 'POST',
          'url.full': 'http://example.com:8080/a?b=c',
          'server.address': 'example.com',
          'server.port': 8080,
          'network.peer.address': '192.0.2.1',
          'network.peer.port': 8080,
          'network.protocol.version': '1.1',
          'http.response.status_code': 503,
          'error.type': '503',
          'http.request.resend_count': 2,
          'request.id': exchange.requestId,
          'http.request.body.size': 5,
          'http.response.body.size': 7,
        },
        events: [],
        scope: { name: 'outspan', version: '1.2.3' },
        resource: { 'service.name': 'shop', team: 'ä' },
      },
    ])
    // The low byte are the W3C flags: sampled and random.
    expect((collector.spans()[0]?.flags ?? 0) & 0xff).toBe(3)
    expect(collector.malformed()).toEqual([])
  })

  test('says of the parent that it is remote, where there is one', async () => {
    const collector = await collectorWith()
    const hasRemote = 0x100
    const isRemote = 0x200
    await exporterTo(collector.url).send(
      batchOf(
        finishedExchange({}, { parentSpanId: '00f067aa0ba902b7' }),
        finishedExchange({}, { parentSpanId: undefined }),
      ),
    )
    const [child, root] = collector.spans()
    expect((child?.flags ?? 0) & (hasRemote | isRemote)).toBe(hasRemote | isRemote)
    expect((root?.flags ?? 0) & isRemote).toBe(0)
    expect(root?.parentSpanId).toBe('')
  })

  test('is a batch in its order, in one call', async () => {
    const collector = await collectorWith()
    const batch = Array.from({ length: 512 }, () => finishedExchange())
    expect(await exporterTo(collector.url).send(batchOf(...batch))).toEqual(ok)
    expect(collector.calls()).toHaveLength(1)
    expect(collector.spans().map(({ spanId }) => spanId)).toEqual(batch.map(({ context }) => context?.spanId))
  })

  test.each([
    ['beyond ASCII', 'http://example.com/ä∑🙂?q=\u0000\ud800'],
    ['of a kilobyte', `http://example.com/${'a'.repeat(1024)}`],
    ['longer than two bytes of length can say', `http://example.com/${'a'.repeat(20_000)}`],
    ['beyond ASCII and long', `http://example.com/${'ä'.repeat(20_000)}`],
  ])('is whole with a URL %s', async (_, url) => {
    const collector = await collectorWith()
    const others = [finishedExchange(), finishedExchange()] as const
    const batch = batchOf(others[0], finishedExchange({ url }), others[1])
    expect(await exporterTo(collector.url).send(batch)).toEqual(ok)
    const urls = collector.spans().map(({ attributes }) => attributes['url.full'])
    expect(urls).toEqual([others[0].url, url.replace('\ud800', '\ufffd'), others[1].url])
  })

  test('carries the headers that were set, and the name of the program', async () => {
    const collector = await collectorWith()
    const headers = { authorization: 'Bearer geheim', 'X-Tenant': 'a=b, c' }
    await exporterTo(collector.url, { headers }).send(batchOf(finishedExchange()))
    expect(collector.metadata()).toEqual([
      {
        authorization: 'Bearer geheim',
        'x-tenant': 'a=b, c',
        'user-agent': expect.stringMatching(/^outspan\/1\.2\.3 /),
      },
    ])
  })

  test('has nothing of the environment: that was read before, with its origins', async () => {
    const collector = await collectorWith({ behaviour: { kind: 'take', delay: 100 } })
    const other = await collectorWith()
    const texts = {
      HEADERS: 'x-environment=1',
      ENDPOINT: other.url,
      TIMEOUT: '1',
      COMPRESSION: 'gzip',
      INSECURE: 'false',
      CERTIFICATE: '/no/such/file',
    }
    const variables = Object.entries(texts).flatMap(([name, text]) => [
      [`OTEL_EXPORTER_OTLP_${name}`, text] as const,
      [`OTEL_EXPORTER_OTLP_TRACES_${name}`, text] as const,
    ])
    for (const [name, text] of variables) process.env[name] = text
    try {
      expect(await exporterTo(collector.url).send(batchOf(finishedExchange()))).toEqual(ok)
    } finally {
      for (const [name] of variables) delete process.env[name]
    }
    expect(collector.metadata()).toHaveLength(1)
    expect(collector.metadata()[0]).not.toHaveProperty('x-environment')
    expect(other.calls()).toEqual([])
  })

  test.each([
    ['http://127.0.0.1:PORT'],
    ['http://127.0.0.1:PORT/'],
    ['HTTP://127.0.0.1:PORT'],
    ['http://localhost:PORT'],
    ['http://user:password@127.0.0.1:PORT'],
  ])('arrives at %s', async (endpoint) => {
    const collector = await collectorWith()
    const exporter = exporterTo(endpoint.replace('PORT', String(collector.port)))
    expect(await exporter.send(batchOf(finishedExchange()))).toEqual(ok)
    expect(collector.spans()).toHaveLength(1)
  })
})

describe('memory', () => {
  test('is used again only when its call is over: each batch arrives as it was', async () => {
    const collector = await collectorWith()
    const exporter = exporterTo(collector.url)
    const batches = [300, 1, 512, 40].map((count) => Array.from({ length: count }, () => finishedExchange()))
    for (const batch of batches) expect(await exporter.send(batchOf(...batch))).toEqual(ok)
    await Promise.all(batches.map(async (batch) => expect(await exporter.send(batchOf(...batch))).toEqual(ok)))
    const sent = batches.flat().map(({ context }) => context?.spanId)
    const arrived = collector.spans().map(({ spanId }) => spanId)
    expect(arrived.slice(0, sent.length)).toEqual(sent)
    expect(arrived.slice(sent.length).sort()).toEqual([...sent].sort())
    expect(collector.malformed()).toEqual([])
  })
})

describe('compression', () => {
  /** A relay to `port` that counts the bytes on their way there. */
  async function relayTo(port: number): Promise<{ url: string; bytes(): number }> {
    let bytes = 0
    const sockets = new Set<Socket>()
    const server = createServer((near) => {
      const far = connect(port, '127.0.0.1')
      for (const socket of [near, far]) {
        sockets.add(socket)
        socket.on('error', () => socket.destroy())
      }
      near.on('data', (chunk) => {
        bytes += chunk.length
      })
      near.pipe(far).pipe(near)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    cleanups.push(async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    })
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bytes: () => bytes }
  }

  test('gzip makes a batch small, and it arrives the same', async () => {
    const collector = await collectorWith()
    const batch = Array.from({ length: 400 }, () => finishedExchange())
    const sizes: number[] = []
    for (const compression of ['none', 'gzip'] as const) {
      const relay = await relayTo(collector.port)
      expect(await exporterTo(relay.url, { compression }).send(batchOf(...batch))).toEqual(ok)
      sizes.push(relay.bytes())
    }
    const [plain = 0, small = 0] = sizes
    expect(plain).toBeGreaterThan(400 * 50)
    expect(small).toBeLessThan(plain / 4)
    const spans = collector.spans()
    expect(spans.slice(400)).toEqual(spans.slice(0, 400))
  })
})

describe('what becomes of a batch', () => {
  const codes: [keyof typeof status, SendResult['kind']][] = [
    ['CANCELLED', 'retry'],
    ['UNKNOWN', 'permanent'],
    ['INVALID_ARGUMENT', 'permanent'],
    ['DEADLINE_EXCEEDED', 'retry'],
    ['NOT_FOUND', 'permanent'],
    ['ALREADY_EXISTS', 'permanent'],
    ['PERMISSION_DENIED', 'permanent'],
    ['RESOURCE_EXHAUSTED', 'permanent'],
    ['FAILED_PRECONDITION', 'permanent'],
    ['ABORTED', 'retry'],
    ['OUT_OF_RANGE', 'retry'],
    ['UNIMPLEMENTED', 'permanent'],
    ['INTERNAL', 'permanent'],
    ['UNAVAILABLE', 'retry'],
    ['DATA_LOSS', 'retry'],
    ['UNAUTHENTICATED', 'permanent'],
  ]

  test.each(codes)('%s: %s', async (name, kind) => {
    const collector = await collectorWith({
      behaviour: { kind: 'fail', code: status[name] as number, message: 'no such tenant' },
    })
    const result = await exporterTo(collector.url).send(batchOf(finishedExchange()))
    expect(result).toEqual({ kind, reason: expect.stringContaining('no such tenant') })
    expect(collector.calls()).toHaveLength(1)
  })

  test.each<[string, keyof typeof status, Buffer, Partial<SendResult>]>([
    [
      '1.5 seconds',
      'RESOURCE_EXHAUSTED',
      statusWithRetryInfo({ seconds: 1, nanos: 5e8 }),
      { kind: 'retry', after: 1500 },
    ],
    ['a fraction', 'RESOURCE_EXHAUSTED', statusWithRetryInfo({ nanos: 1 }), { kind: 'retry', after: 1 }],
    ['no delay', 'RESOURCE_EXHAUSTED', statusWithRetryInfo(), { kind: 'retry' }],
    ['less than none', 'RESOURCE_EXHAUSTED', statusWithRetryInfo({ seconds: -5 }), { kind: 'retry' }],
    ['2 seconds', 'UNAVAILABLE', statusWithRetryInfo({ seconds: 2 }), { kind: 'retry', after: 2000 }],
    ['2 seconds', 'INVALID_ARGUMENT', statusWithRetryInfo({ seconds: 2 }), { kind: 'permanent' }],
    ['other details', 'RESOURCE_EXHAUSTED', encodedStatus({ code: 8, message: 'too much' }), { kind: 'permanent' }],
    ['malformed details', 'RESOURCE_EXHAUSTED', Buffer.from([0xff]), { kind: 'permanent' }],
    ['malformed details', 'UNAVAILABLE', Buffer.from([0x1a, 0x7f]), { kind: 'retry' }],
  ])('%s in the details of %s', async (_, name, details, expected) => {
    const code = status[name] as number
    const collector = await collectorWith({ behaviour: { kind: 'fail', code, details } })
    const result = await exporterTo(collector.url).send(batchOf(finishedExchange()))
    expect(result).toEqual({ ...expected, reason: expect.stringContaining('as the test wants it') })
  })

  test('taken in part: what was not wanted is told, and never sent again', async () => {
    const collector = await collectorWith({ behaviour: { kind: 'partial', rejected: 2, message: 'too old' } })
    const exporter = exporterTo(collector.url)
    const batch = batchOf(finishedExchange(), finishedExchange(), finishedExchange())
    expect(await exporter.send(batch)).toEqual({ kind: 'ok', rejected: 2, reason: 'too old' })
    collector.setBehaviour({ kind: 'take' })
    expect(await exporter.send(batch)).toEqual(ok)
  })

  test.each<[number, number, string]>([
    [99, 1, ''],
    [99, 1, 'too old'],
    [-1, 0, ''],
    [-1, 0, 'too old'],
  ])(
    'a collector that says it rejected %d of one span does not spoil the counts: %d, with its reason "%s"',
    async (rejected, count, message) => {
      const collector = await collectorWith({ behaviour: { kind: 'partial', rejected, message } })
      const result = await exporterTo(collector.url).send(batchOf(finishedExchange()))
      const made = count > 0 ? expect.stringMatching(/collector rejected 1 spans/) : ''
      expect(result).toEqual({ kind: 'ok', rejected: count, reason: message === '' ? made : message })
    },
  )

  test('taken in part without a reason: there is one all the same', async () => {
    const collector = await collectorWith({ behaviour: { kind: 'partial', rejected: 2, message: '' } })
    const batch = batchOf(finishedExchange(), finishedExchange(), finishedExchange())
    const result = await exporterTo(collector.url).send(batch)
    expect(result).toEqual({ kind: 'ok', rejected: 2, reason: 'the collector rejected 2 spans' })
  })

  test('taken whole, with a warning: it is told', async () => {
    const collector = await collectorWith({ behaviour: { kind: 'partial', rejected: 0, message: 'slow down' } })
    const result = await exporterTo(collector.url).send(batchOf(finishedExchange()))
    expect(result).toEqual({ kind: 'ok', rejected: 0, reason: 'slow down' })
  })

  test('nobody listens: retry, and soon', async () => {
    const start = performance.now()
    const result = await exporterTo(`http://127.0.0.1:${await freePort()}`).send(batchOf(finishedExchange()))
    expect(result).toEqual({ kind: 'retry', reason: expect.stringMatching(/ECONNREFUSED|UNAVAILABLE/) })
    // Less than the time-out by far.
    expect(performance.now() - start).toBeLessThan(7000)
  })

  test('a name that does not resolve: retry', async () => {
    const result = await exporterTo('http://collector.invalid:4317').send(batchOf(finishedExchange()))
    expect(result).toEqual({ kind: 'retry', reason: expect.any(String) })
  })

  test('no answer in time: retry, when the time is up', async () => {
    const collector = await collectorWith({ behaviour: { kind: 'hang' } })
    const start = performance.now()
    const result = await exporterTo(collector.url, { timeout: 300 }).send(batchOf(finishedExchange()))
    const took = performance.now() - start
    expect(result).toEqual({ kind: 'retry', reason: expect.stringMatching(/DEADLINE_EXCEEDED/i) })
    expect(took).toBeGreaterThan(250)
    expect(took).toBeLessThan(7000)
  })

  test('an answer that takes a while is waited for', async () => {
    const collector = await collectorWith({ behaviour: { kind: 'take', delay: 200 } })
    expect(await exporterTo(collector.url).send(batchOf(finishedExchange()))).toEqual(ok)
  })

  test('a collector that comes back is found again', async () => {
    const port = await freePort()
    const exporter = exporterTo(`http://127.0.0.1:${port}`)
    expect((await exporter.send(batchOf(finishedExchange()))).kind).toBe('retry')
    const collector = await collectorWith({ port })
    const until = performance.now() + 10_000
    let result = await exporter.send(batchOf(finishedExchange()))
    while (result.kind === 'retry' && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      result = await exporter.send(batchOf(finishedExchange()))
    }
    expect(result).toEqual(ok)
    expect(collector.spans().length).toBeGreaterThan(0)
  })

  test('a collector that goes away between batches: retry', async () => {
    const collector = await collectorWith()
    const exporter = exporterTo(collector.url)
    expect(await exporter.send(batchOf(finishedExchange()))).toEqual(ok)
    await collector.close()
    expect((await exporter.send(batchOf(finishedExchange()))).kind).toBe('retry')
  })

  test('a connection on which nothing moves any more is replaced, whatever the other signals do', async () => {
    const collector = await collectorWith()
    const connections: Socket[] = []
    const server = createServer((near) => {
      const far = connect(collector.port, '127.0.0.1')
      for (const socket of [near, far]) socket.on('error', () => socket.destroy())
      connections.push(near, far)
      near.pipe(far).pipe(near)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    cleanups.push(async () => {
      for (const socket of connections) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    })
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const exporter = exporterTo(endpoint, { timeout: 600 })
    const others = exporterTo(endpoint, { timeout: 600 })
    for (const each of [exporter, others]) expect(await each.send(batchOf(finishedExchange()))).toEqual(ok)
    for (const socket of connections) socket.unpipe().pause()

    const kinds: string[] = []
    while (kinds.at(-1) !== 'ok' && kinds.length < 20)
      kinds.push((await exporter.send(batchOf(finishedExchange()))).kind)
    expect(kinds.at(-1)).toBe('ok')
    expect(kinds.slice(0, 5)).toEqual(Array(5).fill('retry'))
    expect(connections).toHaveLength(6)
  })

  test('a server that speaks no HTTP/2: retry', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {}).resume()
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    cleanups.push(() => new Promise((resolve) => server.close(resolve)))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    expect((await exporterTo(url).send(batchOf(finishedExchange()))).kind).toBe('retry')
  })

  test('reasons are one line, short, and end where the words end', async () => {
    const refused = await exporterTo(`http://127.0.0.1:${await freePort()}`).send(batchOf(finishedExchange()))
    expect(refused.reason).toMatch(/^14 UNAVAILABLE: .*[^: ]$/)
    expect(refused.reason).not.toContain('Resolution note')
    const collector = await collectorWith({
      behaviour: { kind: 'fail', code: 3, message: `no\r\n\t${'x'.repeat(1e3)}` },
    })
    const failed = await exporterTo(collector.url).send(batchOf(finishedExchange()))
    expect(failed.reason).toMatch(/^3 INVALID_ARGUMENT: no x+…$/)
    expect(failed.reason.length).toBeLessThan(350)
  })

  test('reasons repeat no secret, even if the collector does', async () => {
    const headers = { authorization: 'Bearer geheim-1', 'x-key': 'geheim-2' }
    const message = 'token geheim-1 and key geheim-2 are bad'
    const collector = await collectorWith({ behaviour: { kind: 'fail', code: 16, message } })
    const exporter = exporterTo(collector.url, { headers })
    const { reason } = await exporter.send(batchOf(finishedExchange()))
    expect(reason).toBe('16 UNAUTHENTICATED: token [redacted] and key [redacted] are bad')
    collector.setBehaviour({ kind: 'partial', rejected: 0, message: 'geheim-2?' })
    expect((await exporter.send(batchOf(finishedExchange()))).reason).toBe('[redacted]?')
  })

  test('reasons carry no header', async () => {
    const exporter = exporterTo(`http://127.0.0.1:${await freePort()}`, { headers: { authorization: 'geheim' } })
    const result = await exporter.send(batchOf(finishedExchange()))
    expect(inspect(result)).not.toContain('geheim')
  })
})

describe('headers that gRPC does not take', () => {
  test.each<[string, Record<string, string>]>([
    ['a value with a line end', { 'x-fit': 'geheim', authorization: 'geheim\n' }],
    ['a value beyond ASCII', { 'x-fit': 'geheim', authorization: 'geheimä' }],
    ['a text for a name of bytes', { 'authorization-bin': 'geheim' }],
    ['a name with a space', { 'authorization of': 'geheim' }],
  ])('%s: what is thrown names the header and does not repeat the value', (_, headers) => {
    let thrown: unknown
    try {
      exporterTo('http://127.0.0.1:1', { headers })
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(Error)
    expect(String(thrown)).toContain(`"${Object.keys(headers).at(-1)}"`)
    expect(inspect(thrown, { depth: 10, showHidden: true })).not.toContain('geheim')
  })
})

describe('close', () => {
  test('lets go of the connection, and of the process', async () => {
    const collector = await collectorWith()
    const exporter = exporterTo(collector.url)
    await exporter.send(batchOf(finishedExchange()))
    await exporter.close()
    expect((await exporter.send(batchOf(finishedExchange()))).kind).not.toBe('ok')
  })

  test('a batch that is on its way has its time and no more', async () => {
    const collector = await collectorWith({ behaviour: { kind: 'hang' } })
    const exporter = exporterTo(collector.url, { timeout: 400 })
    const sent = exporter.send(batchOf(finishedExchange()))
    await collector.waitForCalls(1)
    const start = performance.now()
    await exporter.close()
    expect(performance.now() - start).toBeLessThan(7000)
    expect((await sent).kind).toBe('retry')
  })
})

describe('TLS', () => {
  let certificates: Certificates
  const path = (name: string) => certificates.path(name)

  beforeAll(() => {
    certificates = new Certificates()
    for (const authority of ['authority', 'stranger']) certificates.makeAuthority(authority)
    certificates.makeCertificate('server', 'authority', 'DNS:localhost,IP:127.0.0.1')
    certificates.makeCertificate('elsewhere', 'authority', 'DNS:elsewhere.example')
    certificates.makeCertificate('client', 'authority', 'DNS:client.example')
    certificates.makeCertificate('unknown', 'stranger', 'DNS:unknown.example')
  })

  afterAll(() => certificates.remove())

  const tlsOf = (name: string, isMutual = false) => ({
    certificate: readFileSync(path(`${name}.pem`)),
    key: readFileSync(path(`${name}.key`)),
    ...(isMutual && { clientAuthority: readFileSync(path('authority.pem')) }),
  })
  const trusting = (authority: string) => ({ ...noTls, certificate: path(`${authority}.pem`) })
  const as = (name: string) => ({
    certificate: path('authority.pem'),
    clientCertificate: path(`${name}.pem`),
    clientKey: path(`${name}.key`),
  })

  test.each([['https://localhost:PORT'], ['https://127.0.0.1:PORT'], ['HTTPS://localhost:PORT']])(
    '%s, with an authority of our own',
    async (endpoint) => {
      const collector = await collectorWith({ tls: tlsOf('server') })
      const exporter = exporterTo(endpoint.replace('PORT', String(collector.port)), { tls: trusting('authority') })
      expect(await exporter.send(batchOf(finishedExchange()))).toEqual(ok)
      expect(collector.spans()).toHaveLength(1)
    },
  )

  test('what arrives is the same as in the clear', async () => {
    const collectors = [await collectorWith(), await collectorWith({ tls: tlsOf('server') })]
    const batch = [finishedExchange(), finishedExchange()]
    for (const { url } of collectors) {
      await exporterTo(url, { tls: trusting('authority'), headers: { 'x-a': 'b' }, compression: 'gzip' }).send(
        batchOf(...batch),
      )
    }
    const [clear, secure] = collectors
    expect(clear?.spans()).toHaveLength(2)
    expect(secure?.calls()).toEqual(clear?.calls())
  })

  test.each<[string, string, string]>([
    ['an authority that we do not know', 'server', 'stranger'],
    ['a certificate for another name', 'elsewhere', 'authority'],
    ['a certificate of an unknown authority', 'unknown', 'authority'],
  ])('%s: nothing is sent, retry', async (_, server, authority) => {
    const collector = await collectorWith({ tls: tlsOf(server) })
    const exporter = exporterTo(collector.url, { tls: trusting(authority), timeout: 1500 })
    expect(await exporter.send(batchOf(finishedExchange()))).toEqual({ kind: 'retry', reason: expect.any(String) })
    expect(collector.calls()).toEqual([])
  })

  test("the system's authorities do not vouch for it", async () => {
    const collector = await collectorWith({ tls: tlsOf('server') })
    expect((await exporterTo(collector.url, { timeout: 1500 }).send(batchOf(finishedExchange()))).kind).toBe('retry')
    expect(collector.calls()).toEqual([])
  })

  test('a collector in the clear where TLS is expected: retry', async () => {
    const collector = await collectorWith()
    const url = collector.url.replace('http:', 'https:')
    const exporter = exporterTo(url, { tls: trusting('authority'), timeout: 1500 })
    expect((await exporter.send(batchOf(finishedExchange()))).kind).toBe('retry')
  })

  test('mutual TLS', async () => {
    const collector = await collectorWith({ tls: tlsOf('server', true) })
    expect(await exporterTo(collector.url, { tls: as('client') }).send(batchOf(finishedExchange()))).toEqual(ok)
    expect(collector.spans()).toHaveLength(1)
  })

  test.each<[string, () => OtlpSettings['tls']]>([
    ['without a certificate', () => trusting('authority')],
    ['with a certificate of a stranger', () => as('unknown')],
  ])('mutual TLS, %s: nothing is sent, retry', async (_, tls) => {
    const collector = await collectorWith({ tls: tlsOf('server', true) })
    const exporter = exporterTo(collector.url, { tls: tls(), timeout: 1500 })
    expect((await exporter.send(batchOf(finishedExchange()))).kind).toBe('retry')
    expect(collector.calls()).toEqual([])
  })

  test('a file that can not be read fails the start', () => {
    const tls = { ...noTls, certificate: path('missing.pem') }
    expect(() => exporterTo('https://localhost:1', { tls })).toThrow(/ENOENT/)
  })
})
