/** What goes wrong in the user's code costs no request anything: it is caught, counted by hook, and told once in a while. */
import { type Logger, onceAWhile } from '../log/logger'
import type { Metric, Point } from '../telemetry/metrics'

/** Milliseconds that a hook may take: until it is done, nothing else is. */
const SLOW = 10
/** How often the troubles of one hook are told, in milliseconds. */
const TROUBLE_INTERVAL = 60_000
/** Characters of a stack that are looked at, and of a message that are told. */
const LONGEST_STACK = 8192
const LONGEST_MESSAGE = 500

interface Hook {
  errors: number
  slow: number
  readonly tellError: (message: string) => void
  readonly tellSlow: (message: string) => void
}

export class Guard {
  readonly #log: Pick<Logger, 'warn'>
  readonly #hooks = new Map<string, Hook>()

  constructor(log: Pick<Logger, 'warn'>) {
    this.#log = log
  }

  /** There is a hook of that name. */
  add(hook: string): void {
    const tell = (what: string) =>
      onceAWhile((reason, fields) => this.#log.warn(what, { hook, reason, ...fields }), TROUBLE_INTERVAL)
    this.#hooks.set(hook, { errors: 0, slow: 0, tellError: tell('a hook failed'), tellSlow: tell('a hook is slow') })
  }

  /** @param error whatever was thrown */
  failed(name: string, error: unknown): void {
    const hook = this.#hooks.get(name)
    if (!hook) return
    hook.errors++
    hook.tellError(reasonOf(error))
  }

  /** The hook is done. @param start the mark at which it was called */
  took(name: string, start: number): void {
    const time = performance.now() - start
    if (time < SLOW) return
    const hook = this.#hooks.get(name)
    if (!hook) return
    hook.slow++
    hook.tellSlow(`took ${Math.round(time)} ms, during which all exchanges waited`)
  }

  /** Notes it when a promise that nobody waits for is rejected. @param answer what a hook returned */
  watch(name: string, answer: unknown): void {
    if (typeof answer !== 'object' || answer === null) return
    const { then } = answer as PromiseLike<unknown>
    if (typeof then === 'function') then.call(answer, undefined, (error: unknown) => this.failed(name, error))
  }

  metrics(): Metric[] {
    const points = (of: 'errors' | 'slow'): Point[] =>
      [...this.#hooks].map(([hook, counts]) => ({ attributes: { hook }, value: counts[of] }))
    return [
      {
        kind: 'counter',
        name: 'outspan.hooks.errors',
        unit: '{call}',
        description: 'Calls of hooks that threw, rejected or answered what makes no sense.',
        points: points('errors'),
      },
      {
        kind: 'counter',
        name: 'outspan.hooks.slow',
        unit: '{call}',
        description: 'Calls of hooks that took 10 ms or more.',
        points: points('slow'),
      },
    ]
  }
}

/** The message, and the place that the user's code was at. */
export function reasonOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return String(error).slice(0, LONGEST_MESSAGE)
    const message = `${error.name}: ${error.message}`.slice(0, LONGEST_MESSAGE)
    const place = placeOf(error.stack)
    return place === undefined ? message : `${message} (${place})`
  } catch {
    return 'something was thrown that has no words'
  }
}

/** Our own frames: what is below is the user's. */
const ours = `${__dirname.slice(0, __dirname.lastIndexOf('/'))}/`

/** `/etc/outspan/hooks.mjs:12:9`: the first frame that is neither Node.js' nor ours. */
function placeOf(stack: unknown): string | undefined {
  if (typeof stack !== 'string') return undefined
  const lines = stack.slice(0, LONGEST_STACK).split('\n')
  // What could not be linked says it first of all.
  if (lines[0]?.startsWith('file://')) return lines[0].slice('file://'.length)
  for (const line of lines) {
    const frame = line.trimStart()
    if (!frame.startsWith('at ')) continue
    const start = frame.lastIndexOf('(') + 1 || frame.lastIndexOf(' ') + 1
    const place = frame.slice(start, frame.endsWith(')') ? -1 : undefined).replace('file://', '')
    if (place.startsWith('/') && !place.startsWith(ours)) return place
  }
  return undefined
}
