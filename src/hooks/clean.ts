/** What comes from the user's code, made fit for telemetry: of known types, and no larger than is good. */
import type { Attribute, AttributeValue } from '../model/attribute'
import type { EventValue } from './public'

/** Attributes of a span or event, events, links and items of arrays, and children of an exchange. */
export const MOST = 128
/** Characters. */
const LONGEST_TEXT = 4096
const LONGEST_KEY = 256
/** Bytes, roughly, that all that was set on the spans of one exchange may take. */
const MOST_BYTES = 256 * 1024
const SCALAR = 8

/** The memory that is left for what is set on the spans of one exchange. */
export class Room {
  #left = MOST_BYTES

  /** @returns whether there was so much */
  take(size: number): boolean {
    if (size > this.#left) return false
    this.#left -= size
    return true
  }
}

/** Whatever it is, as text of bounded length. */
export function cleanText(text: unknown): string {
  return typeof text === 'string' ? text.slice(0, LONGEST_TEXT) : String(text).slice(0, LONGEST_TEXT)
}

/** @returns undefined for what no attribute can be */
export function cleanValue(value: unknown): AttributeValue | undefined {
  if (typeof value === 'string') return value.length > LONGEST_TEXT ? value.slice(0, LONGEST_TEXT) : value
  if (typeof value === 'number' || typeof value === 'boolean') return value
  if (!Array.isArray(value)) return undefined
  const items: (string | number | boolean)[] = []
  for (let i = 0; i < value.length && items.length < MOST; i++) {
    const item = cleanValue(value[i])
    if (item !== undefined && typeof item !== 'object') items.push(item)
  }
  return items
}

/** Unix milliseconds up to the year 2286: what protobuf's nanoseconds hold, and more. */
const LAST_TIME = 1e13

/** @returns undefined for what is no time */
export function cleanTime(time: unknown): number | undefined {
  return typeof time === 'number' && time >= 0 && time <= LAST_TIME ? time : undefined
}

export const TRACE_ID_DIGITS = 32
export const SPAN_ID_DIGITS = 16

/** Whether it is an id of that many digits, and not all zero. */
export function isHex(text: unknown, digits: number): text is string {
  return typeof text === 'string' && text.length === digits && /^[0-9a-f]*$/.test(text) && !/^0*$/.test(text)
}

/** Whether it can be the key of an attribute. */
export function isKey(key: unknown): key is string {
  return typeof key === 'string' && key !== '' && key.length <= LONGEST_KEY
}

/** Values may nest so deep. */
const DEEPEST = 8

/** @returns undefined for what no attribute of a log record can be, or for what there is no room */
export function cleanAny(value: unknown, room: Room, depth = 0): EventValue | undefined {
  // Whatever it is takes some: what refers to itself, or to the same list again and again, would be walked without end.
  if (!room.take(SCALAR)) return undefined
  if (typeof value !== 'object') {
    const scalar = cleanValue(value)
    return scalar !== undefined && room.take(sizeOf(scalar)) ? (scalar as EventValue) : undefined
  }
  if (value === null || depth === DEEPEST) return undefined
  if (Array.isArray(value)) {
    const items = value.slice(0, MOST).map((item) => cleanAny(item, room, depth + 1))
    return items.filter((item) => item !== undefined)
  }
  const entries: [string, EventValue][] = []
  for (const [key, item] of Object.entries(value).slice(0, MOST)) {
    const clean = isKey(key) && room.take(key.length) ? cleanAny(item, room, depth + 1) : undefined
    if (clean !== undefined) entries.push([key, clean])
  }
  return Object.fromEntries(entries)
}

/** What a value takes of its room, roughly, in bytes. */
export function sizeOf(value: AttributeValue): number {
  if (typeof value === 'string') return value.length
  return typeof value === 'object' ? value.reduce<number>((sum, item) => sum + sizeOf(item), 0) : SCALAR
}

/** The attributes of an event or link. */
export function cleanAttributes(attributes: unknown, room: Room): Attribute[] {
  const clean: Attribute[] = []
  if (typeof attributes !== 'object' || attributes === null) return clean
  for (const [key, given] of Object.entries(attributes)) {
    if (clean.length === MOST) break
    const value = cleanValue(given)
    if (value !== undefined && isKey(key) && room.take(key.length + sizeOf(value))) clean.push({ key, value })
  }
  return clean
}
