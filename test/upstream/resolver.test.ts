import { Resolver } from '../../src/upstream/resolver'

let time: number
const clock = { now: () => time, unix: () => 0 }

beforeEach(() => {
  time = 1
})

type Answer = { error: NodeJS.ErrnoException | null; addresses: unknown }

function ask(resolver: Resolver, name: string, all = true): Promise<Answer> {
  return new Promise((resolve) => {
    let isBack = false
    resolver.lookup(name, { all }, (error, addresses) => {
      // Whoever asks has not listened yet.
      expect(isBack).toBe(true)
      resolve({ error, addresses })
    })
    isBack = true
  })
}

test('an answer is used again until its time is up', async () => {
  const resolver = new Resolver(1000, clock)
  const first = await ask(resolver, 'localhost')
  expect(first.error).toBeNull()
  expect(first.addresses).toContainEqual({ address: '127.0.0.1', family: 4 })
  time += 999
  expect(await ask(resolver, 'localhost')).toEqual(first)
  expect([resolver.lookups, resolver.hits]).toEqual([1, 1])
  time += 1
  await ask(resolver, 'localhost')
  expect([resolver.lookups, resolver.hits]).toEqual([2, 1])
})

test('who asks at the same time asks together', async () => {
  const resolver = new Resolver(0, clock)
  const answers = await Promise.all([
    ask(resolver, 'localhost'),
    ask(resolver, 'localhost'),
    ask(resolver, 'localhost'),
  ])
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  expect(resolver.lookups).toBe(1)
  await ask(resolver, 'localhost')
  expect([resolver.lookups, resolver.hits]).toEqual([2, 0])
})

test('a failure is told to all, counted, and not kept', async () => {
  const resolver = new Resolver(1000, clock)
  const answers = await Promise.all([ask(resolver, 'no.such.name.invalid'), ask(resolver, 'no.such.name.invalid')])
  for (const { error } of answers) expect(error?.code).toMatch(/^E(?:NOTFOUND|AI_AGAIN)$/)
  expect([resolver.lookups, resolver.failures]).toEqual([1, 1])
  await ask(resolver, 'no.such.name.invalid')
  expect(resolver.lookups).toBe(2)
})

test('what did not serve is forgotten', async () => {
  const resolver = new Resolver(1000, clock)
  await ask(resolver, 'localhost')
  resolver.forget('localhost')
  await ask(resolver, 'localhost')
  expect(resolver.lookups).toBe(2)
})

test('a single address for those who want one', async () => {
  const resolver = new Resolver(1000, clock)
  expect(['127.0.0.1', '::1']).toContain((await ask(resolver, 'localhost', false)).addresses)
})
