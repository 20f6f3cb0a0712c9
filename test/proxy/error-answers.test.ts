/** What clients are told in place of an answer, in the form that they asked for. */
import { readFileSync } from 'node:fs'
import { get as httpGet, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { ProxyAgent, fetch as undiciFetch } from 'undici'
import { destination } from '../../src/model/destination'
import { Exchange } from '../../src/model/exchange'
import { type FaultCode, faults } from '../../src/model/fault'
import type { RequestHead } from '../../src/model/head'
import { faultAnswer } from '../../src/proxy/reply'
import { type RunningProxy, startProxy } from '../support/proxy'
import { ask, RawClient, type RawOrigin, startOrigin } from '../support/sockets'
import { context } from '../telemetry/exchanges'

const ID = 'order-17'

interface Told {
  readonly status: number
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

function read(answer: string): Told {
  const end = answer.indexOf('\r\n\r\n')
  const [first = '', ...lines] = answer.slice(0, end).split('\r\n')
  const headers = lines.map((line): [string, string] => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 2),
  ])
  expect(new Set(headers.map(([name]) => name)).size).toBe(headers.length)
  return { status: Number(first.split(' ')[1]), headers: new Map(headers), body: answer.slice(end + 4) }
}

describe('through the proxy', () => {
  let proxy: RunningProxy

  beforeAll(async () => {
    proxy = await startProxy({ requestIdHeader: 'x-request-id' })
  })

  afterAll(() => proxy.stop())

  /** A request to a port that nothing listens on. */
  const failing = (lines: readonly string[], method = 'GET', target = 'http://127.0.0.1:1/a?token=secret'): string =>
    [`${method} ${target} HTTP/1.1`, 'Host: x', `X-Request-ID: ${ID}`, ...lines, 'Connection: close', '', ''].join(
      '\r\n',
    )

  const tell = async (...request: Parameters<typeof failing>): Promise<Told> =>
    read(await ask(proxy.port, failing(...request)))

  const detail = 'connect ECONNREFUSED 127.0.0.1:1'
  const words = 'The destination refused the connection.'
  const facts = {
    cause: 'connection_refused',
    cause_detail: detail,
    destination: '127.0.0.1:1',
    request_id: ID,
    trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
  }

  test.each([
    ['no Accept', []],
    ['any', ['Accept: */*']],
    ['text', ['Accept: text/plain']],
    ['nothing that there is', ['Accept: image/png']],
    ['nothing at all', ['Accept: */*;q=0']],
    ['nonsense', ['Accept: ;;,"']],
    ['an empty one', ['Accept:']],
  ])('text for %s', async (_name, lines) => {
    const { status, headers, body } = await tell(lines)
    expect(status).toBe(502)
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(headers.get('content-length')).toBe(String(body.length))
    expect(headers.get('vary')).toBe('Accept')
    expect(headers.get('proxy-status')).toBe('outspan; error=connection_refused')
    expect(body).toBe(
      `502 Bad Gateway: ${words}\ndestination: 127.0.0.1:1\ncause: connection_refused (${detail})\nrequest id: ${ID}\n`,
    )
  })

  test.each([
    ['one line', ['Accept: application/json']],
    ['several lines', ['Accept: text/plain;q=0.1', 'accept: application/json']],
    ['what axios says', ['Accept: application/json, text/plain, */*']],
  ])('JSON: %s', async (_name, lines) => {
    const { status, headers, body } = await tell(lines)
    expect(status).toBe(502)
    expect(headers.get('content-type')).toBe('application/json')
    expect(headers.get('content-length')).toBe(String(body.length))
    expect(headers.get('vary')).toBe('Accept')
    expect(JSON.parse(body)).toEqual({ status: 502, message: words, ...facts })
  })

  test('problem details', async () => {
    const { status, headers, body } = await tell(['Accept: application/problem+json'])
    expect(status).toBe(502)
    expect(headers.get('content-type')).toBe('application/problem+json')
    const problem = { type: 'about:blank', title: 'Bad Gateway', status: 502, detail: words }
    expect(JSON.parse(body)).toEqual({ ...problem, ...facts })
  })

  test('HTML', async () => {
    const { status, headers, body } = await tell(['Accept: text/html,application/xhtml+xml,*/*;q=0.8'])
    expect(status).toBe(502)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(headers.get('content-length')).toBe(String(body.length))
    expect(body).toMatch(/^<!doctype html>\n<html lang="en">[\s\S]*<h1>502 Bad Gateway<\/h1>[\s\S]*<\/html>\n$/)
    for (const part of [words, detail, '<dd>127.0.0.1:1</dd>', `<dd>${ID}</dd>`]) expect(body).toContain(part)
  })

  test('HTML of a host with markup in it', async () => {
    const { status, body } = await tell(['Accept: text/html'], 'GET', "http://a'&b;c/")
    expect([400, 502, 504]).toContain(status)
    expect(body).not.toMatch(/<dd>[^<]*(?:'|&(?!amp;|#39;|lt;|gt;|quot;))/)
  })

  test('HEAD has the head of it and no body', async () => {
    const { status, headers, body } = await tell(['Accept: application/json'], 'HEAD')
    expect(status).toBe(502)
    expect(headers.get('content-type')).toBe('application/json')
    expect(Number(headers.get('content-length'))).toBeGreaterThan(0)
    expect(body).toBe('')
  })

  test.each([
    ['application/grpc', 'application/grpc'],
    ['application/grpc-web+proto; x=y', 'application/grpc-web+proto'],
  ])('gRPC: %s', async (sent, answered) => {
    const { status, headers, body } = await tell([`Content-Type: ${sent}`, 'Accept: */*', 'Content-Length: 0'], 'POST')
    expect([status, body]).toEqual([200, ''])
    expect(headers.get('content-type')).toBe(answered)
    expect(headers.get('content-length')).toBe('0')
    expect(headers.get('grpc-status')).toBe('14')
    expect(headers.get('grpc-message')).toContain(`${words} cause: connection_refused (${detail})`)
    expect(headers.get('proxy-status')).toBe('outspan; error=connection_refused')
    expect(headers.get('x-request-id')).toBe(ID)
    expect(headers.has('vary')).toBe(false)
    const records = await proxy.exchanges(1)
    expect(records.at(-1)).toMatchObject({ 'proxy.response.status_code': 200, 'error.type': 'connection_refused' })
  })

  test('CONNECT is never told 200 when it failed', async () => {
    const { status, headers } = await tell(['Content-Type: application/grpc'], 'CONNECT', '127.0.0.1:1')
    expect(status).toBe(502)
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8')
  })

  test('a refusal is told in the same forms', async () => {
    const { status, body } = await tell(['Accept: application/json'], 'GET', 'ftp://x/')
    expect(status).toBe(400)
    expect(JSON.parse(body)).toEqual({
      status: 400,
      message: expect.stringContaining('Only http URLs'),
      cause: 'unknown_scheme',
      request_id: ID,
    })
  })

  test('what could not be read is answered in text, which no header chose', async () => {
    const { headers, body } = read(await ask(proxy.port, 'GET http://x/ HTTP/1.1\r\nAccept : text/html\r\n\r\n'))
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(headers.has('vary')).toBe(false)
    expect(body).toContain('cause: bad_field_line')
  })

  test('no form tells the query, userinfo or credentials', async () => {
    for (const accept of ['text/plain', 'application/json', 'application/problem+json', 'text/html']) {
      const lines = [
        `Accept: ${accept}`,
        'Authorization: Bearer secret',
        'Cookie: secret',
        'Proxy-Authorization: secret',
      ]
      const target = 'http://user:secret@127.0.0.1:1/secret?secret#secret'
      expect(await ask(proxy.port, failing(lines, 'GET', target))).not.toContain('secret')
      expect(await ask(proxy.port, failing(lines, 'GET', 'http://127.0.0.1:1/secret?secret'))).not.toContain('secret')
    }
  })

  test('the connection lives on behind each form', async () => {
    const client = new RawClient(proxy.port)
    const types = ['text/plain', 'application/json', 'application/problem+json', 'text/html']
    for (const [index, accept] of types.entries()) {
      client.send(
        `GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: x\r\nX-Request-ID: r${index}-\r\nAccept: ${accept}\r\n\r\n`,
      )
    }
    await client.receives(/r3-[^\r]*<\/html>|r3-[\s\S]*<\/html>/)
    expect(client.text.match(/^HTTP\/1\.1 502 /gm)).toHaveLength(types.length)
    client.destroy()
  })

  // Port 1 is one of those that fetch never calls.
  test('fetch of undici and node:http read them', async () => {
    const dispatcher = new ProxyAgent({ uri: proxy.url, proxyTunnel: false })
    const response = await undiciFetch('http://127.0.0.1:3/', { dispatcher, headers: { accept: 'application/json' } })
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/)
    expect(await response.json()).toMatchObject({ request_id: response.headers.get('x-request-id') })
    await dispatcher.close()
    const html = await new Promise<IncomingMessage>((resolve, reject) =>
      httpGet(
        { host: '127.0.0.1', port: proxy.port, path: 'http://127.0.0.1:3/', headers: { accept: 'text/html' } },
        resolve,
      ).once('error', reject),
    )
    const parts: Buffer[] = []
    for await (const part of html) parts.push(part as Buffer)
    expect(Buffer.concat(parts).toString()).toContain(`<dd>${html.headers['x-request-id']}</dd>`)
  })
})

test('a destination that is too slow is a deadline to gRPC, which no client may take for a call that was not made', async () => {
  const proxy = await startProxy({ responseHeadTimeout: 50 })
  const origin: RawOrigin = await startOrigin(() => {})
  const head = `POST http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/grpc\r\n`
  const { status, headers } = read(await ask(proxy.port, `${head}Content-Length: 0\r\nConnection: close\r\n\r\n`))
  expect([status, headers.get('grpc-status')]).toEqual([200, '4'])
  await origin.close()
  await proxy.stop()
})

describe('of every fault', () => {
  const headOf = (...lines: string[]): RequestHead => ({ method: 'GET', target: '', minor: 1, lines, size: 0 })
  const headers = { responseTraceHeader: undefined, requestIdHeader: undefined }

  function answerTo(head: RequestHead, code: FaultCode, detail = '<b>"it\'s" 100% \u00e9\r\n&</b>'): Told {
    const exchange = new Exchange('id', 0, 0, '127.0.0.1', 1)
    exchange.method = head.method
    exchange.destination = destination('<i>\'&"', 80, 80)
    exchange.context = context
    return read(faultAnswer(exchange, head, code, detail, true, headers).text)
  }

  const told = (Object.keys(faults) as FaultCode[]).filter((code) => faults[code].status > 0)

  test.each(told)('%s', (code) => {
    for (const type of ['text/plain', 'application/json', 'application/problem+json', 'text/html']) {
      const { status, headers: lines, body } = answerTo(headOf(`Accept: ${type}`), code)
      expect(status).toBe(faults[code].status)
      expect(lines.get('content-type')).toMatch(type)
      expect(lines.get('content-length')).toBe(String(Buffer.byteLength(body)))
      expect(body).toMatch(/^[\n\x20-\x7e]+$/)
      if (type.endsWith('json')) expect(JSON.parse(body)).toMatchObject({ cause: code, status })
      if (type === 'text/html') expect(body).not.toMatch(/<[bi]>|'|&(?!(?:amp|lt|gt|quot|#39);)/)
    }
    const { status, headers: lines, body } = answerTo(headOf('Content-Type: application/grpc'), code)
    expect([status, body]).toEqual([200, ''])
    expect(lines.get('grpc-status')).toMatch(/^(?:2|4|13|14)$/)
    expect(lines.get('grpc-message')).toMatch(/^[\x20-\x7e]+$/)
    expect(decodeURIComponent(lines.get('grpc-message') as string)).toContain(`cause: ${code} (<b>"it's" 100% ?`)
  })

  test.each<[FaultCode, number]>([
    ['connection_refused', 14],
    ['dns_timeout', 14],
    ['connect_timeout', 14],
    ['connection_limit', 14],
    ['response_timeout', 4],
    ['request_write_timeout', 4],
    ['bad_framing', 13],
    ['loop', 2],
    ['head_too_large', 2],
  ])('%s is gRPC status %i', (code, status) => {
    expect(answerTo(headOf('Content-Type: application/grpc'), code).headers.get('grpc-status')).toBe(String(status))
  })
})

test('the examples in the README are what clients get', async () => {
  const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8')
  const section = /### Request ids and error answers\n([\s\S]*?)\n##/.exec(readme)?.[1] ?? ''
  const examples = [...section.matchAll(/```console\n\$ curl ([^\n]*)\n([\s\S]*?)```/g)]
  expect(examples.length).toBeGreaterThan(1)
  const proxy = await startProxy({ requestIdHeader: 'x-request-id' })
  for (const [, command = '', shown = ''] of examples) {
    const lines = [...command.matchAll(/-H '([^']*)'/g)].map(([, line]) => line)
    const target = /http:\/\/localhost:\S*/.exec(command.replace(/--proxy \S+/, ''))?.[0]
    const request = [`GET ${target} HTTP/1.1`, 'Host: x', ...lines, 'Connection: close', '', ''].join('\r\n')
    const { body } = read(await ask(proxy.port, request))
    const settled = (text: string): string =>
      text
        .replace(/"trace_id":"[0-9a-f]{32}"/, '"trace_id":"…"')
        .replace(/connect ECONNREFUSED [^")]*/, 'connect ECONNREFUSED')
        .trim()
    expect(settled(body)).toBe(settled(shown))
  }
  await proxy.stop()
})
