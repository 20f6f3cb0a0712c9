/** The options of the access log: how its lines look, and which exchanges get one. */
import { type AccessLogFormat, readTemplate, TEXT_TEMPLATE } from './access-log-template'
import { choice, duration, integer, type Kind, list, Problem, string } from './kinds'
import { option, optional } from './option'

const json: AccessLogFormat = { text: 'json', template: undefined }

/** `json`, `text`, or a template, which is what holds a percent sign. */
export const accessLogFormat: Kind<AccessLogFormat> = {
  placeholder: 'json|text|TEMPLATE',
  read: (text) => {
    if (text === 'json') return json
    if (text !== 'text' && !text.includes('%')) {
      return new Problem('is neither json nor text nor a template, such as "%START_TIME% %REQ(:path)% %RESPONSE_CODE%"')
    }
    const template = readTemplate(text === 'text' ? TEXT_TEMPLATE : text)
    return template instanceof Problem ? template : { text, template }
  },
  show: ({ text }) => text,
}

/** `404`, `400-499`, or `4xx`, which is kept as `400-499`. */
export const statusRange: Kind<string> = {
  placeholder: 'STATUS',
  read: (text) => {
    if (/^[1-9]xx$/i.test(text)) return `${text[0]}00-${text[0]}99`
    const [, first = '', last = first] = /^([1-9][0-9]{2})(?:-([1-9][0-9]{2}))?$/.exec(text) ?? []
    if (first === '') return new Problem('is no status and no range of them, such as 404, 400-499 or 4xx')
    return first > last ? new Problem('ends before it begins') : text
  },
  show: (range) => range,
}

/** Yes or no. */
export const onOff: Kind<boolean> = {
  placeholder: 'true|false',
  read: (text) => {
    const word = choice(['true', 'false']).read(text)
    return word instanceof Problem ? word : word === 'true'
  },
  show: (value) => value,
}

export const accessLogOptions = {
  accessLog: option({
    key: 'access_log.output',
    flag: 'access-log',
    kind: { ...string, placeholder: 'stdout|stderr|off|FILE' },
    default: 'stdout',
    isLive: true,
    doc: 'Where the access log goes, a line for each exchange. A file is opened anew on SIGHUP.',
  }),
  accessLogFormat: option({
    key: 'access_log.format',
    kind: accessLogFormat,
    default: json,
    isLive: true,
    doc: 'Its lines: JSON objects, text for people, or a template with operators; see below.',
  }),
  accessLogStatuses: option<readonly string[]>({
    key: 'access_log.statuses',
    kind: list(statusRange),
    default: [],
    isLive: true,
    doc: 'Log the exchanges whose client was told one of these statuses: 404, 400-499, 5xx.',
  }),
  accessLogSlowerThan: optional({
    key: 'access_log.slower_than',
    kind: duration,
    isLive: true,
    doc: 'Log the exchanges that took longer.',
  }),
  accessLogFailures: option({
    key: 'access_log.failures',
    kind: onOff,
    default: false,
    isLive: true,
    doc: 'Log the exchanges that were refused, failed or were broken off, whatever the client was told.',
  }),
  accessLogSample: optional({
    key: 'access_log.sample',
    kind: integer(1, 1_000_000),
    isLive: true,
    doc: 'Log one in N, by chance, of the exchanges that none of these three names. Without it, none of them where one of the three is given, else all.',
  }),
}
