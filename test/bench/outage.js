/**
 * What an outage of the collector costs the requests: latency at the same rate with a collector that takes all, one that
 * accepts and never answers, and one that is not there. All three stand side by side and are asked in turn, for a short time
 * each: what else the machine does hits them alike. `npm run bench:outage -- [turns]`.
 */
'use strict'
const { mkdtempSync, rmSync } = require('node:fs')
const { once } = require('node:events')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { byKey, NODE_FLAGS } = require('./candidates')
const { ask, pinBench, startRole, stop } = require('./children')
const { takeLock } = require('./lock')
const { median } = require('./measure')

const TURNS = 15
const SECONDS = 0.7
const CONNECTIONS = 64
const RATE = 6000
/** A port that nobody listens on. */
const NOBODY = 1
/** How much longer the slowest one in a hundred requests may take in an outage. */
const LIMIT = 1.2

async function main(turns) {
  await takeLock(() => process.stdout.write('waiting for another bench to end\n'))
  const pinning = pinBench()
  if (pinning) process.stdout.write(`${pinning}\n`)
  const directory = mkdtempSync(path.join(os.tmpdir(), 'outspan-bench-'))
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
  const [origin, receiver] = await Promise.all(['./origin', './receiver'].map((file) => startRole(file)))
  const hanging = net.createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1')
  await once(hanging, 'listening')

  const ports = { healthy: receiver.ready.port, hanging: hanging.address().port, 'not there': NOBODY }
  const candidates = []
  for (const [name, receiverPort] of Object.entries(ports)) {
    candidates.push(await startCandidate(name, receiverPort, origin.ready.port, directory))
  }
  // The first turn is the warm-up.
  for (let turn = 0; turn <= turns; turn++) {
    for (const { load, results } of candidates) {
      const result = await ask(load, { verb: 'pace', requestsPerSecond: RATE, seconds: SECONDS })
      if (turn > 0) results.push(result)
    }
  }
  await Promise.all(candidates.map(({ child }) => stop(child)))
  return tell(candidates, turns)
}

async function startCandidate(name, receiverPort, originPort, directory) {
  const [all] = byKey('outspan-signals')
  const { child, port } = await all.start({ originPort, receiverPort, accessLog: path.join(directory, name) })
  const { child: load } = await startRole('./load')
  await ask(load, { verb: 'open', port, originPort, count: CONNECTIONS })
  return { name, child, load, results: [] }
}

/** @returns the exit code */
function tell(candidates, turns) {
  const seconds = `${turns} × ${SECONDS} s`
  process.stdout.write(`${NODE_FLAGS.join(' ')}, ${CONNECTIONS} connections, ${RATE} requests a second, ${seconds}\n`)
  const middle = ({ results }, figure) => median(results.map((result) => result[figure]))
  const healthy = middle(candidates[0], 'p99')
  let isFine = true
  for (const candidate of candidates) {
    const [p50, p99] = [middle(candidate, 'p50'), middle(candidate, 'p99')]
    isFine &&= p99 <= healthy * LIMIT
    const times = `p50 ${p50.toFixed(2)} ms  p99 ${p99.toFixed(2)} ms  ÷ healthy ${(p99 / healthy).toFixed(2)}`
    process.stdout.write(`collector ${candidate.name.padEnd(10)} ${times}\n`)
  }
  return isFine ? 0 : 1
}

main(Number(process.argv[2] ?? TURNS)).then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  },
)
