/** The options of what spans say, and of what telemetry keeps to itself. */
import { isHostPattern, isIpv6, readHostAndPort } from '../model/host-pattern'
import { type Phase, phases } from '../model/phase'
import { attributes, choice, headerName, type Kind, list, method, Problem, string } from './kinds'
import { option } from './option'
import { freeAttributes, spanKind, spanRules, templates } from './span-rules'

/** RFC 9110's methods and PATCH, with QUERY as the conventions have it. */
const methods = ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE']

/** Names of headers, in which `*` stands for any characters and `?` for one. */
const headerPatterns: Kind<readonly string[]> = list({
  ...headerName,
  read: (text) => {
    const isName = !(headerName.read(text.replaceAll(/[*?]/g, 'x')) instanceof Problem)
    return isName ? text.toLowerCase() : new Problem('is no name of a header, nor a pattern such as x-team-*')
  },
})

const peers: Kind<Readonly<Record<string, string>>> = {
  ...attributes,
  placeholder: 'HOST=NAME',
  read: (text) => {
    const pairs = attributes.read(text)
    if (pairs instanceof Problem) return new Problem('is not HOST=NAME')
    const [[host, name] = ['', '']] = Object.entries(pairs)
    const read = readHostAndPort(host)
    const isHost = read !== undefined && (isHostPattern(read.host) || (host.startsWith('[') && isIpv6(read.host)))
    if (!isHost)
      return new Problem(
        `has the host "${host}", which is no host pattern, such as *.example.com or api.example.com:8080`,
      )
    return name === '' ? new Problem('names no service') : pairs
  },
}

type Instrumentation = 'request' | 'all' | 'off' | Phase

const instrumentationNames = list(choice<Instrumentation>(['request', ...phases, 'all', 'off']))

const instrumentations: Kind<readonly Instrumentation[]> = {
  ...instrumentationNames,
  read: (text) => {
    const items = instrumentationNames.read(text)
    if (items instanceof Problem) return items
    const isMixed = items.length > 1 && items.some((item) => item === 'all' || item === 'off')
    return isMixed ? new Problem('has all or off beside others: each stands alone') : items
  },
}

/** Keys of a query. */
const queryKeys: Kind<readonly string[]> = list({
  ...string,
  read: (text) => (/^[^&=#\s]+$/.test(text) ? text : new Problem('is no key of a query')),
})

export const spanOptions = {
  knownMethods: option<readonly string[]>({
    key: 'spans.known_methods',
    flag: 'known-method',
    otel: ['OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS'],
    kind: list(method),
    default: methods,
    isLive: true,
    doc: 'Methods that telemetry names, in the place of these; others are _OTHER, with http.request.method_original on the span.',
  }),
  captureRequestHeaders: option<readonly string[]>({
    key: 'spans.capture.request_headers',
    flag: 'capture-request-header',
    kind: headerPatterns,
    default: [],
    isLive: true,
    doc: 'Request headers that span and logs show, with * and ?. Those that carry secrets are shown only if named exactly.',
  }),
  excludeRequestHeaders: option<readonly string[]>({
    key: 'spans.capture.request_headers_exclude',
    flag: 'exclude-request-header',
    kind: headerPatterns,
    default: [],
    isLive: true,
    doc: 'Request headers that are not shown after all; given alone, all others are.',
  }),
  captureResponseHeaders: option<readonly string[]>({
    key: 'spans.capture.response_headers',
    flag: 'capture-response-header',
    kind: headerPatterns,
    default: [],
    isLive: true,
    doc: 'Response headers that span and logs show, likewise.',
  }),
  excludeResponseHeaders: option<readonly string[]>({
    key: 'spans.capture.response_headers_exclude',
    flag: 'exclude-response-header',
    kind: headerPatterns,
    default: [],
    isLive: true,
    doc: 'Response headers that are not shown after all; given alone, all others are.',
  }),
  spanAttributes: option({
    key: 'spans.attributes',
    flag: 'span-attribute',
    kind: freeAttributes,
    default: {},
    isLive: true,
    doc: 'Attribute that every span and access-log record has; repeatable.',
  }),
  peerNames: option({
    key: 'spans.peer_names',
    flag: 'peer-name',
    kind: peers,
    default: {},
    isLive: true,
    doc: 'Name of the service behind a host (service.peer.name), with *. for all names below it; repeatable.',
  }),
  urlTemplates: option<readonly string[]>({
    key: 'spans.url_templates',
    flag: 'url-template',
    kind: templates,
    default: [],
    isLive: true,
    doc: 'Templates of paths, such as /users/{id}; the first that fits is url.template, and the span is named by it.',
  }),
  instrumentations: option<readonly Instrumentation[]>({
    key: 'spans.instrumentations',
    flag: 'instrumentations',
    kind: instrumentations,
    default: ['request'],
    isLive: true,
    doc: 'Spans of a call: request (always), and as its children upstream (each attempt), dns, connect, tls, wait, receive; all of them, or off for no spans.',
  }),
  spanKind: option({
    key: 'spans.kind',
    flag: 'span-kind',
    kind: spanKind,
    default: 'client',
    isLive: true,
    doc: 'Kind of the spans: client, server, internal, producer or consumer. The attributes stay those of a client.',
  }),
  spanRules: option({
    key: 'spans.rules',
    kind: spanRules,
    default: [],
    isFileOnly: true,
    isLive: true,
    doc: 'What the spans of single calls say; see below.',
  }),
  semconv: option<'stable' | 'dup' | 'old'>({
    key: 'spans.semconv',
    flag: 'semconv',
    otel: ['OTEL_SEMCONV_STABILITY_OPT_IN'],
    kind: {
      ...choice(['stable', 'dup', 'old']),
      // OpenTelemetry's variable asks for new names where old ones are the default. Here the new ones are.
      readOtel: (text) => (text.split(',').some((word) => word.trim().toLowerCase() === 'http/dup') ? 'dup' : 'stable'),
    },
    default: 'stable',
    isLive: true,
    doc: 'Names of span attributes: the stable conventions, those of version 1.20 (http.method, http.url), or both.',
  }),
  redactQuery: option<readonly string[]>({
    key: 'redact.query',
    flag: 'redact-query',
    kind: queryKeys,
    default: [],
    isLive: true,
    doc: "Keys of URL queries whose values telemetry does not show, in any case of letters, beside the conventions' seven; all means every key.",
  }),
  redactQueryExcept: option<readonly string[]>({
    key: 'redact.query_except',
    flag: 'redact-query-except',
    kind: queryKeys,
    default: [],
    isLive: true,
    doc: 'Keys that are shown when all are redacted.',
  }),
  redactHeaders: option<readonly string[]>({
    key: 'redact.headers',
    flag: 'redact-header',
    kind: headerPatterns,
    default: [],
    isLive: true,
    doc: 'Headers that telemetry never shows, with * and ?, not even if they are named elsewhere.',
  }),
}
