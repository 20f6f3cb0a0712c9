/**
 * One walk over a head's field lines sorts them: what frames the body, what is for this connection alone, and what
 * travels on. Every later station reads the result; nobody walks the lines for these facts again.
 */
import { type FieldLine, FieldNames, fieldValueOf, isNamed, nameOf, trimSpace } from '../model/field-line'

export interface SortedFields {
  /** End-to-end lines in order. Content-Length and Transfer-Encoding stay in place: the body travels in its own framing. */
  readonly travelling: FieldLine[]
  /** The indexes in `travelling` of the lines that were to be noted, ascending. */
  readonly noted: number[]
  /** The index of the (first) Host line in `travelling`, or -1. */
  hostIndex: number
  hostCount: number
  /** The Content-Length value; several are joined by a comma. */
  contentLength: string | undefined
  /** The Transfer-Encoding value; several are joined by a comma. */
  transferEncoding: string | undefined
  /** Connection options: `close` and `keep-alive` were among them. */
  close: boolean
  keepAlive: boolean
  userAgent: string | undefined
  /** The protocols to switch to, where Connection names Upgrade as well; several lines are joined by a comma. */
  upgrade: string | undefined
}

/** Lines that Connection may not remove: they frame, route or authorise the message, or are our own business. */
const neverNominated = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'content-type',
  'content-encoding',
  'content-range',
  'cache-control',
  'authorization',
  'cookie',
  'set-cookie',
  'traceparent',
  'tracestate',
  'baggage',
])

const SPACE = 0x20

const nothing = new FieldNames([])

/**
 * Sorts the field lines of a head (RFC 9110 §7.6.1, RFC 9112 §6 and §9).
 * @param toNote names whose lines the caller wants to find again
 */
export function sortFields(lines: readonly FieldLine[], toNote: FieldNames = nothing): SortedFields {
  const sorted: SortedFields = {
    travelling: [],
    noted: [],
    hostIndex: -1,
    hostCount: 0,
    contentLength: undefined,
    transferEncoding: undefined,
    close: false,
    keepAlive: false,
    userAgent: undefined,
    upgrade: undefined,
  }
  let nominated: string[] | undefined
  for (const line of lines) {
    const nameLength = line.indexOf(':')
    switch (nameLength) {
      case 2:
        if (isNamed(line, 'te')) continue
        break
      case 4:
        if (isNamed(line, 'host')) {
          if (sorted.hostCount++ === 0) sorted.hostIndex = sorted.travelling.length
        }
        break
      case 7:
        if (isNamed(line, 'upgrade')) {
          sorted.upgrade = joined(sorted.upgrade, fieldValueOf(line))
          continue
        }
        break
      case 10:
        if (isNamed(line, 'connection')) {
          nominated = readConnection(fieldValueOf(line), sorted, nominated)
          continue
        }
        if (isNamed(line, 'keep-alive')) continue
        if (isNamed(line, 'user-agent')) sorted.userAgent ??= fieldValueOf(line)
        break
      case 14:
        if (isNamed(line, 'content-length')) {
          sorted.contentLength = joined(sorted.contentLength, framingValueOf(line))
        } else if (isNamed(line, 'http2-settings')) continue
        break
      case 16:
        if (isNamed(line, 'proxy-connection')) {
          // Not a standard field, but clients speak to proxies with it: curl, wget.
          nominated = readConnection(fieldValueOf(line), sorted, nominated)
          continue
        }
        break
      case 17:
        if (isNamed(line, 'transfer-encoding')) {
          sorted.transferEncoding = joined(sorted.transferEncoding, framingValueOf(line))
        }
        break
      case 18:
        if (isNamed(line, 'proxy-authenticate')) continue
        break
      case 19:
        if (isNamed(line, 'proxy-authorization')) continue
        break
      case 25:
        if (isNamed(line, 'proxy-authentication-info')) continue
        break
    }
    if (toNote.hold(line, nameLength)) sorted.noted.push(sorted.travelling.length)
    sorted.travelling.push(line)
  }
  if (sorted.upgrade !== undefined && !nominated?.includes('upgrade')) sorted.upgrade = undefined
  return nominated ? withoutNominated(sorted, nominated, toNote) : sorted
}

function readConnection(value: string, sorted: SortedFields, nominated: string[] | undefined): string[] | undefined {
  if (value.length === 10 && value.toLowerCase() === 'keep-alive') {
    sorted.keepAlive = true
    return nominated
  }
  let names = nominated
  for (const part of value.split(',')) {
    const option = trimSpace(part).toLowerCase()
    if (option === 'close') sorted.close = true
    else if (option === 'keep-alive') sorted.keepAlive = true
    else if (option !== '' && !neverNominated.has(option)) {
      names ??= []
      names.push(option)
    }
  }
  return names
}

function withoutNominated(sorted: SortedFields, nominated: readonly string[], toNote: FieldNames): SortedFields {
  const travelling = sorted.travelling.filter((line) => !nominated.includes(nameOf(line)))
  const noted = [...travelling.keys()].filter((index) => toNote.hold(travelling[index] as FieldLine))
  const hostIndex = travelling.findIndex((line) => isNamed(line, 'host'))
  return { ...sorted, travelling, noted, hostIndex }
}

/**
 * The value of a line that frames the body. A tab behind it stays, and makes it malformed: it is optional white space by the
 * grammar (RFC 9110 §5.5), but llhttp takes it for a part of the value, and "chunked" with a tab for no chunks at all.
 */
function framingValueOf(line: FieldLine): string {
  const value = fieldValueOf(line)
  if (line.charCodeAt(line.length - 1) > SPACE || value === '') return value
  const rest = line.slice(line.lastIndexOf(value) + value.length)
  return rest.includes('\t') ? value + rest : value
}

function joined(former: string | undefined, value: string): string {
  return former === undefined ? value : `${former},${value}`
}
