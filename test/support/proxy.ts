/**
 * The whole program in this process, on ports of its own, with the defaults that users get. Only the request id is off
 * unless it is asked for: nearly every test holds whole heads against each other.
 */
import { Life } from '../../src/app/life'
import type { Settings } from '../../src/config/options'
import { resolve } from '../../src/config/resolve'
import type { Logger } from '../../src/log/logger'

/** An access-log record, as parsed from JSON. */
export type AccessRecord = Record<string, unknown>

export interface RunningProxy {
  readonly port: number
  readonly url: string
  readonly adminUrl: string
  /** The newest exchanges, oldest first, once there are `count` of them. */
  exchanges(count: number): Promise<AccessRecord[]>
  /** The value of a metric without attributes, by its Prometheus name. */
  metric(name: string): Promise<number>
  /** Waits until a metric without attributes has that value. */
  becomes(name: string, value: number): Promise<void>
  stop(): Promise<void>
}

export const silent: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  tee: () => {},
  setLevel: () => {},
  close: async () => {},
}

const anywhere = { host: '127.0.0.1', port: 0 }

export async function startProxy(overrides: Partial<Settings> = {}, log = silent): Promise<RunningProxy> {
  const { settings, origins } = resolve({ flags: new Map(), environment: {}, file: undefined })
  const quiet = { accessLog: 'off', requestIdHeader: 'off', drainQuiet: 20 }
  const chosen = { ...settings, ...quiet, listen: anywhere, admin: anywhere, ...overrides }
  const life = new Life({ settings: chosen, origins }, log)
  await life.start()
  const port = life.proxyAddress?.port as number
  const adminUrl = `http://127.0.0.1:${life.adminAddress?.port}`
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${adminUrl}/metrics`)).text()
    const line = text.split('\n').find((each) => each.startsWith(`${name} `))
    return Number(line?.split(' ')[1])
  }
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    adminUrl,
    exchanges: (count) =>
      eventually(async () => {
        const records = (await (await fetch(`${adminUrl}/exchanges`)).json()) as AccessRecord[]
        return records.length >= count ? records.reverse() : undefined
      }, `${count} exchanges`),
    metric,
    becomes: async (name, value) => {
      await eventually(async () => (await metric(name)) === value || undefined, `${name} of ${value}`)
    },
    stop: () => life.stop(),
  }
}

const STEP = 10

/**
 * Gives what goes on in this process some time, in small steps: a machine that stands still meanwhile takes away one of
 * them, and what has arrived is read before the next.
 */
export async function pass(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += STEP) await new Promise((resolve) => setTimeout(resolve, STEP))
}

/** Waits until a value has been the same for some time, given in milliseconds. @returns the value */
export async function settled(read: () => number, milliseconds: number): Promise<number> {
  let before = read()
  const until = Date.now() + 20_000
  for (let passed = 0; passed < milliseconds; passed += STEP) {
    await pass(STEP)
    const now = read()
    if (now !== before) passed = 0
    if (Date.now() > until) throw new Error(`${now}, and no rest within 20 s`)
    before = now
  }
  return before
}

/** Asks again until there is an answer, for twenty seconds: far more than any answer takes on a machine that has other work. */
export async function eventually<T>(ask: () => Promise<T | undefined> | T | undefined, what: string): Promise<T> {
  const until = Date.now() + 20_000
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > until) throw new Error(`${what}: not within 20 s`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
