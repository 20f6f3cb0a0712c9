/** From settings to what spans say of calls, and what telemetry keeps to itself. */
import type { Settings } from '../config/options'
import { Annotator } from '../policy/annotator'
import { matchesGlob } from '../policy/glob'
import type { ShownHeaders } from '../telemetry/access-template'
import { type RedactUrl, redaction, redactText } from '../telemetry/redact'

/** How URLs are shown. */
export function redactionOf({ redactQuery, redactQueryExcept }: Settings): RedactUrl {
  return redaction({ query: redactQuery, queryExcept: redactQueryExcept })
}

/** Headers that are named one by one: only those of `redact.headers` do not show, and secrets in URLs of theirs. */
export function namedHeadersOf(settings: Settings): ShownHeaders {
  const redact = redactionOf(settings)
  return {
    isHidden: (name) => settings.redactHeaders.some((pattern) => matchesGlob(pattern, name)),
    show: (value) => redactText(value, redact),
  }
}

/** @returns undefined when the settings have nothing to add */
export function annotatorOf(settings: Settings): Annotator | undefined {
  const redact = redactionOf(settings)
  const capture = (include: readonly string[], exclude: readonly string[]) => ({
    include,
    exclude,
    deny: settings.redactHeaders,
  })
  const annotator = new Annotator(
    {
      kind: settings.spanKind,
      attributes: settings.spanAttributes,
      templates: settings.urlTemplates,
      peerNames: settings.peerNames,
      rules: settings.spanRules,
      requestHeaders: capture(settings.captureRequestHeaders, settings.excludeRequestHeaders),
      responseHeaders: capture(settings.captureResponseHeaders, settings.excludeResponseHeaders),
    },
    (value) => redactText(value, redact),
  )
  return annotator.isNeeded ? annotator : undefined
}
