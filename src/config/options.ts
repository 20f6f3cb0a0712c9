/**
 * The table of options: one row each, and everything else comes from it: the flag, the variables, the key in the file, the
 * type, the default, `--help`, and the table in the README.
 */

import { accessLogOptions } from './access-log-options'
import { deliveryOptions } from './delivery-options'
import { failedRequestOptions } from './failed-request-options'
import {
  type Address,
  address,
  attributes,
  choice,
  freeHeaderName,
  integer,
  list,
  orOff,
  string,
  viaName,
} from './kinds'
import { limitOptions } from './limit-options'
import { type Option, option, optional } from './option'
import {
  clearList,
  extractList,
  formatName,
  formatNames,
  injectList,
  samplingRate,
  samplingStrategy,
} from './propagation-kinds'
import { readableFile } from './readable-file'
import { requestIdOptions } from './request-id-options'
import { proxyRules, rules } from './rules'
import { spanOptions } from './span-options'
import { bypassEntry, upstreamProxy } from './upstream-proxy'

export const options = {
  // Where it listens.
  listen: option({
    key: 'listen',
    kind: address,
    default: { host: '127.0.0.1', port: 15001 },
    doc: 'Address of the proxy.',
  }),
  admin: option<Address | 'off'>({
    key: 'admin',
    kind: orOff(address),
    default: { host: '127.0.0.1', port: 15000 },
    doc: 'Address of health, metrics and the newest exchanges.',
  }),
  workers: option({
    key: 'workers',
    kind: integer(1, 1024),
    default: 1,
    doc: 'Processes that share the address, each with its own limits, pools and queue; for more than one core.',
  }),
  config: optional({
    key: 'config',
    kind: readableFile,
    doc: 'YAML file with any of these settings.',
  }),
  configWatch: option<'on' | 'off'>({
    key: 'config_watch',
    kind: choice(['on', 'off']),
    default: 'on',
    doc: 'Whether the file is read again when it changes; with off, SIGHUP alone has it read again.',
  }),

  // Who is traced.
  serviceName: option({
    key: 'service.name',
    otel: ['OTEL_SERVICE_NAME'],
    kind: string,
    default: 'unknown_service:outspan',
    doc: 'Name of the service whose calls these are.',
  }),
  resourceAttributes: option({
    key: 'resource.attributes',
    flag: 'resource-attribute',
    otel: ['OTEL_RESOURCE_ATTRIBUTES'],
    kind: attributes,
    default: {},
    doc: 'Attribute of the resource that spans carry; repeatable.',
  }),

  // What becomes of trace context.
  extract: option({
    key: 'propagation.extract',
    flag: 'extract',
    otel: ['OTEL_PROPAGATORS'],
    kind: extractList,
    default: formatNames,
    isLive: true,
    doc: `Formats in which trace context is looked for, in this order; the first that holds one wins: ${formatNames.join(', ')}.`,
  }),
  clear: option({
    key: 'propagation.clear',
    flag: 'clear',
    kind: clearList,
    default: [],
    isLive: true,
    doc: 'Headers that are removed before trace context is injected; all means those of every format, and baggage.',
  }),
  inject: option({
    key: 'propagation.inject',
    flag: 'inject',
    otel: ['OTEL_PROPAGATORS'],
    kind: injectList,
    default: ['preserve'],
    isLive: true,
    doc: 'Formats in which trace context goes out; preserve means the one that was extracted.',
  }),
  defaultFormat: option({
    key: 'propagation.default_format',
    flag: 'default-format',
    kind: formatName,
    default: 'w3c',
    isLive: true,
    doc: 'Format that preserve means when none was extracted.',
  }),
  rules: option({
    key: 'propagation.rules',
    kind: rules,
    default: [],
    isFileOnly: true,
    isLive: true,
    doc: 'Settings for single destinations; see below.',
  }),
  responseTraceHeader: optional({
    key: 'propagation.response_trace_header',
    flag: 'response-trace-header',
    kind: freeHeaderName,
    isLive: true,
    doc: 'Header that tells the client the trace id of its call; a line of that name in a response goes.',
  }),
  ...requestIdOptions,
  samplingRate: option({
    key: 'sampling.rate',
    otel: ['OTEL_TRACES_SAMPLER'],
    kind: samplingRate,
    default: 1,
    isLive: true,
    doc: 'Share of the traces that is sampled, where the strategy leaves it to chance.',
  }),
  samplingStrategy: option({
    key: 'sampling.strategy',
    otel: ['OTEL_TRACES_SAMPLER'],
    kind: samplingStrategy,
    default: 'parent_probability_fallback',
    isLive: true,
    doc: "Whose decision counts: parent_probability_fallback (a parent's, else the rate), parent_drop_probability_fallback (a parent's refusal, else the rate) or probability (the rate).",
  }),

  // What spans say.
  ...spanOptions,

  // Where telemetry goes.
  ...deliveryOptions,
  ...failedRequestOptions,

  // The way out.
  upstreamProxy: optional({
    key: 'upstream_proxy.url',
    flag: 'upstream-proxy',
    kind: upstreamProxy,
    isLive: true,
    doc: 'Proxy that calls are sent through, http://[USER:PASSWORD@]HOST:PORT; tunnels by CONNECT.',
  }),
  upstreamProxyBypass: option<readonly string[]>({
    key: 'upstream_proxy.bypass',
    kind: list(bypassEntry),
    default: ['localhost', '127.0.0.0/8', '::1'],
    isLive: true,
    doc: 'Destinations that are called directly all the same, written as in NO_PROXY: names (and the names below them), .names below, addresses, ranges, each with a :port if need be; * for all.',
  }),
  upstreamProxyRules: option({
    key: 'upstream_proxy.rules',
    kind: proxyRules,
    default: [],
    isFileOnly: true,
    isLive: true,
    doc: 'Ways out for single destinations; see below.',
  }),
  via: optional({
    key: 'via',
    kind: viaName,
    isLive: true,
    doc: 'Name of this proxy for the Via header of requests and responses; a request that has it already is refused as a loop.',
  }),

  // The user's code.
  hooks: optional({
    key: 'hooks',
    kind: readableFile,
    doc: 'ES module of your own whose exports change what is told of calls; see below.',
  }),

  // What is logged.
  ...accessLogOptions,
  logLevel: option({
    key: 'log.level',
    otel: ['OTEL_LOG_LEVEL'],
    kind: choice(['debug', 'info', 'warn', 'error']),
    default: 'info',
    isLive: true,
    doc: "Level of the program's own log, on stderr.",
  }),

  // What it puts up with.
  ...limitOptions,
}

/** The rows alone, in their order. */
export const optionRows: readonly Option<unknown>[] = Object.values(options)

export type Options = typeof options
export type OptionName = keyof Options
export type ValueOf<O> = O extends Option<infer T> ? T : never
/** The effective values, by option. */
export type Settings = { readonly [Name in OptionName]: ValueOf<Options[Name]> }
