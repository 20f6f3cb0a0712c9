import { matchesGlob } from '../../src/policy/glob'

test.each([
  ['x-*', 'x-team', true],
  ['x-*', 'x-', true],
  ['x-*', 'xteam', false],
  ['*', '', true],
  ['*', 'anything', true],
  ['?', 'a', true],
  ['?', '', false],
  ['?', 'ab', false],
  ['x-?-id', 'x-a-id', true],
  ['*-id', 'x-request-id', true],
  ['*-id', 'x-id-x', false],
  ['a*b*c', 'a-b-b-c', true],
  ['a*b*c', 'a-c-b', false],
  ['a**b', 'ab', true],
  ['plain', 'plain', true],
  ['plain', 'plain2', false],
  ['', '', true],
  ['', 'a', false],
])('%j on %j: %j', (pattern, text, expected) => {
  expect(matchesGlob(pattern, text)).toBe(expected)
})

test('many stars do not take long', () => {
  const before = process.cpuUsage().user
  expect(matchesGlob(`${'*a'.repeat(100)}b`, 'a'.repeat(5000))).toBe(false)
  // Where each star is tried anew for each place, this takes longer than the world is old.
  expect(process.cpuUsage().user - before).toBeLessThan(2e6)
})
