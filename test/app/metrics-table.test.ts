/** Holds the README's table of metrics to what the program tells. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { takeModule } from '../../src/app/hook-file'
import { Life } from '../../src/app/life'
import { processMetrics } from '../../src/app/process-metrics'
import { resolve } from '../../src/config/resolve'
import { eventually, silent } from '../support/proxy'

describe('the table in the README', () => {
  const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8')
  const rows = [...readme.matchAll(/^\| (`[a-z0-9_.]+`(?:, `[a-z0-9_.]+`)*) \| `([^`]+)` \| ([^|]+) \|$/gm)]
  const listed = rows.flatMap(([, names = '', unit]) =>
    [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => [name as string, unit as string] as const),
  )
  let told: [string, string][]

  beforeAll(async () => {
    // Some metrics of the process are there from the second time on.
    await eventually(() => (processMetrics().length >= 8 ? true : undefined), 'all metrics of the process')
    const { settings, origins } = resolve({ flags: new Map(), environment: {}, file: undefined })
    const address = { host: '127.0.0.1', port: 0 }
    takeModule(join(__dirname, 'hooks.mjs'), { onRequest() {} }, { settings, origins })
    const everything = {
      accessLog: '/dev/null',
      hooks: join(__dirname, 'hooks.mjs'),
      otlpEndpoint: 'http://127.0.0.1:1',
    }
    const life = new Life(
      { settings: { ...settings, ...everything, listen: address, admin: address }, origins },
      silent,
    )
    told = life.metrics().map(({ name, unit }) => [name, unit])
    await life.stop()
  })

  test('names every metric once, with its unit', () => {
    // Told by the program around the parts.
    const around = [['outspan.workers.replaced', '{worker}']]
    expect(listed.map(String).toSorted()).toEqual([...told, ...around].map(String).toSorted())
  })
})
