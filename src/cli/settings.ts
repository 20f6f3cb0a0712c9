/** From the command line and the environment to settings, with everything that is wrong in one list. */
import { check } from '../config/check'
import { readConfigFile } from '../config/file'
import { variableOf } from '../config/option'
import { options } from '../config/options'
import { type Resolved, resolve } from '../config/resolve'
import type { Arguments } from './arguments'

export function settingsFrom(args: Arguments, environment: Readonly<Record<string, string | undefined>>): Resolved {
  const path = args.flags.get('--config')?.at(-1) ?? environment[variableOf(options.config)]
  const file = path ? readConfigFile(path) : undefined
  const resolved = resolve({ flags: args.flags, environment, file: file?.values })
  // A file that can't be read has been reported, by its option.
  const problems = [...args.problems, ...resolved.problems, ...(file?.problems ?? []), ...check(resolved)]
  return { ...resolved, problems }
}
