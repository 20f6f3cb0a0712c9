/**
 * The soak: every kind of traffic at once, for minutes, through the real binary, with thousands of idle connections beside
 * it and large bodies across it. Then the clients leave, and what the program holds must be what it held before, and its
 * books must balance: one access-log line and one span for each request whose head it read. Every role is a process of its
 * own. All on loopback.
 */
'use strict'
const { mkdtempSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { ask, startRole, stop } = require('../bench/children')
const { memory } = require('../bench/measure')
const { audit } = require('./books')
const { descriptorLimit, descriptors, startOutspan } = require('./proxy')
const { settle } = require('./settle')
const { kindTable, verdictTable } = require('./table')
const { bookVerdicts, restVerdicts } = require('./verdicts')

const HELP = `npm run soak -- [options]

  --seconds N    Time of the mixed traffic. [90]
  --quick        About 20 seconds in all: less of everything.
  --seed N       Of what happens by chance. [random]
  --keep         Keeps the access log and the journals.
`

/** Descriptors that are left for everything but idle connections. */
const RESERVE = 2000
const ACTORS = 40
/** Requests in all, whatever a machine can do: bounds files and memory. */
const REQUEST_LIMIT = 200_000
const WRONG_TOLD = 30

function readOptions() {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      seed: { type: 'string' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const seconds = Number(values.seconds ?? (values.quick ? 6 : 90))
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
  if (!(seconds > 0 && seconds <= 3600)) throw new Error('--seconds is a number up to 3600')
  if (!Number.isInteger(seed)) throw new Error('--seed is a whole number')
  const size = values.quick
    ? { warmUp: 2, idle: 1000, large: 64 * 2 ** 20 }
    : { warmUp: 5, idle: 10_000, large: 2 ** 30 }
  return { ...values, ...size, seconds, seed }
}

async function main(options) {
  print(`outspan soak: seed ${options.seed}, ${options.seconds} s of mixed traffic, Node.js ${process.version}\n`)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'outspan-soak-'))
  try {
    const verdicts = await soak(options, folder)
    print(`\n${verdictTable(verdicts)}`)
    return verdicts.every(({ holds }) => holds)
  } finally {
    if (options.keep) print(`\nkept in ${folder}\n`)
    else rmSync(folder, { recursive: true })
  }
}

async function soak(options, folder) {
  const file = (name) => path.join(folder, name)
  const role = (name, args) => startRole(path.join(__dirname, name), { args: args && [JSON.stringify(args)] })
  const receiver = await role('receiver.js')
  const origin = await role('origin.js')
  const proxy = await startOutspan({ receiverPort: receiver.ready.port, accessLog: file('access.log') })
  const ports = { ...origin.ready, proxyPort: proxy.port }
  const clientOf = (name, prefix, offset) =>
    role(name, { seed: options.seed + offset, prefix, actors: ACTORS, ports, journal: file(`${prefix}.journal`) })
  const mixed = await clientOf('client.js', 'c', 0)
  const large = await clientOf('client.js', 'large', 1000)
  const idle = await clientOf('idle.js', 'idle', 2000)

  await ask(mixed.child, { order: 'run', seconds: options.warmUp, limit: REQUEST_LIMIT })
  const before = await settle(proxy)
  printHeld('before', before)

  const limit = descriptorLimit(proxy)
  const count = Math.min(options.idle, limit - RESERVE)
  const { open } = await ask(idle.child, { order: 'open', count })
  print(`${open} idle connections, with a limit of ${limit} descriptors\n`)
  const [, largeReport] = await Promise.all([
    ask(mixed.child, { order: 'run', seconds: options.seconds, limit: REQUEST_LIMIT }),
    ask(large.child, { order: 'large', size: options.large }),
  ])
  print(`a body of ${options.large / 2 ** 20} MiB each way\n`)
  const { rss, highest } = memory(proxy.child.pid)
  print(
    `under load: ${rss.toFixed(0)} MB resident, ${highest.toFixed(0)} MB at most, ${descriptors(proxy)} descriptors\n`,
  )
  const idleReport = await ask(idle.child, { order: 'close', asking: Math.min(open, 500) })
  const mixedReport = await ask(mixed.child, { order: 'close' })
  await ask(large.child, { order: 'close' })
  const after = await settle(proxy)
  printHeld('after', after)

  const code = await stop(proxy.child)
  await ask(receiver.child, { file: file('spans') })
  await ask(origin.child, { file: file('seen') })
  for (const { child } of [mixed, large, idle, receiver, origin]) await stop(child)

  const journals = ['c', 'large', 'idle'].map((prefix) => file(`${prefix}.journal`))
  const books = await audit({ journals, accessLog: file('access.log'), spanIds: file('spans'), seenIds: file('seen') })
  print(`\n${kindTable(books)}`)
  for (const words of [...mixedReport.failures, ...largeReport.failures]) print(`let down: ${words}\n`)
  for (const words of books.wrong.slice(0, WRONG_TOLD)) print(`wrong: ${words}\n`)

  const clients = {
    connections: mixedReport.connections + largeReport.connections + idleReport.connections,
    failed: mixedReport.failed + largeReport.failed,
  }
  return [
    ...restVerdicts(before, after),
    ...bookVerdicts(books, after.metrics, clients),
    verdict('idle connections lost', 0, idleReport.lost),
    verdict('idle connections that still work', Math.min(open, 500), idleReport.answered),
    verdict('exit code', 0, code),
  ]
}

function verdict(what, wanted, found) {
  return { what, wanted: String(wanted), found: String(found), holds: wanted === found }
}

function printHeld(when, { memory: { rss, heap, external }, descriptors: open, cpuShare }) {
  const parts = [
    `${rss.toFixed(1)} MB resident`,
    `${heap.toFixed(1)} MB of heap`,
    `${external.toFixed(1)} MB of buffers`,
  ]
  print(`${when}: ${parts.join(', ')}, ${open} descriptors, ${(cpuShare * 100).toFixed(1)} % of a core\n`)
}

function print(text) {
  process.stdout.write(text)
}

const options = readOptions()
if (options.help) print(HELP)
else {
  main(options).then(
    (holds) => process.exit(holds ? 0 : 1),
    (error) => {
      print(`${error.stack}\n`)
      process.exit(1)
    },
  )
}
