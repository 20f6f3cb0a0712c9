import { Problem } from '../../src/config/kinds'
import { bypassEntry, type UpstreamProxy, upstreamProxy } from '../../src/config/upstream-proxy'
import { destination } from '../../src/model/destination'
import { Egress } from '../../src/policy/egress'

const proxy = upstreamProxy.read('http://proxy.example:3128') as UpstreamProxy

test.each<[string, string, number, boolean]>([
  ['*', 'a.example', 80, true],
  ['a.example', 'a.example', 80, true],
  ['a.example', 'A.EXAMPLE.', 80, true],
  ['a.example', 'www.a.example', 80, true],
  ['a.example', 'aa.example', 80, false],
  ['.a.example', 'a.example', 80, false],
  ['.a.example', 'www.a.example', 80, true],
  ['*.a.example', 'www.a.example', 80, true],
  ['*.a.example', 'a.example', 80, false],
  ['a.example:8080', 'a.example', 8080, true],
  ['a.example:8080', 'a.example', 80, false],
  ['10.0.0.1', '10.0.0.1', 80, true],
  ['10.0.0.1', '0x0a000001', 80, true],
  ['10.0.0.0/8', '10.1.2.3', 80, true],
  ['10.0.0.0/8:81', '10.1.2.3', 80, false],
  ['10.0.0.0/8', '11.1.2.3', 80, false],
  ['::1', '::1', 80, true],
  ['::1', '0:0::1', 80, true],
  ['[::1]:80', '::1', 80, true],
  ['[::1]:80', '::1', 81, false],
  ['fd00::/8', 'fd12::1', 80, true],
  ['localhost', 'localhost', 80, true],
])('%s lets %s, port %d, go straight: %p', (entry, host, port, isDirect) => {
  expect(bypassEntry.read(entry)).toBe(entry)
  const egress = new Egress({ proxy, bypass: ['other.example', entry], rules: [] })
  const found = egress.of(destination(host.toLowerCase(), port, 80), 'GET', '/')
  expect(found).toBe(isDirect ? undefined : proxy)
})

test.each(['', 'a b', 'http://a', 'a:b', 'a,b', 'a:123456'])('%j is no entry', (entry) => {
  expect(bypassEntry.read(entry)).toBeInstanceOf(Problem)
})

test('a rule decides before the bypass, and without any proxy all is straight', () => {
  const rules = [{ name: 'a', match: { methods: ['POST'] }, proxy }]
  const egress = new Egress({ proxy: undefined, bypass: ['*'], rules })
  const a = destination('a', 80, 80)
  expect([egress.of(a, 'POST', '/'), egress.of(a, 'GET', '/')]).toEqual([proxy, undefined])
  expect(egress.isDirect).toBe(false)
  expect(new Egress({ proxy: undefined, bypass: [], rules: [] }).isDirect).toBe(true)
})

test.each([
  ['http://a', 'a:80', undefined],
  ['http://u:p@[::1]:3128/', '[::1]:3128', 'Basic dTpw'],
  ['http://u@a:81', 'a:81', 'Basic dTo='],
])('%s is a proxy at %s', (url, authority, authorization) => {
  const read = upstreamProxy.read(url) as UpstreamProxy
  expect(read.destination.authority).toBe(authority)
  expect(read.authorization?.reveal()).toBe(authorization)
  expect(upstreamProxy.show(read)).not.toContain('u:p')
})

test.each(['https://a', 'a:80', 'socks5://a', 'http://', 'http://a/b', 'http://a?b', 'http://%zz@a'])(
  '%s is none',
  (url) => {
    expect(upstreamProxy.read(url)).toBeInstanceOf(Problem)
  },
)
