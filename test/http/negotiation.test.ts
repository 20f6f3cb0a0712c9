import { grpcTypeOf, preferredType } from '../../src/http/negotiation'
import { processorTime } from '../support/processor-time'

const offered = ['text/plain', 'application/json', 'application/problem+json', 'text/html'] as const
const [TEXT, OBJECT, PROBLEM, HTML] = offered

describe('the type that a client prefers', () => {
  test.each<[accept: string, preferred: string | undefined]>([
    // Wildcards.
    ['*/*', TEXT],
    ['text/*', TEXT],
    ['application/*', OBJECT],
    ['*/*;q=0.1', TEXT],
    // Names.
    ['application/json', OBJECT],
    ['Application/JSON', OBJECT],
    ['application/problem+json', PROBLEM],
    ['text/html', HTML],
    // Quality values.
    ['text/plain;q=0.5, application/json', OBJECT],
    ['text/plain;q=0.5, application/json;q=0.4', TEXT],
    ['text/plain;q=0.999,application/json;q=1.000', OBJECT],
    ['application/json;Q=0.2, text/html;Q=0.3', HTML],
    ['text/html ; q=0.3 , application/json ; q=0.4', OBJECT],
    ['text/html;q=1., application/json;q=0.9', HTML],
    // The closest range decides, wherever it stands.
    ['*/*, text/plain;q=0', OBJECT],
    ['text/plain;q=0, */*', OBJECT],
    ['text/*;q=0, */*', OBJECT],
    ['text/*;q=0.3, text/html;q=0.7, */*;q=0.5', HTML],
    ['application/json;q=0.1, application/*', PROBLEM],
    // Equally welcome: named more closely, then earlier.
    ['application/json, text/plain, */*', OBJECT],
    ['text/html, application/json', HTML],
    ['*/*, application/json', OBJECT],
    ['text/*, application/json', OBJECT],
    ['application/problem+json, application/json', PROBLEM],
    ['application/json, application/problem+json', OBJECT],
    // What browsers and old Java say.
    ['text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8', HTML],
    ['text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2', HTML],
    // Parameters narrow a type, and a suffix names its kin.
    ['application/json;odata=verbose', OBJECT],
    ['application/json;v=2;q=0.1, application/json;q=0.9, text/html;q=0.5', OBJECT],
    ['application/json;v=2, application/json;q=0.1, text/html;q=0.5', HTML],
    ['application/json;v="a,b;q=0", text/html;q=0.5', OBJECT],
    ['application/json;v="\\",x";q=0.1, text/html;q=0.5', HTML],
    ['application/vnd.github+json', OBJECT],
    ['application/vnd.github+json, text/html;q=0.5', OBJECT],
    ['application/vnd.github+json, application/json;q=0.3, text/html;q=0.5', HTML],
    ['application/json;, text/html;q=0.5', OBJECT],
    ['application/json;quality=0, text/html;q=0.5', OBJECT],
    // Nothing acceptable.
    ['image/png', undefined],
    ['*/*;q=0', undefined],
    ['application/json;q=0.000', undefined],
    ['application/xml', undefined],
    // Nothing said, or nonsense, which counts for nothing.
    ['', undefined],
    [' , ,', undefined],
    ['json', undefined],
    ['*', undefined],
    ['*/json', undefined],
    ['text/', undefined],
    ['/', undefined],
    ['text/html/x', undefined],
    ['text /html', undefined],
    ['text/html;q=2', undefined],
    ['text/html;q=-1', undefined],
    ['text/html;q=0.1234', undefined],
    ['text/html;q=', undefined],
    ['text/html;q=x, application/json;q=0.1', OBJECT],
    ['"unfinished, text/html', undefined],
    ['text/html\u0000', undefined],
    ['__proto__/constructor', undefined],
  ])('%j: %s', (accept, preferred) => {
    expect(preferredType(accept, offered)).toBe(preferred)
  })

  test('of a value as long as a head may be is found at once', () => {
    const work = (): void => {
      for (const piece of ['a/b;q=0.5,', '";', '\\"', ' ', ',', 'text/html;a="', '*/*;']) {
        preferredType(piece.repeat(64 * 1024), offered)
      }
    }
    expect(processorTime(work)).toBeLessThan(100)
  })
})

test.each<[contentType: string, grpc: string | undefined]>([
  ['application/grpc', 'application/grpc'],
  ['application/grpc+proto', 'application/grpc+proto'],
  ['Application/gRPC+JSON; charset=utf-8', 'application/grpc+json'],
  ['application/grpc-web', 'application/grpc-web'],
  ['application/grpc-web-text+proto', 'application/grpc-web-text+proto'],
  ['application/grpcx', undefined],
  ['application/grpc/x', undefined],
  ['application/json', undefined],
  ['text/application/grpc', undefined],
  ['application/grpc+\r\nX: y', undefined],
  ['', undefined],
])('Content-Type %j is gRPC: %s', (contentType, grpc) => {
  expect(grpcTypeOf(contentType)).toBe(grpc)
})
