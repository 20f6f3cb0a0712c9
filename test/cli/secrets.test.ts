/**
 * The promise that telemetry carries no secret: secrets are planted wherever a request, a response or a setting may carry
 * them, and looked for in everything that the program tells anybody but the destination.
 */
import { eventually } from '../support/proxy'
import { seeded } from '../support/random'
import { type Receiver, startReceiver } from '../support/receiver'
import { answering, ask, type RawOrigin } from '../support/sockets'
import { endAll, type Started, start } from './binary'

const SEED = Number(process.env.SEED ?? 20_261_121)
const ROUNDS = 150

let origins: RawOrigin[] = []
let receiver: Receiver

beforeAll(async () => {
  receiver = await startReceiver()
  origins = await Promise.all(statuses.map((status) => answering(answer(status))))
})

afterEach(endAll)

afterAll(async () => {
  await receiver.close()
  for (const origin of origins) await origin.close()
})

/** Every secret that was planted begins like this, and nothing else does. */
const MARK = 'hush'
const random = seeded(SEED)
const secret = (): string => `${MARK}${random.text(12, 'abcdefghijklmnopqrstuvwxyz0123456789')}`

const statuses = ['200 OK', '302 Found', '404 Not Found', '500 Internal Server Error']
const queryKeys = ['sig', 'Signature', 'X-Amz-Signature', 'X-Amz-Credential', 'X-Amz-Security-Token', 'AWSAccessKeyId']
const headerNames = [
  'Authorization',
  'Cookie',
  'X-Api-Key',
  'X-Auth-Token',
  'My-Secret',
  'X-Session-Id',
  'X-Csrf-Token',
]

/** A query with secrets in it, under keys of the conventions and one of the user's, in any order. */
function query(): string {
  const parts = ['page=1', `token=${secret()}`, `${random.pick(queryKeys)}=${secret()}`, 'q=a%20b']
  return parts.sort(() => random.fraction() - 0.5).join('&')
}

function request(): string {
  const { port } = random.pick(origins)
  const method = random.pick(['GET', 'POST', 'PROPFIND'])
  const userinfo = random.chance(0.5) ? `${secret()}:${secret()}@` : ''
  // Now and then nobody listens, or the request is none.
  const place = random.chance(0.2) ? '127.0.0.1:1' : `127.0.0.1:${port}`
  const target = `http://${userinfo}${place}/${random.pick(['a', 'b/c'])}?${query()}`
  const version = random.chance(0.1) ? 'HTTP/1.1x' : 'HTTP/1.1'
  const lines = [
    `${method} ${target} ${version}`,
    'Host: x',
    `${random.pick(headerNames)}: ${secret()}`,
    `Proxy-Authorization: Basic ${secret()}`,
    `Referer: http://${secret()}:${secret()}@a.example/?${query()}`,
    `Accept: ${random.pick(['*/*', 'application/json', 'text/html'])}`,
    'X-Plain: shown',
    'Connection: close',
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** An answer, good or bad, with secrets in its headers. */
const answer = (status: string): string => {
  const headers = [
    `Set-Cookie: id=${secret()}`,
    `Location: http://${secret()}@b.example/?${query()}`,
    'X-Answer: shown',
  ]
  return `HTTP/1.1 ${status}\r\n${headers.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`
}

function startAll(): Started {
  return start([
    ...['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--drain-quiet', '50ms', '--log-level', 'debug'],
    ...['--otlp-endpoint', receiver.url, '--otlp-protocol', 'http/json', '--exporter', 'otlp,console'],
    ...['--otlp-header', `authorization=${secret()}`, '--queue-delay', '20ms', '--metrics-interval', '50ms'],
    ...['--capture-request-header', '*', '--capture-response-header', '*', '--redact-query', 'token'],
    ...['--instrumentations', 'all', '--semconv', 'dup', '--failed-request-statuses', '4xx,5xx'],
  ])
}

/** What was told, by whom it was told to. */
async function everythingTold(
  outspan: Started,
  admin: string,
  answers: readonly string[],
): Promise<Record<string, string>> {
  const told: Record<string, string> = { answers: answers.join('\n') }
  for (const page of ['metrics', 'exchanges', 'ledger', 'config']) {
    told[page] = await (await fetch(`${admin}/${page}`)).text()
  }
  outspan.process.kill('SIGTERM')
  expect(await outspan.end).toEqual({ code: 0, signal: null })
  return {
    ...told,
    stdout: outspan.stdout(),
    stderr: outspan.stderr(),
    collector: receiver.requests.map(({ body }) => body.toString()).join('\n'),
  }
}

test(`no secret is told to anybody (seed ${SEED})`, async () => {
  const outspan = startAll()
  const { proxy, admin } = await outspan.ready()
  const port = Number(new URL(proxy).port)
  const answers: string[] = []
  for (let i = 0; i < ROUNDS; i++) answers.push(await ask(port, request()))
  await eventually(() => receiver.requests.length > 3 || undefined, 'telemetry')
  // What the destination said goes to the client as it is.
  const own = answers.filter((text) => !text.includes('X-Answer'))
  const told = await everythingTold(outspan, admin, own)
  for (const [where, text] of Object.entries(told)) {
    expect([where, text.match(new RegExp(`.{0,80}${MARK}.{0,20}`, 'g'))?.slice(0, 3)]).toEqual([where, undefined])
  }
  // The sinks were really in use.
  expect(told.collector).toContain('http.request.header.x-plain')
  expect(told.collector).toContain('http.response.header.x-answer')
  expect(told.collector).toContain('outspan.http.client.request.failed')
  expect(told.stdout).toContain('REDACTED')
  expect(told.stderr).toContain('url.full')
  expect(own.length).toBeGreaterThan(10)
})
