import { combineTraceState } from '../../src/propagation/tracestate'

/** Rows that are told apart by the beginning of their text. */
const named = (texts: readonly string[]) => texts.map((text) => [JSON.stringify(text).slice(0, 80), text] as const)

const members = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `k${from + i}=${i}`).join(',')

describe('a list that is valid goes on as it came', () => {
  test.each(
    named([
      'a=1',
      'foo=1',
      'foo=1,bar=2',
      'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
      // White space around members, and empty members.
      'foo=1 , bar=2',
      'foo=1,\tbar=2',
      'foo=1 \t,\t bar=2,\tbaz=3',
      'foo=1,',
      ',foo=1',
      'foo=1,,bar=2',
      'foo=1, ,bar=2',
      ', ,foo=1,\t,',
      // Values.
      'foo= 1',
      'foo=   1',
      'foo=1 2',
      'foo=!"#$%&\'()*+-./0123456789:;<>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~',
      `foo=${'v'.repeat(256)}`,
      `foo=${' '.repeat(255)}v`,
      // Keys.
      '0a=1',
      '1=1',
      'a_b-c*d/e=1',
      'z0_-*/=1',
      `${'k'.repeat(256)}=1`,
      `0${'k'.repeat(255)}=1`,
      'fw529a3039@dt=FfAAAAAX3BJ',
      '0tenant@system=1',
      `${'t'.repeat(241)}@${'v'.repeat(14)}=1`,
      'foo=1,foo@tenant=2,tenant@foo=3',
      // Sizes.
      members(32),
      `a=${'x'.repeat(200)},b=${'y'.repeat(200)},c=${'z'.repeat(200)}`,
      Array.from({ length: 32 }, (_, i) => `key${i}=${'v'.repeat(250)}`).join(','),
      // A key twice: somebody's mistake, which is not ours to right.
      'foo=1,foo=1',
      'foo=1,foo=2',
      'foo=1,bar=2,foo=3',
      'a@b=1, a@b=2',
      // What others write for themselves.
      'ot=th:c;rv:d829d6bee7cd7e,dd=s:2;o:rum;t.dm:-4;p:00f067aa0ba902b7,es=s:0.5',
    ]),
  )('%s', (_name, list) => {
    expect(combineTraceState([list])).toBe(list)
  })

  // The grammar of level 2 (§3.3.2.2.1): `keychar` holds the at sign, and nothing parts tenant from system any more.
  test.each(
    named([
      'foo@=1',
      'foo@@bar=1',
      'foo@bar@baz=1',
      'a@1b=1',
      `${'t'.repeat(242)}@v=1`,
      `t@${'v'.repeat(15)}=1`,
      `${'t'.repeat(127)}@${'v'.repeat(128)}=1`,
    ]),
  )('with the key of level 2: %s', (_name, list) => {
    expect(combineTraceState([list])).toBe(list)
  })
})

describe('a list that is invalid is dropped whole', () => {
  test.each(
    named([
      'foo',
      'foo,bar=2',
      'bar=2,foo',
      '=',
      '=1',
      'a=1,=2',
      'foo=',
      'foo= ',
      'foo=,bar=2',
      'foo==1',
      'foo=1=2',
      'foo=bar=',
      // Keys.
      'Foo=1',
      'FOO=1',
      'fOo=1',
      'foo =1',
      'foo\t=1',
      'f oo=1',
      'foo.bar=1',
      'foo:bar=1',
      'foo%20=1',
      'f\xf6o=1',
      '_foo=1',
      '-foo=1',
      '*foo=1',
      '/foo=1',
      '@foo=1',
      '@=1',
      `${'k'.repeat(257)}=1`,
      `${'t'.repeat(242)}@${'v'.repeat(14)}=1`,
      // Values.
      'foo=\x00',
      'foo=a\tb',
      'foo=\x7f',
      'foo=\xe4',
      'foo=\x80',
      `foo=${'v'.repeat(257)}`,
      `foo=${' '.repeat(256)}v`,
      // White space of other kinds.
      'foo=1,\xa0bar=2',
      'foo=1\x0b,bar=2',
      // Sizes.
      members(33),
      members(100),
      Array.from({ length: 33 }, () => 'foo=1').join(','),
      // One bad member is enough.
      'foo=1,Bar=2,baz=3',
      `${members(31)},x`,
    ]),
  )('%s', (_name, list) => {
    expect(combineTraceState([list])).toBeUndefined()
  })

  test('8-bit values of 8 KiB', () => {
    expect(combineTraceState(['\xff'.repeat(8192)])).toBeUndefined()
    expect(combineTraceState([`a=${'\xe4'.repeat(8192)}`])).toBeUndefined()
  })
})

describe('nothing at all', () => {
  test.each([[[]], [['']], [['', '']], [[',']], [[' , ,\t']], [[',', '']]])('%j', (values) => {
    expect(combineTraceState(values)).toBeUndefined()
  })
})

describe('several lines are one list', () => {
  test.each<[string[], string | undefined]>([
    [['foo=1', 'bar=2'], 'foo=1,bar=2'],
    [['foo=1,bar=2', 'rojo=1,congo=2', 'baz=3'], 'foo=1,bar=2,rojo=1,congo=2,baz=3'],
    [['', 'foo=1'], 'foo=1'],
    [['foo=1', ''], 'foo=1'],
    [['foo=1', '', 'bar=2'], 'foo=1,bar=2'],
    [['foo=1', 'foo=1'], 'foo=1,foo=1'],
    [['foo=1', 'foo=2'], 'foo=1,foo=2'],
    [['foo=1', 'BAR=2'], undefined],
    [['foo=1', 'bar'], undefined],
    [[members(16), members(16, 16)], `${members(16)},${members(16, 16)}`],
    [[members(17), members(16, 17)], undefined],
  ])('%j: %j', (values, expected) => {
    expect(combineTraceState(values)).toBe(expected)
  })
})
