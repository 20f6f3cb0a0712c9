import { sortFields } from '../../src/http/field-sort'
import { FieldNames } from '../../src/model/field-line'
import { isSoundRequestId, RequestIdHeader, type RequestIdPolicy } from '../../src/propagation/request-id'

const noted = new FieldNames(['x-request-id', 'authorization', 'signature-input'])
const nothing = new FieldNames([])

describe('a sound id', () => {
  test.each([
    'a',
    '3f0c5d9b8a5c4e3f9d0b1a2c3d4e5f60',
    '7b9a6f0e-2d1c-4a53-9f61-0c7f5a3e1b22',
    '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    'req_8sXk.~2',
    '|4bf92f3577b34da6.1_2.',
    'Root=1-67891233-abcdef012345678912345678;Self=2',
    'kR4+/w==',
    'host@pod:17/3',
    'x'.repeat(128),
  ])('%s', (id) => expect(isSoundRequestId(id)).toBe(true))

  test.each([
    '',
    'x'.repeat(129),
    'two ids',
    'a,b',
    'a\tb',
    'a"b',
    'a\\b',
    "a'b",
    '<script>',
    'a&b',
    '$' + '{jndi:ldap://x/a}',
    '%0d%0aX: y',
    'a\r\nX: y',
    'a\nlevel=error',
    'a\u0000',
    'a\u001b[2J',
    'a\u007f',
    'é',
    '\u2028',
    '\u0100',
  ])('not %j', (id) => expect(isSoundRequestId(id)).toBe(false))
})

describe('the id that arrives', () => {
  test.each<[string, RequestIdPolicy, string[], string | undefined]>([
    ['none', 'keep', ['x: y'], undefined],
    ['one', 'keep', ['X-Request-ID: abc'], 'abc'],
    ['with white space around it', 'keep', ['x-request-id:\t abc \t'], 'abc'],
    ['two', 'keep', ['x-request-id: a', 'x-request-id: b'], undefined],
    ['twice the same', 'keep', ['x-request-id: a', 'X-Request-Id: a'], undefined],
    ['an empty one', 'keep', ['x-request-id:'], undefined],
    ['an unsound one', 'keep', ['x-request-id: a"b'], undefined],
    ['one that is to be replaced', 'replace', ['x-request-id: abc'], undefined],
  ])('%s', (_name, policy, lines, id) => {
    expect(new RequestIdHeader('x-request-id', policy).arrived(lines)).toBe(id)
  })
})

describe('an id of ours', () => {
  const aws = 'Authorization: AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host;x-request-id, Signature=b'
  const rfc9421 = 'Signature-Input: sig1=("@method" "x-request-id");keyid="k"'

  /** The lines as they are afterwards, and what was left alone. */
  function written(lines: string[], clear = nothing): { lines: string[]; left: readonly string[]; host: string } {
    const fields = sortFields(lines, noted)
    const found = fields.noted.map((index) => fields.travelling[index] as string)
    const left = new RequestIdHeader('x-request-id', 'keep').write(fields, found, 'new', clear)
    // The indexes still point at what they pointed at.
    for (const index of fields.noted) expect(noted.hold(fields.travelling[index] as string)).toBe(true)
    return { lines: fields.travelling, left, host: fields.travelling[fields.hostIndex] as string }
  }

  test('comes last where there was none', () => {
    expect(written(['A: 1', 'Host: x', 'Z: 1']).lines).toEqual(['A: 1', 'Host: x', 'Z: 1', 'x-request-id: new'])
  })

  test('takes the place of an unsound one', () => {
    expect(written(['A: 1', 'X-Request-ID: a b', 'Host: x']).lines).toEqual(['A: 1', 'x-request-id: new', 'Host: x'])
  })

  test('takes the place of the first of several, and the others go', () => {
    const several = ['X-Request-ID: a', 'A: 1', 'x-request-id: b', 'Authorization: c', 'X-Request-Id: d', 'Host: x']
    const { lines, host } = written(several)
    expect(lines).toEqual(['x-request-id: new', 'A: 1', 'Authorization: c', 'Host: x'])
    expect(host).toBe('Host: x')
  })

  test.each([
    ['AWS Signature Version 4', aws],
    ['HTTP Message Signatures', rfc9421],
  ])('is not written over, or beside, what the sender signed: %s', (_name, signature) => {
    for (const own of [['X-Request-ID: a b'], ['X-Request-ID: a', 'X-Request-ID: b'], []]) {
      const lines = ['Host: x', ...own, signature]
      expect(written(lines)).toMatchObject({ lines, left: ['x-request-id'] })
    }
  })

  test('is written where other headers are signed', () => {
    expect(written([aws.replace('x-request-id', 'date')]).lines.at(-1)).toBe('x-request-id: new')
  })

  test('is not written where the header is to be removed', () => {
    const lines = ['Host: x', 'X-Request-ID: a b']
    expect(written(lines, new FieldNames(['x-request-id']))).toMatchObject({ lines, left: [] })
  })
})
