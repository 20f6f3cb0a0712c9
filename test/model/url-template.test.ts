import { UrlTemplates, whyNoTemplate } from '../../src/model/url-template'

test.each([
  ['/users/{id}', '/users/7', true],
  ['/users/{id}', '/users/7?fields=a/b', true],
  ['/users/{id}', '/users/', false],
  ['/users/{id}', '/users/7/', false],
  ['/users/{id}', '/users/7/orders', false],
  ['/users/{id}/orders/{order}', '/users/7/orders/8', true],
  ['/v{version}/files/{name}.json', '/v2/files/a.b.json', true],
  ['/v{version}/files/{name}.json', '/v2/files/.json', false],
  ['/a{x}a', '/aa', false],
  ['/', '/', true],
  ['/', '/?q', true],
  ['/', '/a', false],
  ['/files/*', '/files/a/b/c', true],
  ['/files/*', '/files/', true],
  ['/files/*', '/files', false],
  ['/*', '/anything/at/all', true],
])('%s on %s: %j', (template, path, fits) => {
  expect(new UrlTemplates([template]).find(path)).toBe(fits ? template : undefined)
})

test('the first that fits counts', () => {
  const templates = new UrlTemplates(['/users/me', '/users/{id}', '/*'])
  expect(['/users/me', '/users/7', '/else'].map((path) => templates.find(path))).toEqual([
    '/users/me',
    '/users/{id}',
    '/*',
  ])
})

test.each(['/users/{id}', '/', '/*', '/a/*', '/v{v}/x', '/{a}.json'])('%s is a template', (text) => {
  expect(whyNoTemplate(text)).toBeUndefined()
})

test.each(['users', '', '/a?b', '/a#b', '/a b', '/{a', '/a}', '/{}', '/{a}{b}', '/*/a', '/a*', '/{a*}'])(
  '%j is none',
  (text) => {
    expect(whyNoTemplate(text)).toMatch(/^(?:does|has|is) /)
  },
)
