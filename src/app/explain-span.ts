/** What telemetry would say of a request, without sending it. */
import type { Settings } from '../config/options'
import type { Target } from '../http/target'
import { type SpanKindName, spanKinds } from '../model/attribute'
import { Exchange } from '../model/exchange'
import type { FieldLine } from '../model/field-line'
import { addedAttributesBy } from '../telemetry/attributes'
import { spanNameOf } from '../telemetry/otlp-span'
import { annotatorOf, redactionOf } from './annotations'

/** @param url as it was asked for @param lines of the request's head */
export function explainSpan(
  settings: Settings,
  method: string,
  url: string,
  { destination, path }: Target,
  lines: readonly FieldLine[],
): string[] {
  const exchange = new Exchange('', 0, 0, '', 0)
  exchange.method = method
  if (settings.knownMethods.includes(method)) exchange.knownMethod = method
  const annotator = annotatorOf(settings)
  annotator?.onRequest(exchange, destination, path, lines)
  const shown = exchange.isTunnel ? `//${destination.authority}` : redactionOf(settings)(url)
  const kind = (Object.keys(spanKinds) as SpanKindName[]).find((name) => spanKinds[name] === exchange.spanKind)
  const rule = annotator?.ruleOf(destination, method, path)
  return [
    settings.instrumentations.includes('off')
      ? 'span          none: instrumentations are off'
      : `span          ${spanNameOf(exchange)}, ${kind}${rule === undefined ? '' : `, by the rule ${rule}`}`,
    `${(settings.semconv === 'old' ? 'http.url' : 'url.full').padEnd(14)}${shown}`,
    ...(exchange.peerName === undefined ? [] : [`peer          ${exchange.peerName}`]),
    ...addedAttributesBy(settings.semconv, exchange.attributes).map(
      ({ key, value }) => `attribute     ${key}: ${typeof value === 'object' ? value.join(' | ') : value}`,
    ),
    ...(annotator?.isCapturing
      ? lines
          .filter((line) => !annotator.shows(line))
          .map((line) => `not shown     ${line.slice(0, line.indexOf(':'))}`)
      : []),
  ]
}
