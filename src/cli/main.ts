/** The only place that reads the command line and the environment, and that ends the process. */
import { version } from '../app/version'
import type { ConfigFile } from '../config/file'
import type { Settings } from '../config/options'
import type { Resolved } from '../config/resolve'
import { type Arguments, readArguments } from './arguments'
import type { Checked } from './commands/check'
import { handedOver } from './handover'
import { helpText } from './help'
import { settingsFrom } from './settings'

/** sysexits.h: the command was used incorrectly. */
const EXIT_USAGE = 64
const EXIT_FAILURE = 1

/**
 * Variables that libraries read by themselves. Proxy settings are for the program beside us: gRPC would send telemetry
 * through the proxy that it tells about. OpenTelemetry's have been read, with their origin, and must not count twice.
 */
const notForLibraries = /^(?:(?:https?|grpc|all|no|no_grpc)_proxy|OTEL_.*)$/i

/** Runs the command that the words ask for. @param argv the words behind the name of the program */
export async function main(argv: readonly string[]): Promise<void> {
  const environment = { ...process.env }
  for (const name of Object.keys(process.env)) {
    if (notForLibraries.test(name)) delete process.env[name]
  }
  const args = readArguments(argv)
  if (args.wantsHelp) return print(helpText())
  if (args.wantsVersion) return print(`${version}\n`)
  const handover = await handedOver()
  const resolved = settingsFrom(args, environment, handover?.start)
  const problems = resolved.problems.length > 0 ? resolved.problems : await hookProblems(resolved)
  if (problems.length > 0) {
    process.stderr.write(`outspan can't start:\n${problems.map((problem) => `  ${problem}\n`).join('')}`)
    process.exitCode = EXIT_USAGE
    return finish(resolved.settings)
  }
  if (args.command === 'check') {
    const { text, isFine } = args.asksCollector
      ? await askCollectors(resolved.settings)
      : checked(resolved, args.explained)
    print(text)
    process.exitCode = isFine ? 0 : EXIT_FAILURE
    return finish(resolved.settings)
  }
  const { runCommand, runWorker } = require('./commands/run') as typeof import('./commands/run')
  const read = (file?: ConfigFile) => {
    const read = settingsFrom(args, environment, file)
    return { ...read, problems: [...read.problems, ...hookNameProblems(read)] }
  }
  await (handover ? runWorker(resolved, read, handover) : runCommand(resolved, environment, read))
}

/** The user's code is loaded when all else is known to be right. */
async function hookProblems(resolved: Resolved): Promise<readonly string[]> {
  if (resolved.settings.hooks === undefined) return []
  const { loadHooks } = require('../app/hook-file') as typeof import('../app/hook-file')
  return loadHooks(resolved)
}

function hookNameProblems(resolved: Resolved): readonly string[] {
  if (resolved.settings.hooks === undefined) return []
  const { nameProblems } = require('../app/hook-file') as typeof import('../app/hook-file')
  return nameProblems(resolved)
}

function checked(resolved: Resolved, explained: Arguments['explained']): Checked {
  const { checkCommand } = require('./commands/check') as typeof import('./commands/check')
  return checkCommand(resolved, explained)
}

async function askCollectors(settings: Settings): Promise<Checked> {
  const { checkCollectors } = require('../app/collector-check') as typeof import('../app/collector-check')
  return checkCollectors(settings)
}

/** The user's code may have timers and connections by now, which know of no end. */
function finish({ hooks }: Settings): void {
  if (hooks !== undefined) process.stdout.write('', () => process.stderr.write('', () => process.exit()))
}

function print(text: string): void {
  process.stdout.write(text)
}
