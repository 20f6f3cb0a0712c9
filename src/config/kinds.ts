/**
 * The kinds of values that options have. A kind reads text, as flags and variables carry it, and says what was wrong in
 * words that complete the sentence "<where>: <value> …". Values of the YAML file come through the same door: a list as its
 * items, a mapping as `key=value` items.
 */
import { isToken } from '../model/field-line'
import { isIpv6 } from '../model/host-pattern'
import { Secret } from './secret'

/** Why a value can't be taken. */
export class Problem {
  readonly words: string

  constructor(words: string) {
    this.words = words
  }
}

export type Environment = Readonly<Record<string, string | undefined>>

export interface Kind<T> {
  /** How `--help` shows the value. */
  readonly placeholder: string
  /** Reads one value, or one item of a repeatable one. */
  read(text: string): T | Problem
  /** The form that an `OTEL_` variable has, where it differs. @param variable its name */
  readOtel?(text: string, environment?: Environment, variable?: string): T | Problem
  /** Of an `OTEL_` variable, what can't be read is left out, item by item; otherwise the whole of it is. */
  readonly skipsBadOtelItems?: true
  /** Repeatable kinds join what several items say. */
  join?(former: T, item: T): T
  /** What a repeatable kind is without any item. */
  readonly empty?: T
  /** Reads what stands in the file, for kinds that are more than text. */
  readStructure?(value: unknown): T | Problem
  /** Splits what a variable carries into items. */
  split?(text: string): string[]
  /** What `check`, `/config` and `--help` show. */
  show(value: T): unknown
  /** The text may not appear in messages. */
  readonly isSecret?: true
}

/** A value as messages name it: what may hold a secret, or a URL with credentials, does not show. */
export function named({ isSecret }: Pick<Kind<unknown>, 'isSecret'>, text: string): string {
  return isSecret || text.includes('@') ? 'the value' : `"${text}"`
}

const itself = <T>(value: T): T => value

/** Text that stands for itself. */
export const string: Kind<string> = {
  placeholder: 'TEXT',
  read: (text) => (text === '' ? new Problem('is empty') : text),
  show: itself,
}

export interface Address {
  readonly host: string
  readonly port: number
}

/** `HOST:PORT`, with brackets around an IPv6 address. Port 0 lets the system choose. */
export const address: Kind<Address> = {
  placeholder: 'HOST:PORT',
  read: (text) => {
    const parts = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})$/.exec(text)
    const host = parts?.[1] ?? parts?.[2]
    const port = Number(parts?.[3])
    if (!host || port > 65535 || (parts?.[1] && !isIpv6(host))) {
      return new Problem('is not HOST:PORT, such as 127.0.0.1:15001 or [::1]:15001')
    }
    return { host, port }
  },
  show: ({ host, port }) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`),
}

/** A kind that can also be turned off. */
export function orOff<T>(kind: Kind<T>): Kind<T | 'off'> {
  return {
    placeholder: `${kind.placeholder}|off`,
    read: (text) => (text === 'off' ? 'off' : kind.read(text)),
    show: (value) => (value === 'off' ? 'off' : kind.show(value as T)),
  }
}

/** One of a few words. In OpenTelemetry's variables upper and lower case are the same. */
export function choice<const T extends string>(words: readonly T[]): Kind<T> {
  const read = (text: string) => words.find((word) => word === text) ?? new Problem(`is none of ${words.join(', ')}`)
  return {
    placeholder: words.join('|'),
    read,
    readOtel: (text) => read(text.toLowerCase()),
    show: itself,
  }
}

const atCommas = (text: string): string[] => text.split(',')

/** Items in order, each once, separated by commas; `none` for none. @param split where commas may belong to an item */
export function list<const T extends string>(item: Kind<T>, split = atCommas): Kind<readonly T[]> {
  return {
    placeholder: 'LIST',
    read: (text) => {
      const items: T[] = []
      for (const part of text === 'none' ? [] : split(text)) {
        const value = item.read(part.trim())
        // What may be a URL with credentials does not show.
        const named = part.includes('@') ? 'an item' : `"${part.trim()}"`
        if (value instanceof Problem) return new Problem(`has ${named}, which ${value.words}`)
        if (!items.includes(value)) items.push(value)
      }
      return items
    },
    join: (former, items) => [...new Set([...former, ...items])],
    empty: [],
    show: (items) => (items.length === 0 ? 'none' : items.join(',')),
  }
}

/** A name of a header. */
export const headerName: Kind<string> = {
  placeholder: 'NAME',
  read: (text) => (isToken(text) ? text.toLowerCase() : new Problem('is no header name')),
  show: itself,
}

/** A request method, in the case in which it is sent. */
export const method: Kind<string> = {
  placeholder: 'METHOD',
  read: (text) => (isToken(text) ? text : new Problem('is no method')),
  show: itself,
}

/** Names whose lines frame or route a message, or belong to one connection. */
const framing =
  /^(?:host|content-(?:length|type|encoding|range)|transfer-encoding|trailer|te|connection|keep-alive|upgrade|proxy-.*|set-cookie)$/

/** A name of a header that outspan may write as it likes. */
export const freeHeaderName: Kind<string> = {
  ...headerName,
  read: (text) => {
    const name = headerName.read(text)
    return typeof name === 'string' && framing.test(name) ? new Problem('is a header with a meaning of its own') : name
  },
}

/** A pseudonym of a proxy (RFC 9110 §7.6.3). It is written as header names are. */
export const viaName: Kind<string> = {
  ...headerName,
  read: (text) => {
    const name = headerName.read(text)
    return typeof name === 'string' ? name : new Problem('is no name that Via can hold, such as proxy-1')
  },
}

/** A share from 0 to 1. */
export const fraction: Kind<number> = {
  placeholder: '0..1',
  read: (text) => {
    const value = /^(?:[0-9]{1,9}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})(?:e-[0-9]{1,2})?$/i.test(text)
      ? Number(text)
      : Number.NaN
    return value >= 0 && value <= 1 ? value : new Problem('is not a number from 0 to 1')
  },
  show: itself,
}

/** A whole number within bounds. */
export function integer(least: number, most: number): Kind<number> {
  return {
    placeholder: 'N',
    read: (text) => {
      const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN
      return value >= least && value <= most ? value : new Problem(`is not a whole number from ${least} to ${most}`)
    },
    show: itself,
  }
}

const durationUnits: { readonly [unit: string]: number } = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

function millisecondsOf(text: string): number | Problem {
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : new Problem('is not a number of milliseconds')
}

/** Milliseconds, written `250ms`, `5s`, `2m`, `1h`. OpenTelemetry's variables hold plain milliseconds. */
export const duration: Kind<number> = {
  placeholder: 'DURATION',
  read: (text) => {
    const parts = /^([0-9]{1,9})(ms|s|m|h)$/.exec(text)
    const value = Number(parts?.[1]) * (durationUnits[parts?.[2] ?? ''] ?? Number.NaN)
    // Timers hold 31 bits of milliseconds.
    return value < 2 ** 31 ? value : new Problem('is not a duration of up to 596h, such as 250ms, 5s or 2m')
  },
  readOtel: millisecondsOf,
  show: (value) => {
    const unit = ['h', 'm', 's'].find((name) => value > 0 && value % (durationUnits[name] as number) === 0) ?? 'ms'
    return `${value / (durationUnits[unit] as number)}${unit}`
  },
}

/** A time-out that there always is: nothing would be done in no time. */
export const deadline: Kind<number> = {
  ...duration,
  read: (text) => {
    const value = duration.read(text)
    return value === 0 ? new Problem('is no time at all') : value
  },
}

/** A duration that OpenTelemetry's variable can't set to nothing. */
export const interval: Kind<number> = {
  ...duration,
  readOtel: (text) => (/^0+$/.test(text) ? new Problem('is no time at all') : millisecondsOf(text)),
}

const sizeUnits: { readonly [unit: string]: number } = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** Bytes, written `64KiB`, `16MiB`. */
export function size(least: number, most: number): Kind<number> {
  const show = (value: number): string => {
    const unit = ['GiB', 'MiB', 'KiB'].find((name) => value > 0 && value % (sizeUnits[name] as number) === 0) ?? 'B'
    return `${value / (sizeUnits[unit] as number)}${unit}`
  }
  return {
    placeholder: 'SIZE',
    read: (text) => {
      const parts = /^([0-9]{1,12})(B|KiB|MiB|GiB)$/.exec(text)
      const value = Number(parts?.[1]) * (sizeUnits[parts?.[2] ?? ''] ?? Number.NaN)
      const isFit = value >= least && value <= most
      return isFit ? value : new Problem(`is not a size from ${show(least)} to ${show(most)}, such as 64KiB`)
    },
    show,
  }
}

const withoutScheme = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}$/

/** What OpenTelemetry's variables mean by a collector without a scheme: TLS, unless `…_INSECURE` says otherwise. */
function schemeFor(variable = '', environment: Environment = {}): 'http' | 'https' {
  const own = environment[variable.replace(/ENDPOINT$/, 'INSECURE')]
  return (own || environment.OTEL_EXPORTER_OTLP_INSECURE)?.trim().toLowerCase() === 'true' ? 'http' : 'https'
}

/** The URL of a collector for gRPC: scheme, host and port say it all. */
export const endpoint: Kind<string> = {
  placeholder: 'URL',
  read: (text) => {
    if (/^(?:[^/]*\/\/)?[^/]*@/.test(text)) return new Problem('holds credentials: give them with --otlp-header')
    if (!/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text)) {
      return new Problem('is not an http:// or https:// URL, such as http://collector:4317')
    }
    return text
  },
  readOtel: (text, environment, variable) =>
    withoutScheme.test(text) ? `${schemeFor(variable, environment)}://${text}` : endpoint.read(text),
  // Userinfo is refused; should any come another way, it does not show. Some collectors take their key in the query.
  show: (text) => text.replace(/\/\/[^/]*@/, '//[redacted]@').replace(/[?#].+$/, '?[redacted]'),
}

type Pairs<T> = Readonly<Record<string, T>>

/** `KEY=VALUE`, repeatable. OpenTelemetry's variables hold a comma-separated list with percent-encoded values. */
function pairs<T>(make: (key: string, value: string) => T | Problem): Kind<Pairs<T>> {
  const readPair = (text: string, decode: (part: string) => string): Pairs<T> | Problem => {
    const equals = text.indexOf('=')
    const key = text.slice(0, equals).trim()
    if (equals < 0 || key === '') return new Problem('is not KEY=VALUE')
    const value = make(decode(key), decode(text.slice(equals + 1).trim()))
    return value instanceof Problem ? value : { [decode(key)]: value }
  }
  return {
    placeholder: 'KEY=VALUE',
    read: (text) => readPair(text, itself),
    readOtel: (text) => {
      try {
        return readPair(text, decodeURIComponent)
      } catch {
        return new Problem('is not percent-encoded properly')
      }
    },
    join: (former, item) => ({ ...former, ...item }),
    empty: {},
    split: (text) => text.split(',').filter((item) => item.trim() !== ''),
    show: itself,
  }
}

export const attributes: Kind<Pairs<string>> = pairs((_key, value) => value)

/** Headers as gRPC's metadata takes them, with values that never show. */
export const secretHeaders: Kind<Pairs<Secret>> = {
  ...pairs((name, value) => {
    if (!/^[0-9A-Za-z_.-]+$/.test(name) || name.toLowerCase().endsWith('-bin'))
      return new Problem('has no valid header name')
    return /^[\x20-\x7e]*$/.test(value)
      ? new Secret(value)
      : new Problem('holds characters that a header can not carry')
  }),
  isSecret: true,
  skipsBadOtelItems: true,
}
