/** `outspan run`: starts, and stops by signal. */
import { Life } from '../../app/life'
import type { Resolved } from '../../config/resolve'
import { createLogger, type Logger } from '../../log/logger'

const EXIT_FAILURE = 1

/** Time for the last lines of the log to be taken, in milliseconds. */
const LOG_TIMEOUT = 1000

export async function runCommand(resolved: Resolved): Promise<void> {
  const log = createLogger(resolved.settings.logLevel)
  for (const warning of resolved.warnings) log.warn(warning)
  let life: Life
  try {
    life = new Life(resolved, log)
    await life.start()
  } catch (error) {
    log.error("outspan can't start", { reason: (error as Error).message })
    await log.close(LOG_TIMEOUT)
    process.exitCode = EXIT_FAILURE
    return
  }
  survive(log)
  stopBySignal(life, log)
}

/** The first signal drains, a second one ends the process at once. */
function stopBySignal(life: Life, log: Logger): void {
  let isStopping = false
  const onSignal = (): void => {
    if (isStopping) process.exit(EXIT_FAILURE)
    isStopping = true
    life
      .stop()
      .then(() => log.close(LOG_TIMEOUT))
      .then(
        () => process.exit(0),
        () => process.exit(EXIT_FAILURE),
      )
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
}

/** A mistake of ours in one exchange must not take down the others, nor the program beside us. */
function survive(log: Logger): void {
  const report = (error: unknown): void => {
    log.error('unexpected error', { reason: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
  process.on('uncaughtException', report)
  process.on('unhandledRejection', report)
}
