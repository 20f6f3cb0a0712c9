import type { Exchange } from '../../src/model/exchange'
import { type BreadcrumbBounds, Breadcrumbs } from '../../src/telemetry/breadcrumbs'
import { seeded } from '../support/random'
import { context, exchangeOf, type Facts, get } from './exchanges'

const bounds: BreadcrumbBounds = { exchanges: 8, bytes: 1024, age: 1000 }

const TRACE = context.traceId

function exchange(url: string, facts: Facts = {}, ids: Partial<typeof context> = {}): Exchange {
  return exchangeOf({ ...get, upstreamStatus: 200, url, ...facts, context: { ...context, ...ids } })
}

const urlsOf = (crumbs: Breadcrumbs, asking: Exchange, count = 100) => crumbs.of(asking, count).map(({ url }) => url)

test('a breadcrumb tells what was asked, what came and how long it took, without the query', () => {
  const crumbs = new Breadcrumbs(bounds)
  const former = exchange(
    'http://a.example/b?secret=1',
    { method: 'PUT', upstreamStatus: 404 },
    { spanId: 'fedcba9876543210' },
  )
  const failed = exchange('http://a.example/c', { upstreamStatus: 0, fault: 'connection_refused', method: 'PROPFIND' })
  crumbs.add(former)
  crumbs.add(failed)
  expect(crumbs.of(exchange('http://a.example/'), 10)).toEqual([
    {
      time: former.startTime,
      spanId: 'fedcba9876543210',
      method: 'PUT',
      url: 'http://a.example/b',
      status: 404,
      fault: undefined,
      duration: 250,
    },
    {
      time: failed.startTime,
      spanId: context.spanId,
      method: '_OTHER',
      url: 'http://a.example/c',
      status: 0,
      fault: 'connection_refused',
      duration: 250,
    },
  ])
})

test('only exchanges of the same trace are, the newest of them, the oldest first', () => {
  const crumbs = new Breadcrumbs(bounds)
  // The same chain: they differ in the half by which chains are not told apart.
  const other = { traceId: `1${TRACE.slice(1)}` }
  for (const name of ['a', 'b', 'c']) {
    crumbs.add(exchange(`http://${name}.example/`))
    crumbs.add(exchange(`http://${name}.other/`, {}, other))
  }
  const asking = exchange('http://x.example/')
  expect(urlsOf(crumbs, asking, 2)).toEqual(['http://b.example/', 'http://c.example/'])
  expect(urlsOf(crumbs, asking)).toEqual(['http://a.example/', 'http://b.example/', 'http://c.example/'])
  expect(urlsOf(crumbs, exchange('', {}, other), 1)).toEqual(['http://c.other/'])
  expect(urlsOf(crumbs, exchange('', {}, { traceId: '0'.repeat(31).concat('1') }))).toEqual([])
})

test('a trace that starts here, or a request without one, leaves none', () => {
  const crumbs = new Breadcrumbs(bounds)
  crumbs.add(exchange('http://a.example/', {}, { format: undefined }))
  crumbs.add(exchangeOf({ url: 'http://a.example/', context: undefined }))
  expect(crumbs.kept).toBe(0)
  expect(crumbs.of(exchangeOf({ context: undefined }), 10)).toEqual([])
})

describe('bounds', () => {
  test('of exchanges: the oldest goes, and is counted', () => {
    const crumbs = new Breadcrumbs(bounds)
    for (let i = 0; i < 20; i++) crumbs.add(exchange(`http://a.example/${i}`))
    expect([crumbs.kept, crumbs.evicted]).toEqual([8, 12])
    expect(urlsOf(crumbs, exchange(''))).toEqual(Array.from({ length: 8 }, (_, i) => `http://a.example/${12 + i}`))
  })

  test('of bytes: the oldest go, and no URL is cut at the end of the memory', () => {
    const crumbs = new Breadcrumbs(bounds)
    const urls = Array.from({ length: 50 }, (_, i) => `http://a.example/${i}/${'x'.repeat(280)}`)
    for (const url of urls) {
      crumbs.add(exchange(url))
      const kept = urlsOf(crumbs, exchange(''))
      const upTo = urls.indexOf(url) + 1
      expect(kept).toEqual(urls.slice(upTo - kept.length, upTo))
      expect(kept.join('').length).toBeLessThanOrEqual(bounds.bytes)
    }
    expect(crumbs.kept).toBe(3)
    expect(crumbs.evicted).toBe(47)
  })

  test('of one URL', () => {
    const crumbs = new Breadcrumbs(bounds)
    crumbs.add(exchange(`http://a.example/${'x'.repeat(10_000)}`))
    expect(urlsOf(crumbs, exchange(''))[0]).toHaveLength(512)
  })

  test('of time: what is older is none, and not counted when it goes', () => {
    const crumbs = new Breadcrumbs(bounds)
    crumbs.add(exchange('http://old.example/', { endMark: 1000 }))
    crumbs.add(exchange('http://new.example/', { endMark: 1001 }))
    expect(urlsOf(crumbs, exchange('', { endMark: 2000 }))).toHaveLength(2)
    expect(urlsOf(crumbs, exchange('', { endMark: 2001 }))).toEqual(['http://new.example/'])
    for (let i = 0; i < 8; i++) crumbs.add(exchange('http://a.example/', { endMark: 2001 }))
    // One was over its time, the other a millisecond under it.
    expect(crumbs.evicted).toBe(1)
  })
})

test('with many traces of any kind it finds what a list of all would', () => {
  const random = seeded(11)
  const crumbs = new Breadcrumbs({ exchanges: 64, bytes: 4096, age: 500 })
  const all: Exchange[] = []
  const traces = Array.from({ length: 12 }, () => random.hex(8).padStart(32, '0'))
  for (let i = 0; i < 3000; i++) {
    const next = exchange(
      `http://a.example/${random.text(random.integer(0, 120), 'abc')}`,
      { endMark: 1000 + i * random.integer(0, 1) + i },
      { traceId: random.pick(traces), spanId: random.hex(8) },
    )
    next.endMark = Math.max(next.endMark, all.at(-1)?.endMark ?? 0)
    const kept = crumbs.kept
    const found = crumbs.of(next, 5)
    const expected = all
      .slice(all.length - kept)
      .filter((each) => each.context?.traceId === next.context?.traceId && next.endMark - each.endMark <= 500)
      .slice(-5)
    expect(found.map(({ spanId, url }) => [spanId, url])).toEqual(
      expected.map((each) => [each.context?.spanId, each.url]),
    )
    crumbs.add(next)
    all.push(next)
  }
  expect(crumbs.kept).toBeGreaterThan(20)
})
