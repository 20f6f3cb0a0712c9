import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { operatorTable } from '../../src/cli/operator-table'
import { accessLogFormat, statusRange } from '../../src/config/access-log-options'
import { operators, readTemplate, recordFields, timeSpecifiers } from '../../src/config/access-log-template'
import { Problem } from '../../src/config/kinds'
import { accessLogFields } from '../../src/telemetry/access-log'
import { timeParts } from '../../src/telemetry/time-format'
import { processorTime } from '../support/processor-time'

const wordsOf = (text: string): string => {
  const read = accessLogFormat.read(text)
  return read instanceof Problem ? read.words : ''
}

describe('a template', () => {
  const call = { argument: undefined, alternative: undefined, maxLength: undefined }

  test.each([
    ['%DURATION%', [{ ...call, operator: 'DURATION' }]],
    ['a %DURATION% b', ['a ', { ...call, operator: 'DURATION' }, ' b']],
    ['100%% of %DURATION%%%', ['100% of ', { ...call, operator: 'DURATION' }, '%']],
    ['%%DURATION%%', ['%DURATION%']],
    ['%REQ(X-Name)%', [{ ...call, operator: 'REQ', argument: 'x-name' }]],
    ['%REQ(:PATH)%', [{ ...call, operator: 'REQ', argument: ':path' }]],
    ['%REQ(A?:Path):12%', [{ operator: 'REQ', argument: 'a', alternative: ':path', maxLength: 12 }]],
    ['%RESP(:status?b)%', [{ ...call, operator: 'RESP', argument: ':status', alternative: 'b' }]],
    ['%START_TIME(%Y %%)%!', [{ ...call, operator: 'START_TIME', argument: '%Y %%' }, '!']],
    ['%START_TIME()%', [{ ...call, operator: 'START_TIME', argument: '' }]],
    ['%FIELD(url.full)%', [{ ...call, operator: 'FIELD', argument: 'url.full' }]],
    ['%DURATION%\n', [{ ...call, operator: 'DURATION' }]],
    ['%DURATION%\tä\r\n', [{ ...call, operator: 'DURATION' }, '\tä']],
  ])('%j', (text, parts) => {
    expect(readTemplate(text)).toEqual(parts)
  })

  const known = /there are START_TIME, REQ, RESP, FIELD, .*, SPAN_ID/

  test.each([
    ['%FOO%', known],
    ['%FOO%', /%FOO%, which is no operator/],
    ['%req(a)%', /%req\(a\)%, which is no operator/],
    ['% %', /% %, which is no operator/],
    ['%toString%', /no operator/],
    ['%DURATION', /has %DURATION, an operator without its closing %/],
    ['%DURATION', known],
    ['%DURATION% 100%', /has %, an operator without its closing %.* %% is a percent sign/],
    ['%REQ(a', /without its closing/],
    ['%REQ(a)', /without its closing/],
    ['%START_TIME(%Y', /without its closing/],
    ['%START_TIME(%Q)%', /%Q means nothing there; there are %Y /],
    ['%START_TIME(%)%', /means nothing there/],
    ['%START_TIME(%0f)%', /%0 means nothing/],
    ['%START_TIME(x):3%', /":3" is not expected/],
    ['%DURATION(a)%', /DURATION takes nothing in parentheses/],
    ['%DURATION:3%', /":3" is not expected/],
    ['%REQ%', /REQ wants a header/],
    ['%REQ()%', /REQ wants a header/],
    ['%REQ(a b)%', /REQ wants a header/],
    ['%REQ(a?)%', /REQ wants a header/],
    ['%REQ(a?b?c)%', /REQ wants a header/],
    ['%REQ(:status)%', /only :method, :scheme, :authority, :path/],
    ['%RESP(:path)%', /only :status/],
    ['%REQ(a):0%', /":0" is no greatest length/],
    ['%REQ(a):x%', /":x" is no greatest length/],
    ['%REQ(a)b%', /"b" is no greatest length/],
    ['%FIELD%', /names no field of the record; there are timestamp, .*user_agent.original/],
    ['%ATTRIBUTE%', /ATTRIBUTE wants the name of an attribute/],
    ['%ATTRIBUTE()%', /ATTRIBUTE wants the name of an attribute/],
    ['%FIELD(nope)%', /names no field of the record/],
    ['%DURATION%\nb', /line break/],
    ['%DURATION%\u0000', /control character/],
    ['hello', /neither json nor text nor a template/],
    ['', /neither json nor text nor a template/],
    ['JSON', /neither json nor text nor a template/],
  ])('%j is refused, in words that help', (text, words) => {
    expect(wordsOf(text)).toMatch(words)
  })

  test('a hostile one is read in no time', () => {
    const work = (): void => {
      for (const part of ['%', '%REQ(', '%REQ(a?', '(', '%START_TIME(%', '%%%']) wordsOf(part.repeat(100_000))
    }
    expect(processorTime(work)).toBeLessThan(2000)
  })
})

test('every operator without an argument can stand in a template', () => {
  for (const [name, { takes }] of Object.entries(operators)) {
    if (takes === undefined || takes === 'time') expect(wordsOf(`%${name}%`)).toBe('')
  }
})

test("the README's table of operators is as it is made", () => {
  const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8')
  const between = /<!-- operators -->\n([\s\S]*?)<!-- \/operators -->/.exec(readme)?.[1]
  expect(between?.trim()).toBe(operatorTable())
  expect(between?.match(/^\|/gm)).toHaveLength(Object.keys(operators).length + 2)
  for (const specifier of timeSpecifiers.replace('%', '')) expect(readme).toMatch(new RegExp(`%${specifier}[ \`]`))
})

test('FIELD knows the fields of the record', () => {
  expect(recordFields).toEqual([...accessLogFields.keys()])
})

test('what may stand in the format of a time is what can be written', () => {
  expect([...timeSpecifiers].toSorted()).toEqual(Object.keys(timeParts).toSorted())
})

test.each([
  ['404', '404'],
  ['4xx', '400-499'],
  ['5XX', '500-599'],
  ['400-499', '400-499'],
  ['200-200', '200-200'],
])('status %s is %s', (text, range) => {
  expect(statusRange.read(text)).toBe(range)
})

test.each(['', 'abc', '40', '4040', '4x', 'xx', '0xx', '099', '400-', '-400', '400-40', '400-399', '400 - 499'])(
  'status %j is refused',
  (text) => {
    expect(statusRange.read(text)).toBeInstanceOf(Problem)
  },
)
