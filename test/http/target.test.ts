import { type Target, TargetReader } from '../../src/http/target'
import type { FaultCode } from '../../src/model/fault'

function read(method: string, target: string): Target {
  const found = new TargetReader().read(method, target)
  if (typeof found === 'string') throw new Error(`${method} ${target}: ${found}`)
  return found
}

describe('absolute form', () => {
  test.each([
    // target, host, port, Host field, path
    ['http://example.com/', 'example.com', 80, 'example.com', '/'],
    ['http://example.com', 'example.com', 80, 'example.com', '/'],
    ['http://example.com/a/b?c=d&e', 'example.com', 80, 'example.com', '/a/b?c=d&e'],
    ['http://example.com:80/', 'example.com', 80, 'example.com', '/'],
    ['http://example.com:8080/x', 'example.com', 8080, 'example.com:8080', '/x'],
    ['http://example.com:/x', 'example.com', 80, 'example.com', '/x'],
    ['http://example.com:', 'example.com', 80, 'example.com', '/'],
    ['http://example.com:00080/', 'example.com', 80, 'example.com', '/'],
    ['http://example.com:1/', 'example.com', 1, 'example.com:1', '/'],
    ['http://example.com:65535/', 'example.com', 65535, 'example.com:65535', '/'],
    ['http://example.com:443/', 'example.com', 443, 'example.com:443', '/'],
    ['HTTP://EXAMPLE.COM/A', 'example.com', 80, 'example.com', '/A'],
    ['hTtP://ExAmPlE.com:81/A', 'example.com', 81, 'example.com:81', '/A'],
    ['http://example.com./', 'example.com.', 80, 'example.com.', '/'],
    ['http://under_score.example/', 'under_score.example', 80, 'under_score.example', '/'],
    ['http://127.0.0.1:9/', '127.0.0.1', 9, '127.0.0.1:9', '/'],
    ['http://localhost', 'localhost', 80, 'localhost', '/'],
    ['http://[::1]/', '::1', 80, '[::1]', '/'],
    ['http://[::1]', '::1', 80, '[::1]', '/'],
    ['http://[::1]:8080/x', '::1', 8080, '[::1]:8080', '/x'],
    ['http://[::1]:/x', '::1', 80, '[::1]', '/x'],
    ['http://[2001:DB8::A]/', '2001:db8::a', 80, '[2001:db8::a]', '/'],
    ['http://[::ffff:192.0.2.1]/', '::ffff:192.0.2.1', 80, '[::ffff:192.0.2.1]', '/'],
    ['http://user@example.com/', 'example.com', 80, 'example.com', '/'],
    ['http://user:pass@example.com:81/', 'example.com', 81, 'example.com:81', '/'],
    ['http://user:@example.com/', 'example.com', 80, 'example.com', '/'],
    ['http://:pass@example.com/', 'example.com', 80, 'example.com', '/'],
    ['http://@example.com/', 'example.com', 80, 'example.com', '/'],
    ['http://a:b:c@example.com/', 'example.com', 80, 'example.com', '/'],
    ['http://u%40x:p@[::1]:81/', '::1', 81, '[::1]:81', '/'],
    ['http://example.com?q=1', 'example.com', 80, 'example.com', '/?q=1'],
    ['http://example.com:81?q', 'example.com', 81, 'example.com:81', '/?q'],
    ['http://example.com?', 'example.com', 80, 'example.com', '/?'],
    ['http://example.com/a@b:c', 'example.com', 80, 'example.com', '/a@b:c'],
    ['http://example.com?a@b', 'example.com', 80, 'example.com', '/?a@b'],
  ])('%s', (target, host, port, hostField, path) => {
    const found = read('GET', target)
    const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
    expect(found).toMatchObject({ destination: { host, port, authority, hostField }, path })
  })

  test.each([
    '/a/../b',
    '/./a/.',
    '/%2e%2E/%2F',
    '//x',
    '///',
    '/a//b/',
    '/?',
    '/a?b?c',
    '/a;b=c,d',
    '/%',
    '/%zz',
    '/http://other.example/',
    '/a\\b',
    '/"<>^`{|}',
    "/!$&'()*+,;=:@-._~",
    `/${'x'.repeat(300)}`,
  ])('the path %p goes on byte for byte', (path) => {
    expect(read('GET', `http://example.com${path}`).path).toBe(path)
  })

  test.each([
    ['http://example.com', '*'],
    ['http://example.com:81', '*'],
    ['http://example.com/', '/'],
    ['http://example.com?', '/?'],
    ['http://example.com?x', '/?x'],
    ['http://example.com/*', '/*'],
  ])('OPTIONS %s asks for %s', (target, path) => {
    expect(read('OPTIONS', target).path).toBe(path)
  })

  test.each(['GET', 'HEAD', 'POST', 'PURGE', 'options', 'connect'])('%s without path asks for /', (method) => {
    expect(read(method, 'http://example.com').path).toBe('/')
  })
})

describe('refused', () => {
  test.each<[string, FaultCode]>([
    ['/', 'origin_form'],
    ['/path?q', 'origin_form'],
    ['//example.com/x', 'origin_form'],
    ['*', 'origin_form'],
    ['https://example.com/', 'https_target'],
    ['HTTPS://example.com/', 'https_target'],
    ['ftp://example.com/', 'unknown_scheme'],
    ['ws://example.com/', 'unknown_scheme'],
    ['httpx://example.com/', 'unknown_scheme'],
    ['h2+c.x-1://example.com/', 'unknown_scheme'],
    ['file:///etc/passwd', 'unknown_scheme'],
    ['', 'bad_target'],
    ['x', 'bad_target'],
    ['?', 'bad_target'],
    ['**', 'bad_target'],
    ['example.com', 'bad_target'],
    ['example.com:80', 'bad_target'],
    ['example.com/x', 'bad_target'],
    ['http:', 'bad_target'],
    ['http:/', 'bad_target'],
    ['http:/example.com/', 'bad_target'],
    ['http:example.com', 'bad_target'],
    ['://example.com/', 'bad_target'],
    ['1http://example.com/', 'bad_target'],
    ['mailto:a@example.com', 'bad_target'],
    ['http://', 'bad_target'],
    ['http:///', 'bad_target'],
    ['http:///x', 'bad_target'],
    ['http://?x', 'bad_target'],
    ['http://:80/', 'bad_target'],
    ['http://user@/', 'bad_target'],
    ['http://user@:80/', 'bad_target'],
    ['http://example.com/#', 'bad_target'],
    ['http://example.com/a#b', 'bad_target'],
    ['http://example.com#b', 'bad_target'],
    ['http://example.com/?a#b', 'bad_target'],
    ['http://exam ple.com/', 'bad_target'],
    ['http://example.com/a b', 'bad_target'],
    ['http://example.com/\t', 'bad_target'],
    ['http://example.com/\x00', 'bad_target'],
    ['http://example.com/\x7f', 'bad_target'],
    ['http://example.com/\xe4', 'bad_target'],
    ['http://ex\xe4mple.com/', 'bad_target'],
    ['http://example.com/\r\nX: y', 'bad_target'],
    ['http://example.com:0/', 'bad_target'],
    ['http://example.com:65536/', 'bad_target'],
    ['http://example.com:99999999999999999999/', 'bad_target'],
    ['http://example.com:abc/', 'bad_target'],
    ['http://example.com:8a/', 'bad_target'],
    ['http://example.com:+80/', 'bad_target'],
    ['http://example.com:-1/', 'bad_target'],
    ['http://example.com:0x50/', 'bad_target'],
    ['http://example.com:80:80/', 'bad_target'],
    ['http://example.com::/', 'bad_target'],
    ['http://::1/', 'bad_target'],
    ['http://[]/', 'bad_target'],
    ['http://[/', 'bad_target'],
    ['http://]/', 'bad_target'],
    ['http://[::1/', 'bad_target'],
    ['http://::1]/', 'bad_target'],
    ['http://[::1]x/', 'bad_target'],
    ['http://x[::1]/', 'bad_target'],
    ['http://[::1]80/', 'bad_target'],
    ['http://[::1]:x/', 'bad_target'],
    ['http://[[::1]]/', 'bad_target'],
    ['http://[::1%25eth0]/', 'bad_target'],
    ['http://[fe80::1%eth0]/', 'bad_target'],
    ['http://[v1.x]/', 'bad_target'],
    ['http://[1.2.3.4]/', 'bad_target'],
    ['http://[:::]/', 'bad_target'],
    ['http://[1:2:3:4:5:6:7:8:9]/', 'bad_target'],
    ['http://[12345::]/', 'bad_target'],
    ['http://[::256.0.0.1]/', 'bad_target'],
    ['http://[.]/', 'bad_target'],
    ['http://a@b@example.com/', 'bad_target'],
    ['http://a:b@c@example.com/', 'bad_target'],
    ['http://good.example\\@evil.example/', 'bad_target'],
    ['http://a"b@example.com/', 'bad_target'],
    ['http://example.com\\/', 'bad_target'],
    ['http://exam<ple>.com/', 'bad_target'],
    ['http://exam"ple.com/', 'bad_target'],
    ['http://exam|ple.com/', 'bad_target'],
    ['http://{example}/', 'bad_target'],
  ])('GET %j: %s', (target, fault) => {
    expect(new TargetReader().read('GET', target)).toBe(fault)
  })

  test('OPTIONS *: origin_form', () => {
    expect(new TargetReader().read('OPTIONS', '*')).toBe('origin_form')
  })
})

describe('authority form', () => {
  test.each([
    ['example.com:443', 'example.com', 443, 'example.com:443'],
    ['EXAMPLE.com:443', 'example.com', 443, 'example.com:443'],
    ['example.com:80', 'example.com', 80, 'example.com:80'],
    ['example.com:1', 'example.com', 1, 'example.com:1'],
    ['example.com:65535', 'example.com', 65535, 'example.com:65535'],
    ['192.0.2.1:443', '192.0.2.1', 443, '192.0.2.1:443'],
    ['[::1]:443', '::1', 443, '[::1]:443'],
    ['[2001:DB8::1]:8443', '2001:db8::1', 8443, '[2001:db8::1]:8443'],
  ])('CONNECT %s', (target, host, port, authority) => {
    expect(read('CONNECT', target)).toMatchObject({
      destination: { host, port, authority, hostField: authority },
      path: '',
    })
  })

  test.each([
    '',
    'example.com',
    'example.com:',
    ':443',
    ':',
    '443',
    '*',
    '*:',
    '/',
    '/:443',
    'example.com:0',
    'example.com:65536',
    'example.com:https',
    'example.com:443/',
    'example.com/:443',
    'example.com:443?x',
    'example.com?x:443',
    'example.com#:443',
    'user@example.com:443',
    'user:pass@example.com:443',
    '@example.com:443',
    'http://example.com:443',
    'https://example.com:443',
    'http://example.com:443/',
    'https://example.com/',
    '::1:443',
    '[::1]',
    '[::1]:',
    '[::1]443',
    '[fe80::1%eth0]:443',
    '[]:443',
    'example.com:443:443',
    'ex\xe4mple.com:443',
    'exam ple.com:443',
    'example.com:443\n',
    'example.com\\:443',
  ])('CONNECT %j: bad_target', (target) => {
    expect(new TargetReader().read('CONNECT', target)).toBe('bad_target')
  })
})

describe('what is remembered', () => {
  test('a destination is one object as long as it is in use', () => {
    const reader = new TargetReader()
    const first = reader.read('GET', 'http://example.com/a') as Target
    expect((reader.read('POST', 'http://example.com/b?c') as Target).destination).toBe(first.destination)
  })

  test('a tunnel and a request to one authority are kept apart', () => {
    const reader = new TargetReader()
    const request = reader.read('GET', 'http://example.com:80/') as Target
    const tunnel = reader.read('CONNECT', 'example.com:80') as Target
    expect(request.destination.hostField).toBe('example.com')
    expect(tunnel.destination.hostField).toBe('example.com:80')
    expect(reader.read('GET', 'http://example.com:80/')).toEqual(request)
  })

  test('a refusal does not stick to the authority', () => {
    const reader = new TargetReader()
    expect(reader.read('CONNECT', 'example.com')).toBe('bad_target')
    expect(reader.read('GET', 'http://example.com/#x')).toBe('bad_target')
    expect(reader.read('GET', 'http://example.com/')).toMatchObject({ path: '/' })
    expect(reader.read('CONNECT', 'example.com')).toBe('bad_target')
  })

  test('ten thousand authorities are read right', () => {
    const reader = new TargetReader()
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 10_000; i++) {
        const found = reader.read('GET', `http://host-${i}.example:${i + 1}/`) as Target
        expect(found.destination.authority).toBe(`host-${i}.example:${i + 1}`)
      }
    }
  })
})
