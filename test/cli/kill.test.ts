/** A process that is killed while its collector is away: what was on disk is sent by the next one. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getThrough } from '../support/get-through'
import { decodedRequest } from '../support/otlp-whole'
import { eventually } from '../support/proxy'
import { startReceiver } from '../support/receiver'
import { endAll, start } from './binary'

type Spans = { resourceSpans: { scopeSpans: { spans: { spanId: string }[] }[] }[] }

const folder = mkdtempSync(join(tmpdir(), 'kill-'))

afterEach(endAll)
afterAll(() => rmSync(folder, { recursive: true }))

test('a kill in an outage loses nothing that had reached the disk', async () => {
  const origin = createServer((_request, response) => response.end('hello'))
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}/`
  const receiver = await startReceiver({ status: 503 })
  const args = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--signals', 'traces', '--queue-delay', '10ms']
  args.push('--otlp-endpoint', receiver.url, '--otlp-protocol', 'http/protobuf', '--spool-dir', folder)

  const first = start(args)
  const { proxy, admin } = await first.ready()
  for (let i = 0; i < 6; i++) expect(await getThrough(proxy, url)).toBe(200)
  const books = async (from: string): Promise<Record<string, number>> => {
    const all = (await (await fetch(`${from}/ledger`)).json()) as { traces: Record<string, number> }
    return all.traces
  }
  await eventually(async () => (await books(admin)).spooled === 6 || undefined, 'all on disk')
  await eventually(() => first.stdout().split('\n').length > 6 || undefined, 'the access log')
  first.process.kill('SIGKILL')
  await first.end
  const ids = first
    .stdout()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).span_id)
  expect(ids).toHaveLength(6)

  const before = receiver.requests.length
  receiver.setAnswer({})
  const second = start(args)
  const later = await second.ready()
  await eventually(async () => (await books(later.admin)).exported === 6 || undefined, 'the export')
  const arrived = receiver.requests.slice(before).flatMap(({ body }) => {
    const { resourceSpans } = decodedRequest('traces', body) as Spans
    return resourceSpans.flatMap(({ scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) => spans.map(({ spanId }) => spanId)),
    )
  })
  expect(arrived).toEqual(ids)
  second.process.kill('SIGTERM')
  expect(await second.end).toEqual({ code: 0, signal: null })
  expect(await second.logged('stopped')).toMatchObject({ ledger: { traces: { observed: 6, exported: 6, spooled: 0 } } })
  await receiver.close()
  origin.closeAllConnections()
  await new Promise((resolve) => origin.close(resolve))
})
