import { failedRequestOptions } from '../../src/config/failed-request-options'
import { parseConfig } from '../../src/config/file'
import { Problem } from '../../src/config/kinds'
import { type Resolved, resolve } from '../../src/config/resolve'

function resolved(flags: Readonly<Record<string, string>>, yaml?: string): Resolved {
  const file = yaml === undefined ? undefined : parseConfig(yaml, 'outspan.yaml')
  expect(file?.problems ?? []).toEqual([])
  const given = new Map(Object.entries(flags).map(([flag, text]) => [flag, [text]]))
  return resolve({ flags: given, environment: {}, file: file?.values })
}

test('the defaults are those of Sentry, with a breadcrumb or ten', () => {
  expect(resolved({}).settings).toMatchObject({
    failedRequests: ['responses', 'exceptions'],
    failedRequestStatuses: ['500-599'],
    failedRequestTargets: ['*'],
    failedRequestBreadcrumbs: 10,
    sendDefaultPii: false,
  })
})

test('all in a file', () => {
  const yaml = `
failed_requests:
  events: [responses]
  statuses: [400-404, 429, 500-599]
  targets:
    - api.example.com
    - host:*.internal.example
    - regex:http://[a-z,]+\\.example/v[12]/.{1,20}
  breadcrumbs: 3
send_default_pii: true
`
  expect(resolved({}, yaml)).toMatchObject({
    problems: [],
    settings: {
      failedRequests: ['responses'],
      failedRequestStatuses: ['400-404', '429', '500-599'],
      failedRequestTargets: [
        'api.example.com',
        'host:*.internal.example',
        'regex:http://[a-z,]+\\.example/v[12]/.{1,20}',
      ],
      failedRequestBreadcrumbs: 3,
      sendDefaultPii: true,
    },
  })
})

test.each<[string, readonly string[]]>([
  ['none', []],
  ['a,b', ['a', 'b']],
  ['a, b,a', ['a', 'b']],
  ['regex:a{1,2}b,c', ['regex:a{1,2}b', 'c']],
  ['a,regex:[x,y],b', ['a', 'regex:[x,y]', 'b']],
  ['regex:(a|b,c),host:d', ['regex:(a|b,c)', 'host:d']],
  ['regex:a\\(,b', ['regex:a\\(', 'b']],
  ['regex:a\\,b', ['regex:a\\,b']],
  // Only expressions have brackets with a meaning.
  ['a[1,b]', ['a[1', 'b]']],
])('targets %s', (text, targets) => {
  expect(resolved({ '--failed-request-targets': text })).toMatchObject({
    problems: [],
    settings: { failedRequestTargets: targets },
  })
})

test('empty lists in a file mean never', () => {
  const { settings, problems } = resolved({}, 'failed_requests: { statuses: [], targets: [], events: [] }')
  expect(problems).toEqual([])
  expect(settings).toMatchObject({ failedRequests: [], failedRequestStatuses: [], failedRequestTargets: [] })
})

test('all that is wrong is told at once, with its place and why', () => {
  const { problems } = resolved(
    {
      '--failed-requests': 'errors',
      '--failed-request-statuses': '500-499',
      '--failed-request-targets': 'a,regex:(b',
      '--failed-request-breadcrumbs': '101',
    },
    'send_default_pii: maybe',
  )
  expect(problems).toEqual([
    '--failed-requests: "errors" has "errors", which is none of responses, exceptions',
    '--failed-request-statuses: "500-499" has "500-499", which ends before it begins',
    '--failed-request-targets: "a,regex:(b" has "regex:(b", which is no regular expression of RE2\'s syntax (missing closing ): `(b`)',
    '--failed-request-breadcrumbs: "101" is not a whole number from 0 to 100',
    'outspan.yaml:1 send_default_pii: "maybe" is none of true, false',
  ])
})

test.each<[string, readonly string[] | undefined]>([
  ['404', ['404']],
  ['500-599', ['500-599']],
  ['4xx,5XX', ['400-499', '500-599']],
  ['100-999', ['100-999']],
  ['404,404', ['404']],
  ['none', []],
  ['99', undefined],
  ['1000', undefined],
  ['x5x', undefined],
  ['', undefined],
  ['500-', undefined],
  ['500 - 599', undefined],
])('statuses %s', (text, statuses) => {
  const read = failedRequestOptions.failedRequestStatuses.kind.read(text)
  expect(read instanceof Problem ? undefined : read).toEqual(statuses)
})

test.each(['true', 'false'])('send_default_pii: %s', (text) => {
  const { kind } = failedRequestOptions.sendDefaultPii
  expect(String(kind.show(kind.read(text) as boolean))).toBe(text)
})
