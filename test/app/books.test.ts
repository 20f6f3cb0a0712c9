import { Books } from '../../src/app/books'
import type { Ledgers } from '../../src/app/telemetry'
import { Ledger } from '../../src/export/ledger'

/** As another process sends them. */
function shown(facts: Partial<Ledger>): Ledgers {
  const ledgers = { traces: Object.assign(new Ledger(), facts), logs: new Ledger(), metrics: new Ledger() }
  return JSON.parse(JSON.stringify(ledgers)) as Ledgers
}

const show = (ledgers: Ledgers) => JSON.parse(JSON.stringify(ledgers.traces))

test('whoever is gone stays in the sum, once', () => {
  const books = new Books<string>()
  books.hear('a', shown({ observed: 1, queued: 1 }))
  books.hear('a', shown({ observed: 5, exported: 3, queued: 2 }))
  books.hear('b', shown({ observed: 4, exported: 4 }))
  expect(show(books.sum)).toMatchObject({ observed: 9, exported: 7, queued: 2 })
  books.died('a')
  books.died('a')
  books.stopped('b')
  books.died('b')
  expect(show(books.sum)).toMatchObject({ observed: 9, exported: 7, queued: 0, dropped: { crash: 2 } })
  expect(show(books.gone)).toEqual(show(books.sum))
})

test('what a dead process left on disk is counted once, by the one that takes it over', () => {
  const books = new Books<string>()
  books.hear('a', shown({ observed: 5, spooled: 5 }))
  books.died('a')
  books.hear('b', shown({ observed: 5, spooled: 2, exported: 3 }))
  expect(show(books.sum)).toMatchObject({ observed: 5, spooled: 2, exported: 3, dropped: {} })
})

test('one that was never heard of is no matter', () => {
  const books = new Books<string>()
  books.died('a')
  expect(show(books.sum)).toEqual(show(books.gone))
})
