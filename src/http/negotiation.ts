/**
 * What a client accepts (RFC 9110 §12.5.1). The range that names a type most closely says its quality; where several types
 * are equally welcome, the one that was named most closely wins, then the one that was named first, then the one that is
 * offered first.
 */
import { isToken, trimSpace } from '../model/field-line'

interface MediaRange {
  readonly type: string
  readonly subtype: string
  readonly hasParameters: boolean
  /** 0 to 1; at 0 the types are not acceptable. */
  readonly quality: number
}

/** Characters of Accept that are read: all that programs send, and no work for those that send more. */
const LONGEST_ACCEPT = 4096

/** How closely a range names a type. */
const ANYTHING = 1
const MAIN_TYPE = 2
/** `application/vnd.example+json` is best served with JSON, where there is nothing closer. */
const SUFFIX = 3
/** Parameters that we do not have are no reason to withhold the type. */
const WITH_PARAMETERS = 4
const EXACT = 5

/** `weight` (RFC 9110 §12.4.2). */
const WEIGHT = /^(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/

/**
 * Chooses among the offered media types, written in lower case and without parameters.
 * @param accept the value of Accept; several lines are joined by commas. What is malformed in it counts for nothing.
 * @returns undefined where none is acceptable, or the value says nothing
 */
export function preferredType<T extends string>(accept: string, offered: readonly T[]): T | undefined {
  const ranges = splitQuoted(accept.slice(0, LONGEST_ACCEPT), ',').flatMap((element) => readRange(element) ?? [])
  let best: { readonly offer: T; readonly quality: number; readonly closeness: number; readonly at: number } | undefined
  for (const offer of offered) {
    const candidate = { offer, ...judge(offer, ranges) }
    if (candidate.quality === 0) continue
    if (best === undefined || isBetter(candidate, best)) best = candidate
  }
  return best?.offer
}

interface Judgement {
  readonly quality: number
  readonly closeness: number
  /** The place of the range that decided. */
  readonly at: number
}

function judge(offer: string, ranges: readonly MediaRange[]): Judgement {
  let found: Judgement = { quality: 0, closeness: 0, at: 0 }
  for (const [at, range] of ranges.entries()) {
    const closeness = closenessOf(range, offer)
    if (closeness > found.closeness) found = { quality: range.quality, closeness, at }
  }
  return found
}

function isBetter(one: Judgement, other: Judgement): boolean {
  if (one.quality !== other.quality) return one.quality > other.quality
  if (one.closeness !== other.closeness) return one.closeness > other.closeness
  return one.at < other.at
}

/** 0 where the range does not hold the type. */
function closenessOf({ type, subtype, hasParameters }: MediaRange, offer: string): number {
  const slash = offer.indexOf('/')
  const offeredSubtype = offer.slice(slash + 1)
  if (type === '*') return ANYTHING
  if (type !== offer.slice(0, slash)) return 0
  if (subtype === '*') return MAIN_TYPE
  if (subtype === offeredSubtype) return hasParameters ? WITH_PARAMETERS : EXACT
  return subtype.endsWith(`+${offeredSubtype}`) ? SUFFIX : 0
}

/** `type/subtype;parameters;q=0.5`. @returns undefined when it is malformed */
function readRange(element: string): MediaRange | undefined {
  const [range = '', ...parameters] = splitQuoted(element, ';')
  const [type = '', subtype = '', ...more] = range.toLowerCase().split('/')
  if (more.length > 0 || !isToken(type) || !isToken(subtype) || (type === '*' && subtype !== '*')) return undefined
  let quality = 1
  let hasParameters = false
  for (const parameter of parameters) {
    const equals = parameter.indexOf('=')
    if (equals !== 1 || parameter.toLowerCase().charAt(0) !== 'q') {
      hasParameters ||= parameter !== ''
      continue
    }
    const weight = parameter.slice(equals + 1)
    if (!WEIGHT.test(weight)) return undefined
    quality = Number(weight)
  }
  return { type, subtype, hasParameters, quality }
}

/** The parts between separators that stand in no quoted string, without the white space around them. */
function splitQuoted(text: string, separator: string): string[] {
  const parts: string[] = []
  let start = 0
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '"') isQuoted = !isQuoted
    else if (isQuoted && character === '\\') at++
    else if (!isQuoted && character === separator) {
      parts.push(trimSpace(text.slice(start, at)))
      start = at + 1
    }
  }
  parts.push(trimSpace(text.slice(start)))
  return parts
}

/**
 * The media type of a gRPC call, as its answer should have it: `application/grpc`, or `application/grpc-web+proto`.
 * @param contentType the value of Content-Type
 * @returns undefined for everything else
 */
export function grpcTypeOf(contentType: string): string | undefined {
  const [type = ''] = splitQuoted(contentType.toLowerCase(), ';')
  return /^application\/grpc(?:-web(?:-text)?)?(?:\+[a-z0-9.-]+)?$/.test(type) ? type : undefined
}
