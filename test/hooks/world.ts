/** The real binary with a module of hooks, between a server and collectors. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { endAll, type Started, start } from '../cli/binary'
import { type CollectedSpan, type Collector, startCollector } from '../support/collector'
import { getThrough } from '../support/get-through'
import { eventually } from '../support/proxy'
import { type Receiver, startReceiver } from '../support/receiver'

type Books = Record<
  string,
  Record<string, number> & { filtered: Record<string, number>; dropped: Record<string, number> }
>

export interface World {
  /** For modules: packages of the project are found from there. */
  readonly directory: string
  readonly url: string
  readonly collector: Collector
  /** Takes log records, as OTLP/JSON. */
  readonly logs: Receiver
  /** Headers of the requests that arrived. */
  readonly arrived: Record<string, unknown>[]
  close(): Promise<void>
}

export async function startWorld(): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), 'outspan-hooks-'))
  symlinkSync(resolve(__dirname, '../../node_modules'), join(directory, 'node_modules'))
  const arrived: Record<string, unknown>[] = []
  const server: Server = createServer(({ url, headers }, response) => {
    arrived.push(headers)
    response
      .writeHead(Number(/\d{3}/.exec(url ?? '')?.[0] ?? 200), {
        'x-answer': 'a',
        'X-Cache-Time': '2',
        'X-Region': 'eu',
      })
      .end('hello')
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const [collector, logs] = await Promise.all([startCollector(), startReceiver()])
  return {
    directory,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    collector,
    logs,
    arrived,
    close: async () => {
      await endAll()
      server.closeAllConnections()
      await Promise.all([collector.close(), logs.close(), new Promise((closed) => server.close(closed))])
      rmSync(directory, { recursive: true })
    },
  }
}

export interface Running extends Started {
  readonly proxy: string
  readonly admin: string
  get(path: string, headers?: Record<string, string>): Promise<number>
  /** The books, once nothing waits and they are as they should be. */
  books(areRight: (books: Books) => boolean): Promise<Books>
  metric(line: string): Promise<number>
}

/** @param hooks the text of the module */
export async function startHooked(world: World, hooks: string, more: readonly string[] = []): Promise<Running> {
  const file = join(world.directory, 'hooks.mjs')
  writeFileSync(file, hooks)
  const addresses = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--drain-quiet', '20ms']
  const delivery = ['--queue-delay', '50ms', '--otlp-traces-endpoint', world.collector.url]
  const started = start([...addresses, ...delivery, '--access-log', 'off', '--hooks', file, ...more])
  const { proxy, admin } = await started.ready()
  return {
    ...started,
    proxy,
    admin,
    get: (path, headers) => getThrough(proxy, `${world.url}${path}`, headers),
    books: (areRight) =>
      eventually(async () => {
        const books = (await (await fetch(`${admin}/ledger`)).json()) as Books
        return areRight(books) ? books : undefined
      }, 'books that are right'),
    metric: async (line) => {
      const text = await (await fetch(`${admin}/metrics`)).text()
      return Number(
        text
          .split('\n')
          .find((each) => each.startsWith(`${line} `))
          ?.split(' ')[1],
      )
    },
  }
}

/** Whether what was observed of a signal is accounted for. */
export function isClosed(books: Books[string] | undefined): boolean {
  if (!books) return false
  const { observed, exported = 0, sampled_out = 0, queued = 0, spooled = 0, filtered, dropped } = books
  const left = [...Object.values(filtered), ...Object.values(dropped)].reduce((all, each) => all + each, 0)
  return observed === exported + sampled_out + queued + spooled + left
}

/** Spans of the collector by a name, once there are some. */
export async function spansNamed(world: World, name: string, count = 1): Promise<CollectedSpan[]> {
  return eventually(() => {
    const spans = world.collector.spans().filter((span) => span.name === name)
    return spans.length >= count ? spans : undefined
  }, `${count} spans named ${name}`)
}

/** Log records that arrived, as OTLP/JSON has them. */
export function recordsOf({ requests }: Receiver): Record<string, unknown>[] {
  return requests.flatMap(({ body }) => {
    const { resourceLogs } = JSON.parse(body.toString('utf8')) as {
      resourceLogs: { scopeLogs: { logRecords: Record<string, unknown>[] }[] }[]
    }
    return resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords))
  })
}
