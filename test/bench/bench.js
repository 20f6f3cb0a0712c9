/**
 * The bench: what a proxied request costs, beside a bare relay of bytes and beside http-proxy; latency at half load, one
 * large body, an idle connection, and a start. Every role is a process of its own. The candidate has a core to itself, and its CPU time is read from /proc.
 * Rounds interleave the candidates: what the machine does meanwhile shows as spread.
 */
'use strict'
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { checkBudgets } = require('./budgets')
const { byKey, candidates, chosen, NODE_FLAGS } = require('./candidates')
const { pinBench, startRole, stop } = require('./children')
const { measureHalfLoad } = require('./half-load')
const { measureIdle } = require('./idle')
const { takeLock } = require('./lock')
const { median } = require('./measure')
const { propagationTable } = require('./propagation')
const { DISTURBED, measureQuietRound } = require('./round')
const { measureStarts } = require('./start-up')
const { measureStreams } = require('./stream')
const { summarize } = require('./summary')
const { budgetTable, idleLine, loadTable, startTable, sustainedTable } = require('./table')

const HELP = `npm run bench -- [options]

  --quick        One short round, about 35 seconds.
  --seconds N    Measured time of a candidate in a round. [4]
  --rounds N     Rounds. [3]
  --only LIST    Candidates to measure: ${candidates.map(({ key }) => key).join(', ')}; outspan is both of its own.
  --json FILE    Writes all figures there too.
  --strict       Exit code 1 when a budget is missed.
`

const CONNECTIONS = 64

function readOptions() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'string' },
      strict: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const seconds = Number(values.seconds ?? (values.quick ? 2 : 4))
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3))
  if (!(seconds > 0 && seconds <= 60)) throw new Error('--seconds is a number up to 60')
  if (!(Number.isInteger(rounds) && rounds > 0 && rounds <= 20)) throw new Error('--rounds is a number from 1 to 20')
  const wanted = values.only === undefined ? candidates : chosen(values.only.split(','))
  if (wanted.length === 0) throw new Error(`--only takes ${candidates.map(({ key }) => key).join(', ')}`)
  // The limit on requests bounds the access log's file, whatever a machine can do.
  const size = { connections: CONNECTIONS, warmUp: values.quick ? 1 : 2, seconds, requests: 100_000 * seconds }
  return { ...values, rounds, wanted, size, starts: values.quick ? 3 : 5, isQuick: values.quick }
}

async function main(options) {
  await takeLock(() => print('waiting for another bench to end\n'))
  const pinning = pinBench()
  print(`${machine(options)}${pinning === undefined ? '' : `\n${pinning}`}\n\n`)
  const directory = mkdtempSync(path.join(os.tmpdir(), 'outspan-bench-'))
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))

  const [load, origin, receiver] = await Promise.all(
    ['./load', './origin', './receiver'].map((file) => startRole(file)),
  )
  const roles = { load: load.child, origin: origin.child, receiver: receiver.child }
  const world = {
    originPort: origin.ready.port,
    receiverPort: receiver.ready.port,
    accessLog: path.join(directory, 'access.log'),
  }
  const measured = await measureCandidates({ ...options, wanted: await ableOf(options.wanted, world) }, roles, world)
  const summaries = summarize(measured)
  print(`${loadTable(summaries.values())}\n`)
  tellDisturbance(summaries)
  const isSound = tellTelemetry(summaries, options.isQuick)

  const isOutspanWanted = options.wanted.some(({ key }) => key.startsWith('outspan'))
  const sustained = isOutspanWanted ? await sustainedFigures(options, roles.load, world, summaries) : undefined
  if (sustained) print(`${sustainedTable(sustained)}\n${idleLine(sustained.idle)}\n\n`)

  const starts = isOutspanWanted ? await startFigures(world.receiverPort, options.starts) : []
  if (starts.length > 0) print(`${startTable(starts)}\n`)

  if (isOutspanWanted) print(`${propagationTable()}\n`)

  const budgets = checkBudgets(summaries, starts, sustained)
  if (budgets.length > 0) print(budgetTable(budgets))
  if (options.json !== undefined) {
    const figures = { machine: machine(options), candidates: Object.fromEntries(measured), starts, sustained, budgets }
    writeFileSync(
      options.json,
      `${JSON.stringify({ ...figures, summaries: Object.fromEntries(summaries) }, null, 2)}\n`,
    )
  }
  const isMissed = options.strict && budgets.some(({ holds }) => !holds)
  return isSound && !isMissed ? 0 : 1
}

/** Another's program may be installed and not able to start here: it is left out. */
async function ableOf(wanted, world) {
  const able = []
  for (const candidate of wanted) {
    try {
      if (candidate.isForeign) await stop((await candidate.start(world)).child)
      able.push(candidate)
    } catch (error) {
      print(`${candidate.name} is left out: ${error.message}\n`)
    }
  }
  return able
}

async function measureCandidates({ wanted, rounds, size }, roles, world) {
  const measured = new Map(wanted.map((candidate) => [candidate.key, { candidate, rounds: [] }]))
  for (let round = 0; round < rounds; round++) {
    for (const { candidate, rounds: results } of measured.values()) {
      results.push(await measureQuietRound(candidate, roles, world, size))
    }
  }
  return measured
}

/** What takes less than a whole round: latency at half load, a large body, idle connections. */
async function sustainedFigures({ isQuick, size }, load, world, summaries) {
  const rounds = isQuick ? 1 : 2
  const full = summaries.get('outspan-full')
  const [relay, bare, everything] = byKey('relay', 'outspan-bare', 'outspan-full')
  const halfLoad = full && {
    requestsPerSecond: Math.round(full.requestsPerSecond / 2),
    rows: await measureHalfLoad([relay, everything], load, world, {
      requestsPerSecond: full.requestsPerSecond / 2,
      connections: size.connections,
      rounds,
    }),
  }
  return { halfLoad, streams: await measureStreams([relay, bare], world, rounds), idle: await measureIdle(bare, world) }
}

async function startFigures(receiverPort, count) {
  const starts = await measureStarts(receiverPort, count)
  return starts.map(({ name, times }) => ({
    name,
    median: median(times),
    range: [Math.min(...times), Math.max(...times)],
  }))
}

function tellDisturbance(summaries) {
  const disturbed = [...summaries.values()].filter(({ otherShare }) => otherShare > DISTURBED)
  if (disturbed.length === 0) return
  print(`disturbed: other programs ran on the core of ${disturbed.map(({ name }) => name).join('; ')}\n\n`)
}

/**
 * Figures of a proxy that lost telemetry say nothing. Those of a quick run say little anyway, on a machine that may be busy:
 * there it is enough that what did not arrive was given up and counted.
 * @returns whether the figures stand
 */
function tellTelemetry(summaries, isQuick) {
  let isSound = true
  for (const { name, telemetry } of summaries.values()) {
    if (!telemetry) continue
    const { requests, spans, lines, missing, givenUpSpans, givenUpLogs } = telemetry
    print(
      `${name}: ${requests} requests, ${spans} spans received, ${lines} access-log lines, ${missing} log records missing\n\n`,
    )
    if (spans === requests && lines === requests && missing === 0) continue
    const isAccounted = spans + givenUpSpans >= requests && lines === requests && missing <= givenUpLogs
    isSound &&= isQuick && isAccounted
    print(`NOT VALID: ${name} lost or repeated telemetry; spans and lines must be as many as requests`)
    print(isAccounted ? `; ${givenUpSpans} spans and ${givenUpLogs} log records were given up and counted\n\n` : '\n\n')
  }
  return isSound
}

function machine({ rounds, size }) {
  const cores = os.cpus()
  return (
    `${cores.length} cores (${cores[0]?.model}), Node.js ${process.version} ${NODE_FLAGS.join(' ')}, ` +
    `${size.connections} connections, ${rounds} × ${size.seconds} s after ${size.warmUp} s of warm-up`
  )
}

function print(text) {
  process.stdout.write(text)
}

// 'exit' is where children are ended and files removed: every way out leads there.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.on(signal, () => process.exit(code))
}

let options
try {
  options = readOptions()
} catch (error) {
  process.stderr.write(`${error.message}\n\n${HELP}`)
  process.exit(2)
}
if (options.help) {
  print(HELP)
  process.exit()
}
main(options).then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  },
)
