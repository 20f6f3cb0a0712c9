/** The options of failed requests as events: which they are, and what an event says. */
import { isRegexPattern, urlMatcher } from '../model/url-pattern'
import { onOff, statusRange } from './access-log-options'
import { choice, integer, type Kind, list, Problem } from './kinds'
import { option } from './option'

const urlPattern: Kind<string> = {
  placeholder: 'PATTERN',
  read: (text) => {
    const matcher = urlMatcher(text)
    return typeof matcher === 'string' ? new Problem(matcher) : text
  },
  show: (value) => value,
}

/** Splits at commas, but for those within brackets of a regular expression. */
function itemsOf(text: string): string[] {
  const items: string[] = []
  let depth = 0
  let start = 0
  const isRegex = () => isRegexPattern(text.slice(start).trimStart())
  for (let at = 0, inRegex = isRegex(); at < text.length; at++) {
    const character = text[at] as string
    if (inRegex && character === '\\') at++
    else if (inRegex && '([{'.includes(character)) depth++
    else if (inRegex && ')]}'.includes(character)) depth--
    else if (character === ',' && depth <= 0) {
      items.push(text.slice(start, at))
      start = at + 1
      depth = 0
      inRegex = isRegex()
    }
  }
  items.push(text.slice(start))
  return items
}

export const failedRequestOptions = {
  failedRequests: option<readonly ('responses' | 'exceptions')[]>({
    key: 'failed_requests.events',
    flag: 'failed-requests',
    kind: list(choice(['responses', 'exceptions'])),
    default: ['responses', 'exceptions'],
    isLive: true,
    doc: 'Failed requests that are log events of their own: responses (with a status of the list), exceptions (no response, or not to its end); none for none.',
  }),
  failedRequestStatuses: option<readonly string[]>({
    key: 'failed_requests.statuses',
    flag: 'failed-request-statuses',
    kind: list(statusRange),
    default: ['500-599'],
    isLive: true,
    doc: 'Statuses of responses that count as failed: 404, 400-499, 5xx.',
  }),
  failedRequestTargets: option<readonly string[]>({
    key: 'failed_requests.targets',
    flag: 'failed-request-targets',
    kind: list(urlPattern, itemsOf),
    default: ['*'],
    isLive: true,
    doc: 'URLs whose failures count: parts of them, regex:EXPRESSION that matches all of one, host:PATTERN, * for all.',
  }),
  failedRequestBreadcrumbs: option({
    key: 'failed_requests.breadcrumbs',
    flag: 'failed-request-breadcrumbs',
    kind: integer(0, 100),
    default: 10,
    isLive: true,
    doc: 'Former exchanges of the same trace that an event lists; 0 lists none.',
  }),
  sendDefaultPii: option({
    key: 'send_default_pii',
    kind: onOff,
    default: false,
    isLive: true,
    doc: "Whether these events carry headers, cookies and the client's address; credentials never are among them.",
  }),
}
