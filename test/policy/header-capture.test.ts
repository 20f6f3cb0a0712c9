import { HeaderCapture } from '../../src/policy/header-capture'

const capture = (include: string[], exclude: string[] = [], deny: string[] = [], show = (value: string) => value) =>
  new HeaderCapture('h.', { include, exclude, deny }, show)

const lines = [
  'X-Team: a',
  'Accept: x',
  'x-team:  b ',
  'Authorization: Bearer s',
  'X-Vault-Token: s',
  'X-Other: \xc3\xa4',
]

test.each<[string, string[], string[], string[], Record<string, string[]>]>([
  ['by name, one element a line', ['x-team'], [], [], { 'h.x-team': ['a', 'b'] }],
  ['by pattern, without secrets', ['x-*'], [], [], { 'h.x-team': ['a', 'b'], 'h.x-other': ['ä'] }],
  ['all, without secrets', ['*'], [], [], { 'h.x-team': ['a', 'b'], 'h.accept': ['x'], 'h.x-other': ['ä'] }],
  ['a secret by its very name', ['authorization'], [], [], { 'h.authorization': ['Bearer s'] }],
  ['excluded ones win', ['x-*', 'accept'], ['x-t*'], [], { 'h.accept': ['x'], 'h.x-other': ['ä'] }],
  ['all but the excluded', [], ['x-*'], [], { 'h.accept': ['x'] }],
  ['what is denied is never shown', ['authorization', 'accept'], [], ['auth*'], { 'h.accept': ['x'] }],
  ['denials alone turn nothing on', [], [], ['accept'], {}],
  ['nothing', [], [], [], {}],
])('%s', (_name, include, exclude, deny, expected) => {
  const read = capture(include, exclude, deny).read(lines)
  expect(Object.fromEntries(read.map(({ key, value }) => [key, value]))).toEqual(expected)
})

test('values are shown as they may be', () => {
  const [location] = capture(['location'], [], [], () => 'safe').read(['Location: http://a/?sig=x'])
  expect(location).toEqual({ key: 'h.location', value: ['safe'] })
})

test('the attributes of one head are bounded', () => {
  const many = Array.from({ length: 2000 }, (_, i) => `x-${i}: v`)
  const all = capture(['x-*'])
  expect(all.read(many)).toHaveLength(128)
  // Names that were seen are forgotten in time, and found again.
  expect(all.read(['x-0: v'])).toEqual([{ key: 'h.x-0', value: ['v'] }])
})
