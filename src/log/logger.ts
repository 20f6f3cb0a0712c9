/** The program's own log: JSON lines on stderr, apart from the access log. */
import { pino } from 'pino'
import { LineWriter, writeText } from './line-writer'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export type Fields = Readonly<Record<string, unknown>>

/** A line as it is passed on. */
export interface LogRecord {
  /** Unix milliseconds. */
  readonly time: number
  readonly severity: LogLevel
  readonly message: string
  readonly fields: Fields
}

export interface Logger {
  debug(message: string, fields?: Fields): void
  info(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  error(message: string, fields?: Fields): void
  /** Passes each line that is written on to `take` as well. */
  tee(take: (record: LogRecord) => void): void
  /** The level from now on. */
  setLevel(level: LogLevel): void
  /** Writes what is left, for `timeout` milliseconds at most. */
  close(timeout: number): Promise<void>
}

/**
 * The log never waits for its reader: what a stalled one does not take is dropped.
 * @param base what every line says
 */
export function createLogger(level: LogLevel, base: Fields | null = null): Logger {
  const writer = new LineWriter('stderr', () => {})
  const log = pino(
    {
      level,
      base,
      messageKey: 'message',
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => writer.add(writeText, line) },
  )
  let take: ((record: LogRecord) => void) | undefined
  const lineAt =
    (severity: LogLevel) =>
    (message: string, fields: Fields = {}): void => {
      log[severity](fields, message)
      if (!take || !log.isLevelEnabled(severity)) return
      take({ time: Date.now(), severity, message, fields: { ...base, ...fields, ...callSite() } })
    }
  return {
    debug: lineAt('debug'),
    info: lineAt('info'),
    warn: lineAt('warn'),
    error: lineAt('error'),
    tee: (to) => {
      take = to
    },
    setLevel: (to) => {
      log.level = to
    },
    close: (timeout) => writer.close(timeout),
  }
}

/** Where the line was written, by the names of the conventions: above it are two frames of this file. */
function callSite(): Fields {
  const frame = new Error().stack?.split('\n')[3] ?? ''
  const [, path, line] = /([^/(]+\/[^/]+):([0-9]+):[0-9]+\)?$/.exec(frame) ?? []
  return path === undefined ? {} : { 'code.file.path': path, 'code.line.number': Number(line) }
}

/** Says a thing at most once in `interval` milliseconds, and how often it was true in between. */
export function onceAWhile(
  say: (message: string, fields: Fields) => void,
  interval: number,
): (message: string) => void {
  let saidAt = Number.NEGATIVE_INFINITY
  let unsaid = 0
  return (message) => {
    const now = performance.now()
    if (now - saidAt < interval) {
      unsaid++
      return
    }
    say(message, unsaid > 0 ? { repeated: unsaid } : {})
    saidAt = now
    unsaid = 0
  }
}

/** Messages that are told apart; what is another one yet is told as one of the rest. */
const MOST_MESSAGES = 16

/** As `onceAWhile`, for each message by itself. */
export function eachOnceAWhile(...[say, interval]: Parameters<typeof onceAWhile>): (message: string) => void {
  const tellers = new Map<string, (message: string) => void>()
  return (message) => {
    const key = tellers.has(message) || tellers.size < MOST_MESSAGES ? message : ''
    const tell = tellers.get(key) ?? onceAWhile(say, interval)
    tellers.set(key, tell)
    tell(message)
  }
}
