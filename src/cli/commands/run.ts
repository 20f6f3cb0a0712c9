/** `outspan run`: starts, opens log files anew and stops by signal. With several workers this runs in each of them, and in the first process. */
import { Life, type Program } from '../../app/life'
import { targetsOf } from '../../app/targets'
import { address } from '../../config/kinds'
import type { Resolved } from '../../config/resolve'
import { createLogger, type Fields, type Logger } from '../../log/logger'

const EXIT_FAILURE = 1

/** Time for the last lines of the log to be taken, in milliseconds. */
const LOG_TIMEOUT = 1000

/** @param environment that the process was started with */
export async function runCommand(resolved: Resolved, environment: NodeJS.ProcessEnv): Promise<void> {
  const { settings, warnings } = resolved
  // Only the first process of several has a channel to this one.
  if (settings.workers > 1 && process.send) return runWorker(resolved)
  const log = createLogger(settings.logLevel)
  for (const warning of warnings) log.warn(warning)
  survive(log)
  let program: Program
  try {
    program = programOf(resolved, log, environment)
    await program.start()
  } catch (error) {
    log.error("outspan can't start", { reason: (error as Error).message })
    await log.close(LOG_TIMEOUT)
    process.exit(EXIT_FAILURE)
  }
  stopBySignal(program, log)
  process.on('SIGHUP', () => {
    log.info('log files are opened anew')
    program.reopen()
  })
  log.info('ready', summary(program, resolved))
}

function programOf(resolved: Resolved, log: Logger, environment: NodeJS.ProcessEnv): Program {
  if (resolved.settings.workers === 1) return new Life(resolved, log)
  const { Fleet } = require('../../app/fleet') as typeof import('../../app/fleet')
  return new Fleet(resolved, log, environment)
}

async function runWorker({ settings, origins }: Resolved): Promise<void> {
  const log = createLogger(settings.logLevel, { 'process.pid': process.pid })
  survive(log)
  const { serve } = require('../../app/worker') as typeof import('../../app/worker')
  await serve(() => new Life({ settings: { ...settings, admin: 'off' }, origins }, log), log, process.exit)
}

function summary({ proxyAddress, adminAddress }: Program, resolved: Resolved): Fields {
  const { workers } = resolved.settings
  return {
    proxy: proxyAddress && `http://${address.show(proxyAddress)}`,
    admin: adminAddress ? `http://${address.show(adminAddress)}` : 'off',
    telemetry: targetsOf(resolved),
    ...(workers > 1 && { workers }),
  }
}

/** The first signal drains, a second one ends the process at once. */
function stopBySignal(program: Program, log: Logger): void {
  let isStopping = false
  const onSignal = (): void => {
    if (isStopping) process.exit(EXIT_FAILURE)
    isStopping = true
    log.info('draining')
    program
      .stop()
      .then(() => log.info('stopped', { ledger: program.ledgers() }))
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
