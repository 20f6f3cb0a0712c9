/**
 * How throughput grows with `--workers`: `npm run bench:workers`. The processes of the bench would be short of cores before
 * several workers are, so that each worker gets a small share of one, by a control group of Linux, and the machine's number of cores
 * does not matter. A share is as fast with one worker as with four unless the workers stand in each other's way.
 */
'use strict'
const { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { collectorFlags, startOutspan } = require('./candidates')
const { ask, pinBench, startRole, stop } = require('./children')
const { takeLock } = require('./lock')
const { cpuSeconds, median } = require('./measure')

const COUNTS = [1, 2, 4]
/** Of a core, for each worker. */
const SHARE = 0.15
const PERIOD = 10_000
const CONNECTIONS = 64
const WARM_UP = 2
const SECONDS = 5
const TURNS = 3
/** Status of a step that could not be taken (BSD's EX_TEMPFAIL). */
const EXIT_SKIPPED = 75

async function main() {
  await takeLock(() => process.stdout.write('waiting for another bench to end\n'))
  const groups = makeGroups()
  if (!groups) {
    process.stdout.write('skipped: control groups can not be written here; it takes Linux, and root\n')
    return EXIT_SKIPPED
  }
  pinBench()
  const directory = mkdtempSync(path.join(os.tmpdir(), 'outspan-bench-'))
  process.on('exit', () => {
    rmSync(directory, { recursive: true, force: true })
    for (const group of groups) rmdirSync(group)
  })
  const [load, origin, receiver] = await Promise.all(
    ['./load', './origin', './receiver'].map((file) => startRole(file)),
  )
  const world = {
    port: origin.ready.port,
    flags: [...collectorFlags(receiver.ready.port), '--signals', 'traces'],
    directory,
  }
  const results = new Map(COUNTS.map((count) => [count, []]))
  for (let turn = 0; turn < TURNS; turn++)
    for (const count of COUNTS) results.get(count).push(await measure(count, world, load.child, groups))
  tell(results)
  return 0
}

async function measure(count, { port: originPort, flags, directory }, load, groups) {
  const log = ['--access-log', path.join(directory, 'access.log')]
  const { child, port } = await startOutspan([...flags, ...log, '--workers', String(count)])
  // One worker is the process itself.
  const workers = count === 1 ? [child.pid] : childrenOf(child.pid)
  if (workers.length !== count) throw new Error(`${workers.length} workers, not ${count}`)
  await ask(load, { verb: 'open', port, originPort, count: CONNECTIONS })
  await ask(load, { verb: 'run', requests: 1e9, seconds: WARM_UP })
  // Compiled by now: that is no matter of shares.
  for (const [index, pid] of workers.entries()) writeFileSync(path.join(groups[index], 'cgroup.procs'), String(pid))
  const before = cpuOf([child.pid, ...workers])
  const { requests, elapsed } = await ask(load, { verb: 'run', requests: 1e9, seconds: SECONDS })
  const cpu = cpuOf([child.pid, ...workers]) - before
  await ask(load, { verb: 'close' })
  await stop(child)
  return { requestsPerSecond: requests / elapsed, cpuPerRequest: (cpu / requests) * 1e6 }
}

function cpuOf(pids) {
  return [...new Set(pids)].reduce((sum, pid) => sum + cpuSeconds(pid), 0)
}

function childrenOf(pid) {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
  return text.split(' ').filter((each) => each !== '')
}

/** @returns the directory of a group for each worker, with its share of a core; nothing where that can't be had */
function makeGroups() {
  const [first, limit] = existsSync('/sys/fs/cgroup/cgroup.controllers')
    ? ['/sys/fs/cgroup', ['cpu.max', `${SHARE * PERIOD} ${PERIOD}`]]
    : ['/sys/fs/cgroup/cpu', ['cpu.cfs_quota_us', String(SHARE * PERIOD)]]
  const groups = Array.from({ length: Math.max(...COUNTS) }, (_, index) =>
    path.join(first, `outspan-${process.pid}-${index}`),
  )
  try {
    for (const group of groups) {
      mkdirSync(group)
      if (limit[0] === 'cpu.cfs_quota_us') writeFileSync(path.join(group, 'cpu.cfs_period_us'), String(PERIOD))
      writeFileSync(path.join(group, limit[0]), limit[1])
    }
    return groups
  } catch {
    for (const group of groups.filter(existsSync)) rmdirSync(group)
    return undefined
  }
}

function tell(results) {
  const middle = (count, figure) => median(results.get(count).map((result) => result[figure]))
  const one = middle(1, 'requestsPerSecond')
  process.stdout.write(
    `everything on, ${SHARE * 100} % of a core a worker, ${CONNECTIONS} connections, ${TURNS} × ${SECONDS} s\n`,
  )
  for (const count of results.keys()) {
    const rate = middle(count, 'requestsPerSecond')
    const cpu = middle(count, 'cpuPerRequest').toFixed(1)
    process.stdout.write(
      `${count} workers  ${rate.toFixed(0).padStart(6)} requests/s  ${(rate / one).toFixed(2)} × one worker  CPU ${cpu} µs a request\n`,
    )
  }
}

main().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error.stack}\n`)
    process.exit(1)
  },
)
