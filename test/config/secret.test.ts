import { format, inspect } from 'node:util'
import { Secret } from '../../src/config/secret'

const secret = new Secret('geheim')

test('reveals its value to who asks', () => {
  expect(secret.reveal()).toBe('geheim')
})

test.each<[string, () => string]>([
  ['a template', () => `${secret}`],
  ['concatenation', () => `a${String(secret)}`],
  ['JSON', () => JSON.stringify({ header: secret, list: [secret] })],
  ['inspect', () => inspect(secret)],
  ['inspect, nested and with hidden fields', () => inspect({ a: { b: [secret] } }, { depth: 9, showHidden: true })],
  ['format', () => format('%s %o %O %j', secret, secret, secret, secret)],
  ['its keys', () => JSON.stringify({ ...secret, keys: Object.getOwnPropertyNames(secret) })],
  ['a clone', () => JSON.stringify(structuredClone({ ...secret }))],
])('%s hides the value', (_, print) => {
  expect(print()).not.toContain('geheim')
})

test.each<[string, () => string]>([
  ['a template', () => `${secret}`],
  ['JSON', () => JSON.parse(JSON.stringify(secret))],
  ['inspect', () => inspect(secret)],
])('%s says that something is hidden', (_, print) => {
  expect(print()).toBe('[redacted]')
})
