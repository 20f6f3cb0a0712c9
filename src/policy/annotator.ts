/** What the settings have a span say of a call beside its facts: headers, a template, the peer's name, attributes, its kind. */
import type { SpanRule } from '../config/span-rules'
import type { Attribute, SpanKind, SpanKindName } from '../model/attribute'
import { spanKinds } from '../model/attribute'
import type { Destination } from '../model/destination'
import type { Exchange } from '../model/exchange'
import { type FieldLine, nameOf } from '../model/field-line'
import { UrlTemplates } from '../model/url-template'
import { Courses } from './course'
import { type CaptureSettings, HeaderCapture } from './header-capture'
import { PeerNames } from './peer-names'

export interface AnnotationSettings {
  readonly kind: SpanKindName
  readonly attributes: Readonly<Record<string, string>>
  readonly templates: readonly string[]
  /** Names of peers by host pattern, with or without a port. */
  readonly peerNames: Readonly<Record<string, string>>
  readonly requestHeaders: CaptureSettings
  readonly responseHeaders: CaptureSettings
  readonly rules: readonly SpanRule[]
}

/** What a rule, or the general settings, say of every call that they are about. */
interface Annotation {
  readonly rule: string | undefined
  readonly kind: SpanKind
  /** In the place of what the host says. */
  readonly peerName: string | undefined
  readonly attributes: readonly Attribute[]
  readonly templates: UrlTemplates | undefined
}

export class Annotator {
  readonly #courses: Courses<Annotation>
  readonly #request: HeaderCapture
  readonly #response: HeaderCapture
  readonly #peerNames: PeerNames
  /** Whether exchanges are any different with it than without. */
  readonly isNeeded: boolean

  /** @param show takes secrets out of the value of a header */
  constructor(settings: AnnotationSettings, show: (value: string) => string) {
    this.#request = new HeaderCapture('http.request.header.', settings.requestHeaders, show)
    this.#response = new HeaderCapture('http.response.header.', settings.responseHeaders, show)
    this.#peerNames = new PeerNames(settings.peerNames)
    const general = annotationOf(undefined, settings, settings)
    const rules = settings.rules.map((rule) => ({ match: rule.match, course: annotationOf(rule.name, settings, rule) }))
    this.#courses = new Courses(general, rules)
    this.isNeeded =
      this.#request.isOn ||
      this.#response.isOn ||
      this.#peerNames.isOn ||
      rules.length > 0 ||
      general.kind !== spanKinds.client ||
      general.attributes.length > 0 ||
      general.templates !== undefined
  }

  /** The request has been read. @param path as the destination gets it, empty for a tunnel */
  onRequest(exchange: Exchange, destination: Destination, path: string, lines: readonly FieldLine[]): void {
    const { kind, peerName, attributes, templates } = this.#courses.of(destination, exchange.method, path)
    exchange.spanKind = kind
    exchange.peerName = peerName ?? this.#peerNames.of(destination)
    exchange.attributes = attributes
    if (templates !== undefined && path !== '') exchange.urlTemplate = templates.find(path)
    if (this.#request.isOn) exchange.attributes = [...attributes, ...this.#request.read(lines)]
  }

  /** The head of the final response has been read. */
  onResponse(exchange: Exchange, lines: readonly FieldLine[]): void {
    if (this.#response.isOn) exchange.attributes = [...exchange.attributes, ...this.#response.read(lines)]
  }

  /** Whether headers of requests are shown at all. */
  get isCapturing(): boolean {
    return this.#request.isOn
  }

  /** Whether a header line of a request is shown. */
  shows(line: FieldLine): boolean {
    return this.#request.holds(nameOf(line))
  }

  /** The name of the rule for a call; undefined for the general settings. */
  ruleOf(destination: Destination, method: string, path: string): string | undefined {
    return this.#courses.of(destination, method, path).rule
  }
}

/** What a rule leaves out is as in the general settings. */
function annotationOf(
  rule: string | undefined,
  general: AnnotationSettings,
  { kind = general.kind, peerName, attributes = {}, templates = general.templates }: Partial<SpanRule>,
): Annotation {
  const all = { ...general.attributes, ...attributes }
  return {
    rule,
    kind: spanKinds[kind],
    peerName,
    attributes: Object.entries(all).map(([key, value]) => ({ key, value })),
    templates: templates.length === 0 ? undefined : new UrlTemplates(templates),
  }
}
