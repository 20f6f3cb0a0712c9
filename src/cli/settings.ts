/** From the command line and the environment to settings, with everything that is wrong in one list. */
import type { Loaded } from '../app/in-force'
import { check } from '../config/check'
import { type ConfigFile, parseConfigFile, readConfigFile } from '../config/file'
import type { Environment } from '../config/kinds'
import { flagOf, variableOf } from '../config/option'
import { options } from '../config/options'
import { type Resolved, resolve } from '../config/resolve'
import type { Arguments } from './arguments'

const CONFIG_FLAG = flagOf(options.config)
const CONFIG_VARIABLE = variableOf(options.config)

/** @param handed the file as the first process of several read it: it is not looked for again */
export function settingsFrom(args: Arguments, environment: Environment, handed?: ConfigFile): Resolved & Loaded {
  const path = args.flags.get(CONFIG_FLAG)?.at(-1) ?? environment[CONFIG_VARIABLE]
  const file = handed ?? (path ? readConfigFile(path) : undefined)
  const said = file && parseConfigFile(file)
  const resolved = resolve({
    ...(handed ? withoutPath(args, environment) : { flags: args.flags, environment }),
    file: said?.values,
  })
  // A file that can't be read has been reported by its option, unless that happened just now.
  const isLost = path && !file && !resolved.failed.has('config')
  const lost = isLost ? [`${CONFIG_FLAG}: "${path}" can't be read`] : []
  const problems = [...args.problems, ...resolved.problems, ...lost, ...(said?.problems ?? []), ...check(resolved)]
  return { ...resolved, problems, file }
}

function withoutPath({ flags }: Arguments, environment: Environment) {
  return {
    flags: new Map([...flags].filter(([flag]) => flag !== CONFIG_FLAG)),
    environment: { ...environment, [CONFIG_VARIABLE]: undefined },
  }
}
