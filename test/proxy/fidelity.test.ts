/**
 * The same exchanges through outspan, through http-proxy and through a proxy made of node:http: what the origin gets and
 * what the client gets, byte by byte. A row says what should arrive, which is what outspan is held to, and what
 * the other two change. They are oracles: where both agree against outspan, the row says why. Trace context is left out,
 * and so are the fields of a connection itself, Connection and Keep-Alive.
 */
import type { Socket } from 'node:net'
import { differences } from '../support/differences'
import { type ForwardProxy, startHttpProxy, startNodeProxy } from '../support/forward-proxies'
import { pass, type RunningProxy, settled, startProxy } from '../support/proxy'
import { RawClient, type RawOrigin, startOrigin } from '../support/sockets'
import { type Row, rows } from './fidelity-rows'

/** A side that was silent for so long has sent all, in milliseconds. */
const SILENCE = 300
/** From the last byte of a request to its answer. */
const THINKING = 50

/** A date that the origin did not write. */
const now = /with "date: (?!Thu, 01 Jan 2026)[^"]*"/

/** What http-proxy does to nearly all messages: told by the rows that are about it. */
const inEveryRow = new Set(['request: names in lower case', 'request: another order', 'response: names in lower case'])

/** Rows that are tried at the same time: most of a row is waiting. */
const AT_A_TIME = 9

type Found = { readonly [name in Name]: string[] }
type Name = 'outspan' | 'httpProxy' | 'nodeHttp'

const proxies: { [name in Name]?: ForwardProxy | RunningProxy } = {}

let found: Map<Row, Found>

beforeAll(async () => {
  proxies.outspan = await startProxy()
  proxies.httpProxy = await startHttpProxy()
  proxies.nodeHttp = await startNodeProxy()
  found = await findAll()
})

afterAll(async () => {
  for (const proxy of Object.values(proxies)) await ('stop' in proxy ? proxy.stop() : proxy.close())
})

/** Puts the origin's address where a text says ORIGIN. */
const addressed = (text: string, { port }: RawOrigin): string => text.replaceAll('ORIGIN', `127.0.0.1:${port}`)

/** Gives the interim response to the first bytes, if there is one, and the answer when nothing more comes. */
function startAnswering({ interim, answer, closes, isEarly }: Row): Promise<RawOrigin> {
  const reads = new Map<Socket, number>()
  return startOrigin((socket, received, bytes) => {
    const isFirst = received.length === bytes.length
    if (isFirst && interim) return void socket.write(Buffer.from(interim, 'latin1'))
    const say = (): void => {
      socket.write(Buffer.from(answer, 'latin1'))
      if (closes) socket.end()
    }
    if (isEarly) return isFirst ? say() : undefined
    const read = (reads.get(socket) ?? 0) + 1
    reads.set(socket, read)
    void pass(THINKING).then(() => {
      if (reads.get(socket) === read) say()
    })
  })
}

/** Waits until neither side has got anything for a while. */
async function silence(client: RawClient, origin: RawOrigin): Promise<void> {
  await settled(() => client.text.length + origin.received.join('').length, SILENCE)
}

/** One exchange. @returns how what arrived differs from what should have */
async function differencesBy(row: Row, name: Name): Promise<string[]> {
  const origin = await startAnswering(row)
  const client = new RawClient(proxies[name]?.port as number)
  try {
    client.send(addressed(row.sent, origin))
    if (row.sentLater !== undefined) {
      await silence(client, origin)
      client.send(row.sentLater)
    }
    await silence(client, origin)
    const arrived = origin.received.join('')
    return [
      ...differences(addressed(row.arrives, origin), arrived).map((words) => `request: ${words}`),
      ...differences(row.returns, client.text).map((words) => `response: ${words}`),
    ].map((words) => words.replaceAll(`127.0.0.1:${origin.port}`, 'ORIGIN').replace(now, 'with "date: now"'))
  } finally {
    client.destroy()
    await origin.close()
  }
}

async function find(row: Row): Promise<Found> {
  const [outspan, httpProxy, nodeHttp] = await Promise.all([
    differencesBy(row, 'outspan'),
    differencesBy(row, 'httpProxy'),
    differencesBy(row, 'nodeHttp'),
  ])
  const isTold = (words: string): boolean => row.httpProxy?.includes(words) || !inEveryRow.has(words)
  return { outspan, httpProxy: httpProxy.filter(isTold), nodeHttp }
}

async function findAll(): Promise<Map<Row, Found>> {
  const all = new Map<Row, Found>()
  for (let at = 0; at < rows.length; at += AT_A_TIME) {
    const some = rows.slice(at, at + AT_A_TIME)
    const theirs = await Promise.all(some.map(find))
    for (const [i, row] of some.entries()) all.set(row, theirs[i] as Found)
  }
  return all
}

test.each(rows)('$name', (row) => {
  const { httpProxy = [], nodeHttp = [] } = row
  expect(found.get(row)).toEqual({ outspan: [], httpProxy, nodeHttp })
})
