/** Who is measured, and how each is started. All that are of Node.js run with the same flags of it. */
'use strict'
const path = require('node:path')
const { readyRecord, startNode, startRole, stop } = require('./children')
const { installedCandidates } = require('./installed')

/** The flags of the image, for its default memory limit. */
const NODE_FLAGS = ['--max-semi-space-size=4', '--max-old-space-size=96']
const OUTSPAN = path.join(__dirname, '../../bin/outspan.js')

/**
 * @typedef {{ originPort: number, receiverPort: number, accessLog: string }} World where a candidate finds the others
 * @typedef {{ child: import('node:child_process').ChildProcess, port: number }} Started
 * @typedef {{ key: string, name: string, hasTelemetry: boolean, hasLogs?: boolean, isForeign?: boolean, start(world: World): Promise<Started> }} Candidate
 */

/** @type {readonly Candidate[]} */
const candidates = [
  {
    key: 'relay',
    name: 'relay of bytes, the floor',
    hasTelemetry: false,
    start: ({ originPort }) => startOwn('./relay', originPort),
  },
  {
    key: 'http-proxy',
    name: 'http-proxy, keep-alive agent',
    hasTelemetry: false,
    start: ({ originPort }) => startOwn('./http-proxy', originPort),
  },
  ...installedCandidates(),
  {
    key: 'outspan-bare',
    name: 'outspan, bare',
    hasTelemetry: false,
    start: () => startOutspan(['--access-log', 'off']),
  },
  {
    key: 'outspan-full',
    name: 'outspan, everything on',
    hasTelemetry: true,
    start: ({ receiverPort, accessLog }) =>
      startOutspan([...collectorFlags(receiverPort), '--access-log', accessLog, '--signals', 'traces']),
  },
  {
    key: 'outspan-signals',
    name: 'outspan, logs and metrics exported too',
    hasTelemetry: true,
    hasLogs: true,
    start: ({ receiverPort, accessLog }) =>
      startOutspan([...collectorFlags(receiverPort), '--access-log', accessLog, '--metrics-interval', '1s']),
  },
]

function collectorFlags(port) {
  return ['--otlp-endpoint', `http://127.0.0.1:${port}`]
}

async function startOwn(file, originPort) {
  const { child, ready } = await startRole(file, { flags: NODE_FLAGS, args: [String(originPort)], isCandidate: true })
  return { child, port: ready.port }
}

/** Arguments of Node.js that start outspan on `listen` and `admin`. */
function outspanArguments(listen, admin, flags) {
  return [...NODE_FLAGS, OUTSPAN, '--listen', listen, '--admin', admin, ...flags]
}

async function startOutspan(flags) {
  const child = startNode(outspanArguments('127.0.0.1:0', '127.0.0.1:0', flags), { isCandidate: true })
  try {
    const { proxy } = await readyRecord(child)
    return { child, port: Number(new URL(proxy).port) }
  } catch (error) {
    await stop(child)
    throw error
  }
}

/** The candidates whose key is one of `keys` or begins with one: `outspan` names two. */
function chosen(keys) {
  return candidates.filter(({ key }) => keys.some((wanted) => key === wanted || key.startsWith(`${wanted}-`)))
}

function byKey(...keys) {
  return keys.map((key) => candidates.find((candidate) => candidate.key === key))
}

module.exports = { byKey, candidates, chosen, collectorFlags, NODE_FLAGS, outspanArguments, startOutspan }
