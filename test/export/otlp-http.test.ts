import { readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { inspect } from 'node:util'
import type { Batch, SendResult, Signal } from '../../src/export/exporter'
import { OtlpHttpExporter } from '../../src/export/otlp-http'
import type { OtlpSettings } from '../../src/export/otlp-settings'
import { Certificates } from '../support/certificates'
import { decodedRequest, encodedResponse, encodedStatus } from '../support/otlp-whole'
import { type Answer, type Receiver, type ReceiverTls, startReceiver } from '../support/receiver'
import { freePort } from '../support/sockets'
import { batchOf, finishedExchange } from './finished-exchange'

const ok: SendResult = { kind: 'ok', rejected: 0, reason: '' }
const noTls = { certificate: undefined, clientCertificate: undefined, clientKey: undefined }
const protobuf = { 'Content-Type': 'application/x-protobuf' }
const json = { 'Content-Type': 'application/json; charset=utf-8' }
const cleanups: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

async function receiverWith(answer: Answer = {}, tls?: ReceiverTls): Promise<Receiver> {
  const receiver = await startReceiver(answer, tls)
  cleanups.push(() => receiver.close())
  return receiver
}

interface Other extends Partial<OtlpSettings> {
  readonly signal?: Signal
  readonly encoding?: 'protobuf' | 'json'
}

function exporterTo(endpoint: string, { signal = 'traces', encoding = 'protobuf', ...settings }: Other = {}) {
  const exporter = new OtlpHttpExporter(
    signal,
    encoding,
    { endpoint, headers: {}, compression: 'none', timeout: 10_000, tls: noTls, ...settings },
    { resource: { 'service.name': 'shop', team: 'ä' }, scope: { name: 'outspan', version: '1.2.3' } },
  )
  cleanups.push(() => exporter.close())
  return exporter
}

const aBatch = (): Batch => batchOf(finishedExchange())

/** A server that does as it likes with each connection. @returns its URL */
async function rawServer(onBytes: (write: (text: string) => void, end: () => void) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      onBytes(
        (text) => socket.write(text, 'latin1'),
        () => socket.destroy(),
      )
    })
    cleanups.push(async () => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.unshift(() => new Promise((resolve) => server.close(resolve)))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

describe('what arrives', () => {
  const encodings = ['protobuf', 'json'] as const
  const compressions = ['none', 'gzip'] as const
  const rows = encodings.flatMap((encoding) => compressions.map((compression) => [encoding, compression] as const))

  test.each(rows)('is the batch in one request: %s, compression %s', async (encoding, compression) => {
    const receiver = await receiverWith()
    const exchanges = Array.from({ length: 100 }, () => finishedExchange())
    const exporter = exporterTo(`${receiver.url}/v1/traces`, { encoding, compression })
    expect(await exporter.send(batchOf(...exchanges))).toEqual(ok)
    expect(receiver.requests).toHaveLength(1)
    const [request] = receiver.requests
    expect(request).toMatchObject({ method: 'POST', url: '/v1/traces' })
    expect(request?.headers).toMatchObject({
      'content-type': encoding === 'json' ? 'application/json' : 'application/x-protobuf',
      'user-agent': 'outspan/1.2.3',
      'content-length': String(request?.raw.length),
    })
    expect(request?.headers['content-encoding']).toBe(compression === 'gzip' ? 'gzip' : undefined)
    const body = request?.body as Buffer
    const content = (encoding === 'json' ? JSON.parse(body.toString()) : decodedRequest('traces', body)) as {
      resourceSpans: [{ resource: object; scopeSpans: [{ scope: object; spans: { spanId: string }[] }] }]
    }
    const [{ resource, scopeSpans }] = content.resourceSpans
    expect(resource).toEqual({
      attributes: [
        { key: 'service.name', value: { stringValue: 'shop' } },
        { key: 'team', value: { stringValue: 'ä' } },
      ],
    })
    expect(scopeSpans[0].scope).toEqual({ name: 'outspan', version: '1.2.3' })
    expect(scopeSpans[0].spans.map(({ spanId }) => spanId)).toEqual(exchanges.map(({ context }) => context?.spanId))
    if (compression === 'gzip') expect((request?.raw.length ?? 0) * 4).toBeLessThan(body.length)
  })

  test.each<[Signal, Buffer]>([
    ['logs', Buffer.from('12031a0161', 'hex')],
    ['metrics', Buffer.from('12030a0161', 'hex')],
  ])('is a request of its signal: %s', async (signal, bytes) => {
    const contents: unknown[] = []
    for (const encoding of encodings) {
      const receiver = await receiverWith()
      expect(await exporterTo(receiver.url, { signal, encoding }).send({ bytes, count: 1 })).toEqual(ok)
      const body = receiver.requests[0]?.body as Buffer
      contents.push(encoding === 'json' ? JSON.parse(body.toString()) : decodedRequest(signal, body))
    }
    expect(contents[1]).toEqual(contents[0])
    const entry = signal === 'logs' ? '"logRecords":[{"severityText":"a"}]' : '"metrics":[{"name":"a"}]'
    expect(JSON.stringify(contents[0])).toContain(entry)
  })

  test.each([
    ['', '/'],
    ['/', '/'],
    ['/api/otlp/', '/api/otlp/'],
    ['/otlp/v1/traces?tenant=a%20b', '/otlp/v1/traces?tenant=a%20b'],
  ])('at the path that was set: "%s"', async (path, url) => {
    const receiver = await receiverWith()
    expect(await exporterTo(receiver.url + path).send(aBatch())).toEqual(ok)
    expect(receiver.requests[0]?.url).toBe(url)
  })

  test('carries the headers that were set; what speaks of the message is ours', async () => {
    const receiver = await receiverWith()
    const headers = {
      authorization: 'Bearer geheim',
      'X-Tenant': 'a=b, c',
      'content-type': 'text/plain',
      'Content-Length': '1',
      'Transfer-Encoding': 'chunked',
      Host: 'collector.example',
    }
    expect(await exporterTo(receiver.url, { headers }).send(aBatch())).toEqual(ok)
    expect(receiver.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer geheim',
      'x-tenant': 'a=b, c',
      'content-type': 'application/x-protobuf',
      host: 'collector.example',
    })
    expect(receiver.requests[0]?.headers).not.toHaveProperty('transfer-encoding')
  })

  test('comes over one connection, batch after batch', async () => {
    const receiver = await receiverWith({ status: 400, headers: json, body: '{}' })
    const exporter = exporterTo(receiver.url)
    for (let i = 0; i < 5; i++) await exporter.send(aBatch())
    expect(receiver.requests).toHaveLength(5)
    expect(receiver.connections()).toBe(1)
  })

  test('takes no proxy from the environment', async () => {
    const receiver = await receiverWith()
    const names = ['http_proxy', 'HTTP_PROXY', 'NODE_USE_ENV_PROXY']
    for (const name of names) process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : 'http://127.0.0.1:1'
    try {
      expect(await exporterTo(receiver.url).send(aBatch())).toEqual(ok)
    } finally {
      for (const name of names) delete process.env[name]
    }
    expect(receiver.requests).toHaveLength(1)
  })
})

describe('what becomes of a batch', () => {
  test.each<[number, SendResult['kind']]>([
    [200, 'ok'],
    [202, 'ok'],
    [204, 'ok'],
    [301, 'permanent'],
    [304, 'permanent'],
    [307, 'permanent'],
    [400, 'permanent'],
    [401, 'permanent'],
    [404, 'permanent'],
    [408, 'permanent'],
    [413, 'permanent'],
    [429, 'retry'],
    [500, 'permanent'],
    [501, 'permanent'],
    [502, 'retry'],
    [503, 'retry'],
    [504, 'retry'],
    [599, 'permanent'],
  ])('%i: %s', async (code, kind) => {
    const receiver = await receiverWith({ status: code })
    const result = await exporterTo(receiver.url).send(aBatch())
    expect(result.kind).toBe(kind)
    if (kind !== 'ok') expect(result.reason).toMatch(new RegExp(`^HTTP ${code}\\b`))
    expect(receiver.requests).toHaveLength(1)
  })

  const inAWhile = (milliseconds: number) => new Date(Date.now() + milliseconds)
  test.each<[string, () => string, number | undefined, number | undefined]>([
    ['seconds', () => '7', 7000, 7000],
    ['none', () => '0', 0, 0],
    ['a date', () => inAWhile(60_000).toUTCString(), 50_000, 60_000],
    ['a date of old', () => 'Sun Nov  6 08:49:37 1994', 0, 0],
    ['a date with dashes', () => 'Sunday, 06-Nov-94 08:49:37 GMT', 0, 0],
    ['a coming date of the oldest form', () => asctime(inAWhile(60_000)), 50_000, 60_000],
    ['less than none', () => '-1', undefined, undefined],
    ['a fraction', () => '1.5', undefined, undefined],
    ['nonsense', () => 'Soon, I hope', undefined, undefined],
  ])('Retry-After, %s', async (_, value, least, most) => {
    for (const status of [429, 503]) {
      const receiver = await receiverWith({ status, headers: { 'Retry-After': value() } })
      const result = await exporterTo(receiver.url).send(aBatch())
      if (least === undefined) expect(result).not.toHaveProperty('after')
      else {
        const { after } = result as { after: number }
        expect(after).toBeGreaterThanOrEqual(least)
        expect(after).toBeLessThanOrEqual(most as number)
      }
    }
  })

  function asctime(date: Date): string {
    const [, day, dayOfMonth, month, year, time] = /^(\w+), (\d+) (\w+) (\d+) (\S+)/.exec(date.toUTCString()) ?? []
    return `${day} ${month} ${Number(dayOfMonth).toString().padStart(2)} ${time} ${year}`
  }

  test('a redirect is not followed, and says where it leads', async () => {
    const location = 'https://user:geheim@other.example/v1/traces?token=geheim'
    const receiver = await receiverWith({ status: 308, headers: { Location: location } })
    expect(await exporterTo(receiver.url).send(aBatch())).toEqual({
      kind: 'permanent',
      reason: 'HTTP 308 Permanent Redirect: redirects are not followed (to https://other.example/v1/traces)',
    })
    expect(receiver.requests).toHaveLength(1)
  })

  test('a batch over 64 MiB is not sent', async () => {
    const receiver = await receiverWith()
    const bytes = Buffer.alloc(64 * 1024 * 1024)
    for (const encoding of ['protobuf', 'json'] as const) {
      const result = await exporterTo(receiver.url, { encoding, compression: 'gzip' }).send({ bytes, count: 1 })
      expect(result).toEqual({ kind: 'permanent', reason: 'the request is larger than 64 MiB' })
    }
    expect(receiver.requests).toEqual([])
  })

  test('bytes that are no protobuf can not become JSON: permanent', async () => {
    const receiver = await receiverWith()
    const batch = { bytes: Buffer.from([0x12, 0x7f]), count: 1 }
    const result = await exporterTo(receiver.url, { encoding: 'json' }).send(batch)
    expect(result).toEqual({ kind: 'permanent', reason: expect.stringContaining('malformed protobuf') })
  })
})

describe('partial success', () => {
  const threeSpans = () => batchOf(finishedExchange(), finishedExchange(), finishedExchange())
  const signals: [Signal, string, string][] = [
    ['traces', 'rejectedSpans', 'spans'],
    ['logs', 'rejectedLogRecords', 'log records'],
    ['metrics', 'rejectedDataPoints', 'data points'],
  ]

  test.each(signals)('%s: counted, with the collector’s reason, or with one of ours', async (signal, key, noun) => {
    for (const errorMessage of ['too old', '']) {
      const partialSuccess = { [key]: '2', errorMessage }
      const answers: Answer[] = [
        { headers: protobuf, body: encodedResponse(signal, { partialSuccess }) },
        { headers: json, body: JSON.stringify({ partialSuccess }) },
        { headers: json, body: JSON.stringify({ partialSuccess: { ...partialSuccess, [key]: 2 } }) },
      ]
      for (const answer of answers) {
        const receiver = await receiverWith(answer)
        const batch = { bytes: Buffer.alloc(0), count: 3 }
        expect(await exporterTo(receiver.url, { signal }).send(batch)).toEqual({
          kind: 'ok',
          rejected: 2,
          reason: errorMessage || `the collector rejected 2 ${noun}`,
        })
      }
    }
  })

  test.each<[unknown, number]>([
    [99, 3],
    ['99', 3],
    [-1, 0],
    ['-1', 0],
    ['many', 0],
    [1.7, 1],
    [null, 0],
    [1e300, 3],
    [{}, 0],
  ])('a count of %j does not spoil ours: %i', async (rejectedSpans, rejected) => {
    const receiver = await receiverWith({ headers: json, body: JSON.stringify({ partialSuccess: { rejectedSpans } }) })
    expect(await exporterTo(receiver.url).send(threeSpans())).toMatchObject({ kind: 'ok', rejected })
  })

  test('a warning is told', async () => {
    const body = encodedResponse('traces', { partialSuccess: { errorMessage: 'slow\ndown' } })
    const receiver = await receiverWith({ headers: protobuf, body })
    expect(await exporterTo(receiver.url).send(aBatch())).toEqual({ kind: 'ok', rejected: 0, reason: 'slow down' })
  })

  test.each<[string, Answer]>([
    ['an empty message', { headers: protobuf }],
    ['an empty object', { headers: json, body: '{}' }],
    ['nothing, of no type', {}],
    ['nothing, of another type', { headers: { 'Content-Type': 'text/html' } }],
    [
      'protobuf of the other name',
      { headers: { 'Content-Type': 'application/protobuf' }, body: Buffer.from('0a00', 'hex') },
    ],
    ['protobuf without a type, as the request', { body: Buffer.from('0a00', 'hex') }],
    ['null for an answer', { headers: json, body: '{"partialSuccess":null}' }],
    ['a number for an answer', { headers: json, body: '{"partialSuccess":5}' }],
  ])('%s: taken', async (_, answer) => {
    const receiver = await receiverWith(answer)
    expect(await exporterTo(receiver.url).send(aBatch())).toEqual(ok)
  })

  test.each<[string, Answer, RegExp]>([
    ['malformed protobuf', { headers: protobuf, body: Buffer.from([0x0a, 0x7f]) }, /not OTLP/],
    ['malformed JSON', { headers: json, body: '{' }, /not OTLP/],
    ['JSON that is no object', { headers: json, body: '[]' }, /not OTLP/],
    ['a page', { headers: { 'Content-Type': 'text/html' }, body: '<p>Welcome' }, /not OTLP \(text\/html\)/],
    ['more than 4 MiB', { headers: protobuf, body: Buffer.alloc(4 * 1024 * 1024 + 1) }, /too large/],
  ])('%s: taken, with a reason', async (_, answer, words) => {
    const receiver = await receiverWith(answer)
    const result = await exporterTo(receiver.url).send(aBatch())
    expect(result).toEqual({ kind: 'ok', rejected: 0, reason: expect.stringMatching(words) })
    expect(await exporterTo(receiver.url).send(aBatch())).toEqual(result)
  })
})

describe('reasons', () => {
  const text = { 'Content-Type': 'text/plain' }
  test.each<[string, Answer, string]>([
    [
      'a Status in protobuf',
      { headers: protobuf, body: encodedStatus({ code: 3, message: 'no such tenant' }) },
      'no such tenant',
    ],
    ['a Status in JSON', { headers: json, body: '{"code":3,"message":"no such tenant"}' }, 'no such tenant'],
    ['an error in JSON', { headers: json, body: '{"error":"no such tenant"}' }, 'no such tenant'],
    ['an error with a message', { headers: json, body: '{"error":{"message":"no such tenant"}}' }, 'no such tenant'],
    ['other JSON', { headers: json, body: '{"errors": [1]}' }, '{"errors": [1]}'],
    ['text', { headers: text, body: 'no such tenant\r\n' }, 'no such tenant'],
    [
      'text over several lines',
      { headers: text, body: 'no\r\n\tsuch\u0000\u001b[31m \u2028tenant\u202e' },
      'no such [31m tenant',
    ],
    ['text in the name of JSON', { headers: json, body: 'no such tenant' }, 'no such tenant'],
  ])('%s', async (_, answer, words) => {
    const receiver = await receiverWith({ status: 400, ...answer })
    const result = await exporterTo(receiver.url).send(aBatch())
    expect(result).toEqual({ kind: 'permanent', reason: `HTTP 400 Bad Request: ${words}` })
  })

  test.each<[string, Answer]>([
    ['nothing', {}],
    ['bytes', { headers: { 'Content-Type': 'application/octet-stream' }, body: Buffer.from([1, 2]) }],
    ['malformed protobuf', { headers: protobuf, body: Buffer.from([0x12, 0x7f]) }],
    ['a Status without a message', { headers: protobuf, body: encodedStatus({ code: 3 }) }],
  ])('of %s there is the status', async (_, answer) => {
    const receiver = await receiverWith({ status: 400, ...answer })
    expect(await exporterTo(receiver.url).send(aBatch())).toEqual({ kind: 'permanent', reason: 'HTTP 400 Bad Request' })
  })

  test('are short', async () => {
    const receiver = await receiverWith({ status: 503, headers: text, body: '🙂'.repeat(100_000) })
    const { reason } = await exporterTo(receiver.url).send(aBatch())
    expect(reason.length).toBeLessThan(350)
    expect(reason).toMatch(/🙂…$/)
  })

  test('of an answer over 4 MiB: never again, whatever its status', async () => {
    const receiver = await receiverWith({ status: 503, headers: text, body: Buffer.alloc(5 * 1024 * 1024, 'a') })
    expect(await exporterTo(receiver.url).send(aBatch())).toEqual({
      kind: 'permanent',
      reason: 'HTTP 503 Service Unavailable: the answer is too large',
    })
  })

  test('repeat no secret, even if the collector does', async () => {
    const headers = { authorization: 'Bearer geheim-1', 'x-key': 'geheim-2', 'x-short': 'a' }
    const body = 'token geheim-1 (Bearer geheim-1) and key geheim-2 are bad'
    const receiver = await receiverWith({ status: 401, headers: text, body })
    const endpoint = receiver.url.replace('//', '//user:geheim@')
    const result = await exporterTo(endpoint, { headers }).send(aBatch())
    expect(result.reason).toBe('HTTP 401 Unauthorized: token [redacted] ([redacted]) and key [redacted] are bad')
    const partial = JSON.stringify({ partialSuccess: { errorMessage: 'geheim-2?' } })
    receiver.setAnswer({ headers: json, body: partial })
    expect((await exporterTo(endpoint, { headers }).send(aBatch())).reason).toBe('[redacted]?')
    await receiver.close()
    expect(inspect(await exporterTo(endpoint, { headers }).send(aBatch()))).not.toContain('geheim')
  })
})

describe('trouble on the way', () => {
  test('nobody listens: retry', async () => {
    const port = await freePort()
    for (const host of ['127.0.0.1', 'localhost']) {
      const result = await exporterTo(`http://${host}:${port}`).send(aBatch())
      expect(result).toEqual({ kind: 'retry', reason: expect.stringContaining('ECONNREFUSED') })
    }
  })

  test('a name that does not resolve: retry', async () => {
    const result = await exporterTo('http://collector.invalid/').send(aBatch())
    expect(result).toEqual({ kind: 'retry', reason: expect.any(String) })
  })

  test('no answer in time: retry, when the time is up', async () => {
    const receiver = await receiverWith(() => {})
    const start = performance.now()
    const result = await exporterTo(receiver.url, { timeout: 200 }).send(aBatch())
    expect(result).toEqual({ kind: 'retry', reason: 'no answer within 200 ms' })
    expect(performance.now() - start).toBeLessThan(7000)
  })

  test.each<[string, string | undefined]>([
    ['closes without an answer', undefined],
    ['speaks no HTTP', 'SSH-2.0-OpenSSH\r\n'],
    ['breaks off within the head', 'HTTP/1.1 200 OK\r\nContent-'],
  ])('a server that %s: retry', async (_, text) => {
    const url = await rawServer((write, end) => {
      if (text !== undefined) write(text)
      setTimeout(end, 20)
    })
    expect(await exporterTo(url).send(aBatch())).toEqual({ kind: 'retry', reason: expect.any(String) })
  })

  const cut = (status: string) => `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nbut`
  test.each<[string, boolean, SendResult]>([
    ['200 OK', true, { kind: 'ok', rejected: 0, reason: "taken, but the collector's answer is broken off" }],
    ['200 OK', false, { kind: 'ok', rejected: 0, reason: "taken, but the collector's answer is broken off" }],
    ['400 Bad Request', true, { kind: 'permanent', reason: 'HTTP 400 Bad Request' }],
    ['503 Service Unavailable', true, { kind: 'retry', reason: 'HTTP 503 Service Unavailable' }],
    ['503 Service Unavailable', false, { kind: 'retry', reason: 'HTTP 503 Service Unavailable' }],
  ])('%s without the rest of its body (ends: %p): the status decides', async (status, ends, expected) => {
    const url = await rawServer((write, end) => {
      write(cut(status))
      if (ends) setTimeout(end, 20)
    })
    expect(await exporterTo(url, { timeout: 1500 }).send(aBatch())).toEqual(expected)
  })

  test('a collector that comes back is found again, and one that closed its connection as well', async () => {
    const receiver = await receiverWith((response) => response.writeHead(200, { Connection: 'close' }).end())
    const exporter = exporterTo(receiver.url)
    expect(await exporter.send(aBatch())).toEqual(ok)
    expect(await exporter.send(aBatch())).toEqual(ok)
    expect(receiver.connections()).toBe(2)
  })
})

describe('headers that HTTP does not take', () => {
  test.each<[string, Record<string, string>]>([
    ['a value with a line end', { 'x-fit': 'geheim', authorization: 'geheim\n' }],
    ['a value beyond Latin-1', { 'x-fit': 'geheim', authorization: 'geheim€' }],
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
  test('lets go of the connection; nothing is sent behind it', async () => {
    const receiver = await receiverWith()
    const exporter = exporterTo(receiver.url)
    expect(await exporter.send(aBatch())).toEqual(ok)
    await exporter.close()
    expect((await exporter.send(aBatch())).kind).toBe('retry')
    expect(receiver.requests).toHaveLength(1)
  })

  test('a batch that is on its way has its time and no more', async () => {
    const receiver = await receiverWith(() => {})
    const exporter = exporterTo(receiver.url, { timeout: 300 })
    const sent = exporter.send(aBatch())
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

  const tlsOf = (name: string, isMutual = false): ReceiverTls => ({
    cert: readFileSync(path(`${name}.pem`)),
    key: readFileSync(path(`${name}.key`)),
    ...(isMutual && { ca: readFileSync(path('authority.pem')) }),
  })
  const trusting = (authority: string) => ({ ...noTls, certificate: path(`${authority}.pem`) })
  const as = (name: string) => ({
    certificate: path('authority.pem'),
    clientCertificate: path(`${name}.pem`),
    clientKey: path(`${name}.key`),
  })

  test.each([['https://localhost:PORT/'], ['https://127.0.0.1:PORT/'], ['HTTPS://localhost:PORT/']])(
    '%s, with an authority of our own',
    async (endpoint) => {
      const receiver = await receiverWith({}, tlsOf('server'))
      const exporter = exporterTo(endpoint.replace('PORT', String(receiver.port)), { tls: trusting('authority') })
      expect(await exporter.send(aBatch())).toEqual(ok)
      expect(await exporter.send(aBatch())).toEqual(ok)
      expect(receiver.connections()).toBe(1)
    },
  )

  test.each<[string, string, () => OtlpSettings['tls']]>([
    ['an authority that we do not know', 'server', () => trusting('stranger')],
    ['a certificate for another name', 'elsewhere', () => trusting('authority')],
    ["none but the system's authorities", 'server', () => noTls],
  ])('%s: nothing is sent, retry', async (_, server, tls) => {
    const receiver = await receiverWith({}, tlsOf(server))
    const result = await exporterTo(receiver.url, { tls: tls() }).send(aBatch())
    expect(result).toEqual({ kind: 'retry', reason: expect.any(String) })
    expect(receiver.requests).toEqual([])
  })

  test.each<[string, () => OtlpSettings['tls'], SendResult['kind']]>([
    ['with a certificate', () => as('client'), 'ok'],
    ['without one', () => trusting('authority'), 'retry'],
    ['with one of a stranger', () => as('unknown'), 'retry'],
  ])('mutual TLS, %s', async (_, tls, kind) => {
    const receiver = await receiverWith({}, tlsOf('server', true))
    expect((await exporterTo(receiver.url, { tls: tls() }).send(aBatch())).kind).toBe(kind)
    expect(receiver.requests).toHaveLength(kind === 'ok' ? 1 : 0)
  })

  test.each<[string, Partial<OtlpSettings['tls']>, RegExp]>([
    ['is missing', { certificate: 'missing.pem' }, /ENOENT/],
    ['holds no certificate', { clientCertificate: 'server.ext', clientKey: 'server.key' }, /^--otlp-client-c.*PEM/],
    ['is the key of another', { clientCertificate: 'client.pem', clientKey: 'server.key' }, /client\.pem".*mismatch/],
    [
      'is no authority but a key',
      { certificate: 'server.key' },
      /^--otlp-certificate ".*server\.key" .*no certificate$/,
    ],
    ['holds an authority that is broken', { certificate: 'broken.pem' }, /^--otlp-certificate ".*broken\.pem" .*PEM/],
    ['holds half an authority', { certificate: 'half.pem' }, /^--otlp-certificate ".*half\.pem" .*PEM/],
  ])('a file that %s fails the start', (_, files, words) => {
    const whole = readFileSync(path('authority.pem'), 'latin1')
    writeFileSync(path('broken.pem'), whole.replace('MII', 'M!I'))
    writeFileSync(path('half.pem'), whole + whole.slice(0, 100))
    const paths = Object.entries(files).map(([name, file]) => [name, path(file as string)])
    expect(() => exporterTo('https://localhost:1', { tls: { ...noTls, ...Object.fromEntries(paths) } })).toThrow(words)
  })
})
