import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConfigFile, parseConfig, parseConfigFile, readConfigFile } from '../../src/config/file'
import { options } from '../../src/config/options'
import { resolve } from '../../src/config/resolve'
import { processorTime } from '../support/processor-time'

/** Items by key. */
function itemsOf(text: string): Record<string, readonly string[]> {
  const { values, problems } = parseConfig(text, 'x.yaml')
  expect(problems).toEqual([])
  return Object.fromEntries([...values].map(([key, { items }]) => [key, items]))
}

function problemsOf(text: string): readonly string[] {
  return parseConfig(text, 'x.yaml').problems
}

describe('what is read', () => {
  test.each<[string, string, Record<string, readonly string[]>]>([
    ['an empty file', '', {}],
    ['comments alone', '# nothing\n\n# here\n', {}],
    ['a document mark alone', '---\n', {}],
    ['a document that is null', '~\n', {}],
    ['a document that is null, in words', '--- null # nothing\n...\n', {}],
    ['a value', 'listen: 127.0.0.1:15001', { listen: ['127.0.0.1:15001'] }],
    ['JSON', '{"listen": "127.0.0.1:1", "queue": {"delay": "1s"}}', { listen: ['127.0.0.1:1'], 'queue.delay': ['1s'] }],
    [
      'levels',
      'service:\n  name: shop\nqueue:\n  delay: 2s\n  batch_size: 10\n',
      { 'service.name': ['shop'], 'queue.delay': ['2s'], 'queue.batch_size': ['10'] },
    ],
    ['dots instead of levels', 'service.name: shop', { 'service.name': ['shop'] }],
    ['levels in flow style', 'otlp: {endpoint: "http://c:4317"}', { 'otlp.endpoint': ['http://c:4317'] }],
    ['Windows line ends', 'listen: 127.0.0.1:1\r\nadmin: off\r\n', { listen: ['127.0.0.1:1'], admin: ['off'] }],
    ['a byte order mark', '\ufeffadmin: off\n', { admin: ['off'] }],
    [
      'attributes as a mapping',
      'resource:\n  attributes:\n    deployment.environment.name: test\n    team: shop=1,2\n',
      { 'resource.attributes': ['deployment.environment.name=test', 'team=shop=1,2'] },
    ],
    [
      'attributes as a list',
      'resource:\n  attributes:\n    - team=shop\n    - "a=b,c"\n',
      { 'resource.attributes': ['team=shop', 'a=b,c'] },
    ],
    ['an attribute alone', 'resource: {attributes: team=shop}', { 'resource.attributes': ['team=shop'] }],
    ['no attributes, as a list', 'resource: {attributes: []}', { 'resource.attributes': [] }],
    ['no attributes, as a mapping', 'resource: {attributes: {}}', { 'resource.attributes': [] }],
    ['attributes without text', 'resource: {attributes: {a: "", b: }}', { 'resource.attributes': ['a=', 'b='] }],
    ['an anchor', 'service:\n  name: &name shop\n', { 'service.name': ['shop'] }],
    ['several lines of text', 'service:\n  name: >-\n    my\n    shop\n', { 'service.name': ['my shop'] }],
  ])('%s', (_, text, items) => {
    expect(itemsOf(text)).toEqual(items)
  })

  test.each([
    ['1.10', '1.10'],
    ['0x10', '0x10'],
    ['0o17', '0o17'],
    ['007', '007'],
    ['1e3', '1e3'],
    ['1_000', '1_000'],
    ['12345678901234567890', '12345678901234567890'],
    ['off', 'off'],
    ['on', 'on'],
    ['no', 'no'],
    ['True', 'True'],
    ['false', 'false'],
    ['.inf', '.inf'],
    ['2026-01-01', '2026-01-01'],
    ['12:30:45', '12:30:45'],
    ['+1', '+1'],
    ['"quoted"', 'quoted'],
    ["'it''s'", "it's"],
    ['"a\\tb"', 'a\tb'],
    ['"null"', 'null'],
    ['plain # comment', 'plain'],
  ])('a scalar stays as it is written: %s', (written, text) => {
    expect(itemsOf(`service:\n  name: ${written}\n`)).toEqual({ 'service.name': [text] })
    expect(itemsOf(`resource:\n  attributes:\n    k: ${written}\n`)).toEqual({ 'resource.attributes': [`k=${text}`] })
  })

  test('off stays off under YAML 1.1 as well', () => {
    expect(itemsOf('%YAML 1.1\n---\nadmin: off\n')).toEqual({ admin: ['off'] })
  })

  test('every option but config can be set, with and without levels', () => {
    for (const { key, kind } of Object.values(options)) {
      if (key === 'config' || 'readStructure' in kind) continue
      const nested = key.split('.').reduceRight((inner, part) => `{${part}: ${inner}}`, 'text')
      expect(itemsOf(nested)).toEqual({ [key]: ['text'] })
      expect(itemsOf(`${key}: text`)).toEqual({ [key]: ['text'] })
    }
  })

  test('each value knows the line that it stands on', () => {
    const { values } = parseConfig('# first\nlisten: a\n\nservice:\n  # here\n  name: b\nqueue: {delay: c}\n', 'x.yaml')
    const places = [...values].map(([key, { where }]) => [key, where])
    expect(places).toEqual([
      ['listen', expect.stringMatching(/^x\.yaml:2\b/)],
      ['service.name', expect.stringMatching(/^x\.yaml:6\b/)],
      ['queue.delay', expect.stringMatching(/^x\.yaml:7\b/)],
    ])
  })
})

describe('what is refused', () => {
  const noAttributes = /^x\.yaml:2 resource\.attributes: is not a list or mapping of values$/

  test.each<[string, string, readonly RegExp[]]>([
    ['an unknown key', 'listen: a\nlitsen: b\n', [/^x\.yaml:2: .*"litsen"/]],
    ['an unknown key below a known one', 'queue:\n  delay: 1s\n  size: 1\n', [/^x\.yaml:3: .*"queue\.size"/]],
    ['a level too many', 'admin: off\nlog: {level: {x: {y: z}}}\n', [/^x\.yaml:2 log\.level: is not a single value$/]],
    [
      'several, each with its line',
      'a: 1\nb: 2\nc: {d: 3}\n',
      [/^x\.yaml:1: "a"/, /^x\.yaml:2: "b"/, /^x\.yaml:3: "c"/],
    ],
    ['another file', 'listen: a\nconfig: other.yaml\n', [/^x\.yaml:2: .*another file/]],
    ['a list at the top', '- listen\n- admin\n', [/^x\.yaml:1: .*mapping/]],
    ['a text at the top', 'listen', [/^x\.yaml:1: .*mapping/]],
    ['a list where levels go on', 'admin: off\nqueue:\n  - delay\n', [/^x\.yaml:[23]: queue .*mapping/]],
    ['a value where levels go on', 'admin: off\nqueue: 5\n', [/^x\.yaml:2: queue .*mapping/]],
    ['nothing where levels go on', 'admin: off\nqueue:\n', [/^x\.yaml(:2)?: queue .*mapping/]],
    ['no value', 'admin: off\nlisten:\n', [/^x\.yaml:2 listen: is not a single value$/]],
    ['null', 'listen: ~\n', [/^x\.yaml:1 listen: is not a single value$/]],
    ['a list of lists', 'resource:\n  attributes: [[a=1]]\n', [noAttributes]],
    ['a list of mappings', 'resource:\n  attributes: [{a: 1}]\n', [noAttributes]],
    ['a mapping of mappings', 'resource:\n  attributes:\n    a: {b: 1}\n', [noAttributes]],
    ['a mapping of lists', 'resource:\n  attributes:\n    a: [b]\n', [noAttributes]],
    ['no attributes at all', 'resource:\n  attributes:\n', [noAttributes]],
    ['an attribute key with an equals sign', 'resource:\n  attributes:\n    "a=b": c\n', [noAttributes]],
    ['an attribute key that ends with one', 'resource:\n  attributes: {a: b, "c=": d}\n', [noAttributes]],
    ['two documents', 'admin: off\n---\nadmin: off\n', [/^x\.yaml:[12]: /]],
    ['the same key twice', 'listen: a\nadmin: off\nlisten: b\n', [/^x\.yaml:[13]: .*unique/]],
    [
      'the same setting written two ways',
      'service.name: a\nservice:\n  name: b\n',
      [/^x\.yaml:3 service\.name: is given twice$/],
    ],
    [
      'attributes written two ways, which are not joined',
      'resource.attributes: [a=1]\nresource:\n  attributes: [b=2]\n',
      [/^x\.yaml:3 resource\.attributes: is given twice$/],
    ],
    ['a level written twice', 'queue: {delay: 1s}\nlog: {}\nqueue: {capacity: 5}\n', [/^x\.yaml:[13]: .*unique/]],
    ['a tab as indentation', 'queue:\n\tdelay: 1s\n', [/^x\.yaml:[12]: /]],
    ['a key that is a list', 'admin: off\n? [a, b]\n: c\n', [/^x\.yaml:2: /]],
    ['a key that is nothing', 'admin: off\n: c\n', [/^x\.yaml:2: /]],
    ['an alias of nothing', 'admin: off\nlisten: *nowhere\n', [/^x\.yaml:2\b/]],
    ['an alias of nothing among attributes', 'resource:\n  attributes: {a: *nowhere}\n', [/^x\.yaml:2: .*in quotes$/]],
    [
      'a pattern without quotes',
      'propagation:\n  rules:\n  - match:\n      hosts: [a, *.example.com]\n',
      [/^x\.yaml:4: .*in quotes$/],
    ],
    [
      'an alias of nothing in the place of rules',
      'admin: off\npropagation: {rules: *it}\n',
      [/^x\.yaml:2: .*in quotes$/],
    ],
    ['an alias before its anchor', 'listen: *it\nadmin: &it off\n', [/^x\.yaml:1: .*in quotes$/]],
    ['rules written two ways', 'propagation.rules: []\npropagation: {rules: []}\n', [/^x\.yaml:2 .*given twice$/]],
  ])('%s', (_, text, problems) => {
    expect(problemsOf(text).map(String)).toEqual(problems.map((words) => expect.stringMatching(words)))
  })

  test('wrong syntax, with its line', () => {
    const problems = problemsOf('admin: off\nlisten: "127.0.0.1:1\n')
    expect(problems.length).toBeGreaterThan(0)
    for (const problem of problems) expect(problem).toMatch(/^x\.yaml:[23]: /)
  })

  test('nothing is read from a file with wrong syntax', () => {
    const { values, problems } = parseConfig('admin: off\nlisten: [a\n', 'x.yaml')
    expect([...values]).toEqual([])
    expect(problems).not.toEqual([])
  })

  test('the text of an alias does not show: it may be a password without quotes', () => {
    expect(problemsOf('otlp:\n  headers: {authorization: *hunter2}\n').join()).not.toContain('hunter2')
  })

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '<<'])('the key %s is no setting', (key) => {
    expect(problemsOf(`${key}: {a: b}\nqueue: {${key}: 1}\n`)).toHaveLength(2)
  })

  test('what is right beside it is still read, so that its problems are told as well', () => {
    const { values, problems } = parseConfig('litsen: a\nadmin: nowhere\n', 'x.yaml')
    expect(problems).toHaveLength(1)
    expect(values.get('admin')?.items).toEqual(['nowhere'])
  })
})

describe('a mapping or list is no value of an option that takes one value', () => {
  test.each([
    ['a text', 'service:\n  name: {first: shop}\n'],
    ['a path', 'access_log:\n  output: {file: access.log}\n'],
    ['an address', 'listen:\n  host: 127.0.0.1\n  port: 1\n'],
    ['a choice', 'log:\n  level: {info: yes}\n'],
    ['a list for a text', 'service:\n  name: [shop]\n'],
    ['a list of several', 'service:\n  name: [shop, other]\n'],
    ['a list for an address', 'listen:\n  - 127.0.0.1:1\n'],
    ['a list without items', 'listen: []\n'],
    ['a mapping without keys', 'listen: {}\n'],
    ['an alias of a mapping', 'resource: {attributes: &it {a: b}}\nservice: {name: *it}\n'],
    ['an alias of a list', 'resource: {attributes: &it [a=b]}\nservice: {name: *it}\n'],
  ])('%s', (_, text) => {
    const { values, problems } = parseConfig(text, 'x.yaml')
    const resolved = resolve({ flags: new Map(), environment: {}, file: values })
    expect([...problems, ...resolved.problems]).toEqual([
      expect.stringMatching(
        /^x\.yaml:[12] (?:service\.name|access_log\.output|listen|log\.level): is not a single value$/,
      ),
    ])
  })

  test.each(['{? [a] : b}', '{? {a: 1} : b}'])(
    'nor has a mapping of attributes keys that are no text: %s',
    (written) => {
      expect(problemsOf(`resource:\n  attributes: ${written}\n`)).toEqual([
        'x.yaml:2 resource.attributes: is not a list or mapping of values',
      ])
    },
  )
})

describe('aliases', () => {
  test.each([
    ['a value', 'resource: {attributes: {a: &it shop}}\nservice: {name: *it}\n', 'service.name', ['shop']],
    ['a mapping', 'resource: {attributes: &it {a: "1"}}\notlp: {headers: *it}\n', 'otlp.headers', ['a=1']],
    ['an item', 'service: {name: &it a=b}\nresource: {attributes: [*it]}\n', 'resource.attributes', ['a=b']],
    ['a list', 'resource: {attributes: &it [a=1, b=2]}\notlp: {headers: *it}\n', 'otlp.headers', ['a=1', 'b=2']],
    ['a level', 'drain: &it {timeout: 2s}\notlp: *it\n', 'otlp.timeout', ['2s']],
    ['an attribute', 'service: {name: &it b}\nresource: {attributes: {a: *it}}\n', 'resource.attributes', ['a=b']],
  ])('%s: stands for what it names', (_, text, key, items) => {
    expect(itemsOf(text)[key]).toEqual(items)
  })
})

describe('hostile files', () => {
  const levels = 26
  const bomb = Array.from({ length: levels }, (_, level) =>
    level === 0 ? '- &a0 [x, x, x, x, x, x, x, x, x]' : `- &a${level} [${`*a${level - 1}, `.repeat(9)}]`,
  ).join('\n')

  test.each([
    ['an alias bomb in rules', `propagation:\n  rules:\n    - match:\n${bomb.replaceAll(/^/gm, '        ')}\n`],
    ['lists without end', `listen: ${'['.repeat(50_000)}${']'.repeat(50_000)}`],
  ])('%s is a problem of the file', (_, text) => {
    const { values, problems } = parseConfigFile({ path: '/etc/x.yaml', text })
    expect([[...values], problems]).toEqual([[], [expect.stringMatching(/^x\.yaml(?::1)?: /)]])
  })

  test.each([
    ['an alias bomb', `resource:\n  attributes:\n${bomb.replaceAll(/^/gm, '    ')}\n`],
    ['an alias bomb in an unknown key', `x:\n${bomb.replaceAll(/^/gm, '  ')}\n`],
    ['an alias of itself', 'resource:\n  attributes: &a [*a]\n'],
    ['a mapping within itself', 'queue: &a\n  delay: *a\n'],
    ['thousands of lists', `listen: ${'['.repeat(5000)}`],
    ['thousands of closed lists', `listen: ${'['.repeat(5000)}${']'.repeat(5000)}`],
    ['thousands of levels', `${Array.from({ length: 3000 }, (_, level) => `${' '.repeat(level)}a:`).join('\n')}\n`],
    ['bytes that are no text', '\u0000\u0001\ufffd'],
  ])('%s is told within two seconds of work', (_, text) => {
    const work = () => expect(parseConfig(text, 'x.yaml').problems).not.toEqual([])
    expect(processorTime(work)).toBeLessThan(2000)
  })

  test('a hundred thousand lists in one another do not throw', () => {
    expect(problemsOf(`listen: ${'['.repeat(100_000)}`)).not.toEqual([])
  })
})

describe('files', () => {
  let folder: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'file-'))
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  test('a file is called by its name, without the folders', () => {
    const path = join(folder, 'outspan.yaml')
    writeFileSync(path, 'admin: off\nnothing: 1\n')
    const { values, problems } = parseConfigFile(readConfigFile(path) as ConfigFile)
    expect(values.get('admin')?.items).toEqual(['off'])
    expect(values.get('admin')?.where).toMatch(/^outspan\.yaml:1\b/)
    expect(problems).toEqual([expect.stringMatching(/^outspan\.yaml:2: /)])
  })

  test('an empty file sets nothing', () => {
    const path = join(folder, 'empty.yaml')
    writeFileSync(path, '')
    expect(parseConfigFile(readConfigFile(path) as ConfigFile)).toEqual({ values: new Map(), problems: [] })
  })

  test('one that can not be read is nothing: its option says why', () => {
    expect(readConfigFile(join(folder, 'missing.yaml'))).toBeUndefined()
    const path = join(folder, 'folder.yaml')
    mkdirSync(path)
    expect(readConfigFile(path)).toBeUndefined()
  })
})
