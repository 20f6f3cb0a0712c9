import { sortFields } from '../../src/http/field-sort'
import { hasSoundHost } from '../../src/http/host'
import { destination } from '../../src/model/destination'

const targets = [
  destination('a.example', 80, 80),
  destination('a.example', 8080, 80),
  destination('::1', 81, 80),
  destination('x', 443, 0),
]

function isSound(lines: readonly string[], minor: 0 | 1 = 1): boolean {
  const verdicts = targets.map((target) => hasSoundHost(sortFields(lines), minor, target))
  // The target has no say in it.
  expect(new Set(verdicts).size).toBe(1)
  return verdicts[0] as boolean
}

test.each<[string[], boolean, boolean]>([
  // lines, HTTP/1.1, HTTP/1.0
  [[], false, true],
  [['X: y'], false, true],
  [['Host: a.example'], true, true],
  [['X: y', 'host:a.example', 'Y: z'], true, true],
  [['Connection: host', 'Host: a.example'], true, true],
  [['Host: a.example', 'Host: a.example'], false, false],
  [['Host: a', 'host: b'], false, false],
  [['Host:', 'Host: a'], false, false],
])('%j', (lines, one, zero) => {
  expect(isSound(lines, 1)).toBe(one)
  expect(isSound(lines, 0)).toBe(zero)
})

test.each([
  'a.example',
  'A.EXAMPLE',
  'a.example:8080',
  'a.example:',
  'other.example:1',
  '127.0.0.1',
  '[::1]',
  '[::1]:81',
  'a_b.example.',
  'a%20b',
  "!$&'()*+,;=",
  // A target without authority has an empty Host (RFC 9110 §7.2).
  '',
  ':80',
])('Host %j is well-formed', (value) => {
  for (const line of [`Host: ${value}`, `Host:${value}`, `HOST:\t${value} `]) expect(isSound([line])).toBe(true)
})

test.each([
  'a b',
  'a, b c',
  'a.example/',
  '/a.example',
  'http://a.example',
  'user@a.example',
  '@a.example',
  'a.example:80:80',
  'a.example:x',
  'a.example:-1',
  'a.example:123456',
  '::1',
  '[::1',
  '::1]',
  '[::1]x',
  '[]',
  '[fe80::1%eth0]',
  '[v1.x]',
  'a"b',
  'a<b>',
  'a\\b',
  'a|b',
  'a?b',
  'a#b',
  '\xe4',
  'a\tb',
])('Host %j is not', (value) => {
  for (const line of [`Host: ${value}`, `Host:${value}`, `HOST:\t${value} `]) expect(isSound([line])).toBe(false)
})
