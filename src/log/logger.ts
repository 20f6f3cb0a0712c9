/** The program's own log: JSON lines on stderr, apart from the access log. */
import { pino } from 'pino'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export type Fields = Readonly<Record<string, unknown>>

export interface Logger {
  debug(message: string, fields?: Fields): void
  info(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  error(message: string, fields?: Fields): void
}

const STDERR = 2

export function createLogger(level: LogLevel): Logger {
  const log = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ fd: STDERR, sync: true }),
  )
  return {
    debug: (message, fields) => log.debug(fields ?? {}, message),
    info: (message, fields) => log.info(fields ?? {}, message),
    warn: (message, fields) => log.warn(fields ?? {}, message),
    error: (message, fields) => log.error(fields ?? {}, message),
  }
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
