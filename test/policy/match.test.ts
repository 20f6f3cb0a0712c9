import type { RuleMatch } from '../../src/config/rules'
import { parseAddressRange } from '../../src/model/address-range'
import { destination } from '../../src/model/destination'
import { isHostPattern } from '../../src/model/host-pattern'
import { compileMatch } from '../../src/policy/match'

test.each<[string, RuleMatch, [host: string, port: number, method: string, path: string], boolean]>([
  ['nothing named', {}, ['a', 80, 'GET', '/'], true],
  ['the host', { hosts: ['API.example.com'] }, ['api.example.com', 80, 'GET', '/'], true],
  ['another host', { hosts: ['api.example.com'] }, ['www.example.com', 80, 'GET', '/'], false],
  ['a name below', { hosts: ['*.svc.cluster.local'] }, ['a.b.svc.cluster.local', 80, 'GET', '/'], true],
  ['the name itself is not below', { hosts: ['*.example.com'] }, ['example.com', 80, 'GET', '/'], false],
  ['a name that only ends alike', { hosts: ['*.example.com'] }, ['evilexample.com', 80, 'GET', '/'], false],
  ['any', { hosts: ['*'] }, ['a', 80, 'GET', '/'], true],
  ['one of several', { hosts: ['b', 'a'] }, ['a', 80, 'GET', '/'], true],
  ['an address in the range', { cidrs: ['10.0.0.0/8'] }, ['10.255.0.1', 80, 'GET', '/'], true],
  ['an address beside it', { cidrs: ['10.0.0.0/8'] }, ['11.0.0.1', 80, 'GET', '/'], false],
  ['every IPv4 address', { cidrs: ['0.0.0.0/0'] }, ['255.255.255.255', 80, 'GET', '/'], true],
  ['no IPv6 address', { cidrs: ['0.0.0.0/0'] }, ['::1', 80, 'GET', '/'], false],
  ['an IPv6 address', { cidrs: ['fd00::/8'] }, ['fd12:3456::1', 80, 'GET', '/'], true],
  ['one IPv6 address', { cidrs: ['::1/128'] }, ['::1', 80, 'GET', '/'], true],
  ['another IPv6 address', { cidrs: ['::1/128'] }, ['::2', 80, 'GET', '/'], false],
  ['a host with the dot at its end', { hosts: ['api.example.com'] }, ['api.example.com.', 80, 'GET', '/'], true],
  ['a pattern with the dot at its end', { hosts: ['*.example.com.'] }, ['api.example.com', 80, 'GET', '/'], true],
  ['IPv4 mapped into IPv6', { cidrs: ['10.0.0.0/8'] }, ['::ffff:10.0.0.1', 80, 'GET', '/'], true],
  ['a mapped range', { cidrs: ['::ffff:10.0.0.0/104'] }, ['10.0.0.1', 80, 'GET', '/'], true],
  ['beside a mapped range', { cidrs: ['::ffff:10.0.0.0/104'] }, ['11.0.0.1', 80, 'GET', '/'], false],
  ['an address as one hexadecimal number', { cidrs: ['10.0.0.0/8'] }, ['0x0a000001', 80, 'GET', '/'], true],
  ['an address of fewer numbers', { hosts: ['10.0.0.1'] }, ['10.1', 80, 'GET', '/'], true],
  ['an address with the dot at its end', { cidrs: ['10.0.0.0/8'] }, ['10.0.0.1.', 80, 'GET', '/'], true],
  ['an IPv6 address in its long form', { cidrs: ['::1/128'] }, ['0:0:0:0:0:0:0:1', 80, 'GET', '/'], true],
  ['a name is in no range', { cidrs: ['0.0.0.0/0'] }, ['localhost', 80, 'GET', '/'], false],
  ['host or range', { hosts: ['a'], cidrs: ['10.0.0.0/8'] }, ['10.0.0.1', 80, 'GET', '/'], true],
  ['the port', { ports: [8080, 80] }, ['a', 80, 'GET', '/'], true],
  ['another port', { ports: [8080] }, ['a', 80, 'GET', '/'], false],
  ['the method', { methods: ['GET'] }, ['a', 80, 'GET', '/'], true],
  ['methods are case-sensitive', { methods: ['GET'] }, ['a', 80, 'get', '/'], false],
  ['the path', { paths: ['/api/'] }, ['a', 80, 'GET', '/api/x'], true],
  ['another path', { paths: ['/api/'] }, ['a', 80, 'GET', '/apix'], false],
  ['all kinds together', { hosts: ['a'], ports: [1] }, ['a', 2, 'GET', '/'], false],
])('%s', (_name, settings, [host, port, method, path], isMatch) => {
  expect(compileMatch(settings)(destination(host, port, 80), method, path)).toBe(isMatch)
})

test.each([
  '',
  '10.0.0.0',
  '10.0.0.0/33',
  '10.0.0/8',
  '256.0.0.0/8',
  'a/8',
  '::/129',
  '1::2::3/8',
  '10.0.0.0/8/8',
  '::1%eth0/128',
  '::ffff:10.0.0.0/95',
])('%j is no range', (text) => {
  expect(parseAddressRange(text)).toBeUndefined()
})

test.each([
  ['a', true],
  ['*', true],
  ['*.a.b', true],
  ['a_b.c-d', true],
  ['', false],
  ['*a', false],
  ['a.*', false],
  ['a b', false],
  ['a:80', false],
  ['.a', false],
])('%j as a host pattern: %p', (text, isPattern) => {
  expect(isHostPattern(text)).toBe(isPattern)
})
