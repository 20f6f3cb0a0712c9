/** The only place that reads the command line and the environment, and that ends the process. */
import { readArguments } from './arguments'
import { helpText } from './help'
import { settingsFrom } from './settings'

/** sysexits.h: the command was used incorrectly. */
const EXIT_USAGE = 64

/**
 * Proxy settings are for the program beside us. In our own process they would send telemetry through the proxy itself:
 * gRPC reads them, and does so by itself.
 */
const notForUs = /^(?:https?|grpc|all|no|no_grpc)_proxy$/i

export async function main(argv: readonly string[]): Promise<void> {
  const environment = { ...process.env }
  for (const name of Object.keys(process.env)) {
    if (notForUs.test(name)) delete process.env[name]
  }
  const args = readArguments(argv)
  if (args.wantsHelp) return print(helpText())
  if (args.wantsVersion) return print(`${require('../../package.json').version}\n`)
  const resolved = settingsFrom(args, environment)
  if (resolved.problems.length > 0) {
    process.stderr.write(`outspan can't start:\n${resolved.problems.map((problem) => `  ${problem}\n`).join('')}`)
    process.exitCode = EXIT_USAGE
    return
  }
  if (args.command === 'check') {
    const { checkCommand } = require('./commands/check') as typeof import('./commands/check')
    return print(checkCommand(resolved))
  }
  const { runCommand } = require('./commands/run') as typeof import('./commands/run')
  await runCommand(resolved)
}

function print(text: string): void {
  process.stdout.write(text)
}
