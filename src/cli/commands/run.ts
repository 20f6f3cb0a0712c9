/** `outspan run`: starts, reloads and stops by signal. With several workers this runs in each of them, and in the first process. */
import { InForce, type Loaded } from '../../app/in-force'
import { Life, type Program } from '../../app/life'
import { Reload } from '../../app/reload'
import { targetsOf } from '../../app/targets'
import type { Handover } from '../../app/worker'
import type { ConfigFile } from '../../config/file'
import { address } from '../../config/kinds'
import type { Settings } from '../../config/options'
import type { Resolved } from '../../config/resolve'
import { FileWatch } from '../../config/watch'
import { createLogger, eachOnceAWhile, type Fields, type Logger } from '../../log/logger'
import { LONGEST_TIMER } from '../../model/clock'

const EXIT_FAILURE = 1

/** Time for the last lines of the log to be taken, in milliseconds. */
const LOG_TIMEOUT = 1000

/** Judges the settings anew: with the file that is given, else with the one that was named, as it is now. */
type Read = (file?: ConfigFile) => Resolved & Loaded

/** @param environment that the process was started with */
export async function runCommand(loaded: Resolved & Loaded, environment: NodeJS.ProcessEnv, read: Read): Promise<void> {
  const { settings, warnings } = loaded
  const log = createLogger(settings.logLevel)
  survive(log)
  // From the first moment to the last: a rotation that meets the start or the stop does not end the process.
  process.on('SIGHUP', () => {})
  const inForce = new InForce(loaded)
  let program: Program
  let reloads: Reloads
  try {
    program = programOf(inForce, log, environment, warnings)
    reloads = reloadBySignal(new Reload(inForce, program, () => read(), log, warnings), inForce.settings, program, log)
    await program.start()
  } catch (error) {
    log.error("outspan can't start", { reason: (error as Error).message, setting: addressBehind(error, settings) })
    await log.close(LOG_TIMEOUT)
    process.exit(EXIT_FAILURE)
  }
  reloads.begin()
  stopBySignal(program, reloads, log)
  log.info('ready', summary(program, loaded))
}

function programOf(
  inForce: InForce,
  log: Logger,
  environment: NodeJS.ProcessEnv,
  warnings: readonly string[],
): Program {
  try {
    if (inForce.settings.workers === 1) return new Life(inForce, log)
    const { Fleet } = require('../../app/fleet') as typeof import('../../app/fleet')
    return new Fleet(inForce, log, environment)
  } finally {
    // By now the log leaves for the collector, if there is one.
    for (const warning of warnings) log.warn(warning)
  }
}

/** @param start the settings of the start, to which those that are in force by now are added */
export async function runWorker(start: Resolved & Loaded, read: Read, { now, generation }: Handover): Promise<void> {
  const current = now ? read(now) : start
  const inForce = new InForce({ ...new InForce(start).merge(current), file: now }, generation)
  const log = createLogger(inForce.settings.logLevel, { 'process.pid': process.pid })
  survive(log)
  const { serve } = require('../../app/worker') as typeof import('../../app/worker')
  const begin = (): Life => {
    // What the first process could read may be gone by now: a certificate.
    if (current.problems.length > 0) throw new Error(current.problems.join('; '))
    return new Life(inForce, log, false)
  }
  await serve(begin, inForce, read, log, process.exit)
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

interface Reloads {
  /** The program has started: what was asked for before is done now. */
  begin(): void
  /** The settings stay as they are from now on. */
  stop(): void
}

/** SIGHUP reads the file again, and so does a change of it; SIGHUP opens the files of logs again as well. */
function reloadBySignal(reload: Reload, settings: Settings, program: Program, log: Logger): Reloads {
  const { config: path, configWatch } = settings
  let hasStarted = false
  let isAsked = false
  let watch: FileWatch | undefined
  const onHangUp = (): void => {
    isAsked = true
    if (!hasStarted) return
    log.info('log files are opened anew')
    program.reopen()
    if (path !== undefined) void reload.request('signal')
  }
  process.on('SIGHUP', onHangUp)
  return {
    begin: () => {
      hasStarted = true
      if (isAsked) onHangUp()
      if (path !== undefined && configWatch === 'on') watch = new FileWatch(path, () => void reload.request('watch'))
    },
    stop: () => {
      watch?.close()
      // Files of logs are opened anew to the end: a drain may take longer than a rotation leaves them.
      reload.stop()
    },
  }
}

/** The first signal drains, a second one ends the process at once. */
function stopBySignal(program: Program, reloads: Reloads, log: Logger): void {
  let isStopping = false
  const onSignal = (): void => {
    if (isStopping) process.exit(EXIT_FAILURE)
    isStopping = true
    // Sockets that stand still keep no event loop going, and one that runs dry would end all this before its time.
    setInterval(() => {}, LONGEST_TIMER)
    log.info('draining')
    reloads.stop()
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

/** How often one and the same mistake is told, in milliseconds. */
const MISTAKE_INTERVAL = 60_000
/** Characters of it. */
const LONGEST_MISTAKE = 8192

/**
 * A mistake of ours in one exchange must not take down the others, nor the program beside us; nor must one of the user's hooks
 * that none of their calls throws: in a timer, or in a promise that nobody has.
 */
function survive(log: Logger): void {
  const tell = eachOnceAWhile((reason, more) => log.error('unexpected error', { reason, ...more }), MISTAKE_INTERVAL)
  const report = (error: unknown): void => tell(wordsOf(error).slice(0, LONGEST_MISTAKE))
  process.on('uncaughtException', report)
  process.on('unhandledRejection', report)
}

/** Whatever the user's code threw may throw again when it is looked at. */
function wordsOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.stack ?? error.message) : String(error)
  } catch {
    return 'something was thrown that has no words'
  }
}

/** The setting whose address could not be listened on. */
function addressBehind(error: unknown, { listen, admin }: Settings): 'listen' | 'admin' | undefined {
  const { code, port } = error as { code?: string; port?: number }
  if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') return undefined
  if (admin !== 'off' && admin.port === port) return 'admin'
  return listen.port === port ? 'listen' : undefined
}
