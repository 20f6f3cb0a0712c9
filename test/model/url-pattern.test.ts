import { destination } from '../../src/model/destination'
import { type UrlMatcher, urlMatcher } from '../../src/model/url-pattern'
import { processorTime } from '../support/processor-time'

function matcherOf(pattern: string): UrlMatcher {
  const matcher = urlMatcher(pattern)
  if (typeof matcher === 'string') throw new Error(`${pattern} ${matcher}`)
  return matcher
}

function matches(pattern: string, url: string): boolean {
  const { hostname, port } = new URL(url)
  return matcherOf(pattern)(url, destination(hostname.replace(/[[\]]/g, ''), Number(port) || 80, 80))
}

test.each<[pattern: string, url: string, isMatch: boolean]>([
  ['*', 'http://a.example/', true],
  // A part of the URL, wherever it stands; upper and lower case differ.
  ['api.example.com', 'http://api.example.com/orders', true],
  ['api.example.com', 'http://other.example/?from=api.example.com', true],
  ['api.example.com', 'http://API.example.com/', false],
  ['/orders/', 'http://a.example/orders/1', true],
  ['/orders/', 'http://a.example/orders', false],
  // All of the URL.
  ['regex:.*', 'http://a.example/', true],
  ['regex:orders', 'http://a.example/orders', false],
  ['regex:.*orders', 'http://a.example/orders', true],
  ['regex:.*orders', 'http://a.example/orders/1', false],
  ['regex:http://[a-z]+\\.example(:\\d{1,5})?/v[12]/.*', 'http://api.example:8080/v2/x?y', true],
  ['regex:http://[a-z]+\\.example(:\\d{1,5})?/v[12]/.*', 'http://api.example:8080/v3/x?y', false],
  ['regex:(?i)HTTP://A\\.EXAMPLE/', 'http://a.example/', true],
  // The host, whatever else the URL holds.
  ['host:a.example', 'http://a.example/', true],
  ['host:A.Example.', 'http://a.example/', true],
  ['host:a.example', 'http://b.a.example/', false],
  ['host:a.example', 'http://b.example/?x=a.example', false],
  ['host:*.a.example', 'http://b.a.example/', true],
  ['host:*.a.example', 'http://a.example/', false],
  ['host:*', 'http://a.example/', true],
  ['host:10.0.0.1', 'http://10.0.0.1:8080/', true],
  ['host:[::1]', 'http://[::1]:8080/', true],
  ['host:0:0:0:0:0:0:0:1', 'http://[::1]/', true],
])('%s and %s: %s', (pattern, url, isMatch) => {
  expect(matches(pattern, url)).toBe(isMatch)
})

test.each<[pattern: string, problem: RegExp]>([
  ['', /is empty/],
  ['regex:(', /RE2's syntax \(missing closing \)/],
  ['regex:a**', /invalid nested repetition/],
  ['regex:(?=a)b', /RE2's syntax/],
  ['regex:(a)\\1', /RE2's syntax/],
  ['regex:((a{0,30}){0,30})b', /too large/],
  ['regex:a{1001}', /RE2's syntax/],
  ['host:', /no host pattern/],
  ['host:a.*.example', /no host pattern/],
  ['host:a.example:80', /no host pattern/],
  ['*.example.com', /written host:\*\.example\.com/],
  ['.*', /written regex:\.\*/],
  ['^http://a', /written regex:/],
  ['http://a\\.example', /written regex:/],
  ['a b', /no URL has/],
  ['a#b', /no URL has/],
  ['ä.example', /no URL has/],
])('%s is refused', (pattern, problem) => {
  expect(urlMatcher(pattern)).toMatch(problem)
})

// With JavaScript's own engine, most of these would not be through before the sun is cold.
test.each(['(a+)+b', '(a|a)*b', '(a*)*b', '([a-z]+)*!', '(x+x+)+y', '(.*)*z', '(a?){20}a{20}', '.*.*.*.*b'])(
  'regex:%s does not hang',
  (expression) => {
    const matcher = matcherOf(`regex:${expression}`)
    const to = destination('a.example', 80, 80)
    const work = (): void => {
      for (const url of ['a'.repeat(64 * 1024), 'x'.repeat(64 * 1024), `http://a.example/${'aA0'.repeat(20_000)}`])
        expect(matcher(url, to)).toBe(false)
    }
    expect(processorTime(work)).toBeLessThan(2000)
  },
)

test('of a long URL the beginning counts', () => {
  const to = destination('a.example', 80, 80)
  const url = `http://a.example/${'a'.repeat(4000)}end`
  expect(matcherOf('regex:http://a.example/.*')(url, to)).toBe(true)
  expect(matcherOf('end')(url, to)).toBe(false)
})
