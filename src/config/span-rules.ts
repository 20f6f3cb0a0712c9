/** Rules for what the spans of single calls say. */
import type { SpanKindName } from '../model/attribute'
import { spanKinds } from '../model/attribute'
import { whyNoTemplate } from '../model/url-template'
import { recordFields } from './access-log-template'
import { attributes, choice, type Kind, list, Problem, string } from './kinds'
import { asList, isMapping, listOfRules, type Reader, type RuleMatch, single } from './rules'

/** The first rule that matches a request applies. What it leaves out is as in the general settings. */
export interface SpanRule {
  readonly name: string
  readonly match: RuleMatch
  readonly kind?: SpanKindName
  readonly peerName?: string
  /** Beside the general ones. */
  readonly attributes?: Readonly<Record<string, string>>
  readonly templates?: readonly string[]
}

export const spanKind: Kind<SpanKindName> = {
  ...choice(Object.keys(spanKinds) as SpanKindName[]),
  placeholder: 'KIND',
}

/** Templates of paths, in the order in which they are tried. */
export const templates: Kind<readonly string[]> = list({
  ...string,
  read: (text) => {
    const why = whyNoTemplate(text)
    return why === undefined ? text : new Problem(why)
  },
})

/** What facts are told by: an attribute that is set must not stand beside one of the same name. */
const taken = /^(?:client|http|net|network|outspan|proxy|request|server|service|url|user_agent)\./
const isTaken = (key: string) => taken.test(key) || (recordFields as readonly string[]).includes(key)

/** `KEY=VALUE`, repeatable, for keys that outspan does not set itself. */
export const freeAttributes: Kind<Readonly<Record<string, string>>> = {
  ...attributes,
  read: (text) => {
    const key = text.slice(0, Math.max(0, text.indexOf('='))).trim()
    return isTaken(key) ? new Problem('sets an attribute that outspan sets itself') : attributes.read(text)
  },
}

const mapping: Reader = (value) => {
  if (!isMapping(value)) return new Problem('is not a mapping')
  const read: Record<string, string> = {}
  for (const [key, part] of Object.entries(value)) {
    const item =
      isMapping(part) || Array.isArray(part) ? new Problem('is no single value') : freeAttributes.read(`${key}=${part}`)
    if (item instanceof Problem) return new Problem(`has ${key}, which ${item.words}`)
    Object.assign(read, item)
  }
  return read
}

export const spanRules: Kind<readonly SpanRule[]> = listOfRules(
  { kind: single(spanKind), peer_name: single(string), attributes: mapping, templates: asList(templates) },
  (name, match, settings) => ({
    name,
    match,
    ...(settings.kind !== undefined && { kind: settings.kind as SpanKindName }),
    ...(settings.peer_name !== undefined && { peerName: settings.peer_name as string }),
    ...(settings.attributes !== undefined && { attributes: settings.attributes as Record<string, string> }),
    ...(settings.templates !== undefined && { templates: settings.templates as string[] }),
  }),
)
