/** The program as users start it: a process of its own. `npm run build` makes what it runs. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { eventually } from '../support/proxy'

const binary = join(__dirname, '../../bin/outspan.js')

/** How the process ended. */
export interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A line of the program's own log. */
export type LogLine = Record<string, unknown> & { readonly level: string; readonly message: string }

export interface Started {
  readonly process: ChildProcess
  /** All that was written so far. */
  stdout(): string
  stderr(): string
  /** The lines of the log so far; lines that are no JSON object are an error. */
  log(): LogLine[]
  /** The first line of the log with that message, once it is there. */
  logged(message: string): Promise<LogLine>
  /** The addresses of the line that says `ready`. */
  ready(): Promise<{ readonly proxy: string; readonly admin: string }>
  /** Resolves when the process has ended and all that it wrote is here. */
  readonly end: Promise<End>
}

const running = new Set<ChildProcess>()

/**
 * Starts the binary.
 * @param environment the whole environment of the process, but for PATH
 * @param wrapper a command that replaces itself by the one behind it
 */
export function start(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  wrapper: readonly string[] = [],
): Started {
  const [command = '', ...rest] = [...wrapper, process.execPath, binary, ...args]
  const child = spawn(command, rest, {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const end = new Promise<End>((resolve) => {
    child.once('close', (code, signal) => {
      running.delete(child)
      resolve({ code, signal })
    })
  })
  const log = (): LogLine[] => {
    const whole = err.slice(0, err.lastIndexOf('\n') + 1)
    return whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogLine)
  }
  const logged = (message: string): Promise<LogLine> =>
    eventually(() => log().find((line) => line.message === message), `"${message}" in the log`).catch(
      (error: Error) => {
        throw new Error(`${error.message}; stderr: ${err}`)
      },
    )
  return {
    process: child,
    stdout: () => out,
    stderr: () => err,
    log,
    logged,
    ready: async () => {
      const line = await logged('ready')
      return { proxy: String(line.proxy), admin: String(line.admin) }
    },
    end,
  }
}

/** Runs the binary to its end. */
export async function run(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<End & { readonly stdout: string; readonly stderr: string }> {
  const started = start(args, environment)
  const end = await started.end
  return { ...end, stdout: started.stdout(), stderr: started.stderr() }
}

/** Ends every process that is still there: for `afterEach`. */
export async function endAll(): Promise<void> {
  const children = [...running]
  const ends = children.map((child) => new Promise((resolve) => child.once('close', resolve)))
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(ends)
}
