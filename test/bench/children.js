/** Child processes: started on a core that suits them, talked to over IPC, and ended by pid when the bench ends. */
'use strict'
const { spawn, spawnSync } = require('node:child_process')
const { once } = require('node:events')

/** The candidate has one core to itself; load, origin, receiver and the bench share the other. */
const BENCH_CORE = '0'
const CANDIDATE_CORE = '1'
/** Time from SIGTERM to the end of a process, in milliseconds. More than outspan's own time for flushing. */
const STOP_TIMEOUT = 15_000
/** Time that outspan has to get ready, in milliseconds. */
const READY_TIMEOUT = 30_000
/** Standard-error text that is kept to explain a failure, in characters. */
const STDERR_KEPT = 4000

/** Nothing of the caller's environment changes what is measured: no proxy, OTEL_, OUTSPAN_ or NODE_OPTIONS variable. */
const cleanEnvironment = { PATH: process.env.PATH }

const running = new Set()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/**
 * Pins the bench, and with it every child that it starts, to its core.
 * @returns {string | undefined} why nothing is pinned
 */
function pinBench() {
  if (spawnSync('taskset', ['-c', CANDIDATE_CORE, 'true']).status !== 0) return noPinning()
  return spawnSync('taskset', ['-cp', BENCH_CORE, String(process.pid)]).status === 0 ? undefined : noPinning()
}

let isPinned = true

/** Whether the candidate runs on a core that the bench stays away from. */
function hasOwnCore() {
  return isPinned
}

function noPinning() {
  isPinned = false
  return `not pinned: taskset is missing, or core ${CANDIDATE_CORE}; candidates share cores with their load`
}

/**
 * @param {string[]} args of Node.js
 * @param {{ isCandidate?: boolean, hasIpc?: boolean }} [options]
 */
function startNode(args, { isCandidate = false, hasIpc = false } = {}) {
  const stdio = ['ignore', 'ignore', 'pipe', ...(hasIpc ? ['ipc'] : [])]
  return startChild([process.execPath, ...args], { env: cleanEnvironment, stdio }, isCandidate)
}

/** A candidate that is no program of Node.js. */
function startProgram(command, args, env) {
  return startChild([command, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] }, true)
}

function startChild(command, options, isCandidate) {
  // taskset replaces itself by the program: the pid is the program's.
  const [first, ...rest] = isCandidate && isPinned ? ['taskset', '-c', CANDIDATE_CORE, ...command] : command
  const child = spawn(first, rest, options)
  running.add(child)
  child.stderrText = ''
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (text) => {
    child.stderrText = (child.stderrText + text).slice(-STDERR_KEPT)
  })
  child.once('exit', () => running.delete(child))
  return child
}

/** The record of outspan's own log that says that it is ready. @param child as `startNode` gives it */
function readyRecord(child) {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new Error(`outspan did not get ready: ${child.stderrText}`))
    const timer = setTimeout(fail, READY_TIMEOUT)
    child.once('exit', fail)
    child.stderr.on('data', function look() {
      const record = child.stderrText.split('\n').find((line) => line.includes('"message":"ready"'))
      if (!record?.endsWith('}')) return
      clearTimeout(timer)
      child.off('exit', fail)
      child.stderr.off('data', look)
      resolve(JSON.parse(record))
    })
  })
}

/**
 * Starts one of this folder's processes and waits for its first message.
 * @param {string} file
 * @param {{ flags?: string[], args?: string[], isCandidate?: boolean }} [options] flags go to Node.js, args to the file
 */
async function startRole(file, { flags = [], args = [], isCandidate = false } = {}) {
  const child = startNode([...flags, require.resolve(file), ...args], { isCandidate, hasIpc: true })
  return { child, ready: await nextMessage(child) }
}

/** Sends a message and waits for the answer. */
function ask(child, message) {
  const answer = nextMessage(child)
  child.send(message)
  return answer
}

function nextMessage(child) {
  return new Promise((resolve, reject) => {
    const onExit = (code, signal) => reject(new Error(`a process ended early (${code ?? signal}): ${child.stderrText}`))
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      if (message.error === undefined) resolve(message)
      else reject(new Error(message.error))
    })
  })
}

/** Ends a process the way an orchestrator does. @returns its exit code; undefined when a signal ended it */
async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT)
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  clearTimeout(timer)
  return code ?? undefined
}

module.exports = { CANDIDATE_CORE, ask, hasOwnCore, pinBench, readyRecord, startNode, startProgram, startRole, stop }
