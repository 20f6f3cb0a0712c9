/** The options of the request id. */
import { FieldNames } from '../model/field-line'
import { formats } from '../propagation/formats'
import { type RequestIdPolicy, requestIdPolicies } from '../propagation/request-id'
import { choice, freeHeaderName, type Kind, orOff, Problem } from './kinds'
import { option } from './option'

/** Headers that carry trace context, and that say what a message is, who sends it, or where it came from. */
const taken = new FieldNames([
  ...formats.flatMap(({ fields, alsoReads = [] }) => [...fields, ...alsoReads]),
  ...['baggage', 'x-datadog-origin', 'signature', 'signature-input', 'authorization', 'www-authenticate', 'cookie'],
  ...['accept', 'accept-encoding', 'accept-language', 'cache-control', 'date', 'etag', 'expect', 'location', 'vary'],
  ...['forwarded', 'max-forwards', 'origin', 'range', 'referer', 'server', 'user-agent', 'via'],
])

/** A header that nobody has another use for. */
const requestIdHeaderName: Kind<string> = {
  ...freeHeaderName,
  read: (text) => {
    const name = freeHeaderName.read(text)
    if (typeof name !== 'string') return name
    // To whoever looks for lines a star is the end of a prefix.
    if (name.includes('*')) return new Problem('is not the whole name of a header')
    return taken.hold(`${name}:`) ? new Problem('is a header with a meaning of its own') : name
  },
}

export const requestIdOptions = {
  requestIdHeader: option<string>({
    key: 'request_id.header',
    kind: orOff(requestIdHeaderName),
    default: 'x-request-id',
    isLive: true,
    doc: "Header that tells destination and client the request id that is in log, span and error answers; a response's own stays.",
  }),
  requestIdPolicy: option<RequestIdPolicy>({
    key: 'request_id.policy',
    kind: choice(requestIdPolicies),
    default: 'keep',
    isLive: true,
    doc: "What becomes of a client's own id in that header: keep takes it over where it is sound, replace never does.",
  }),
}
