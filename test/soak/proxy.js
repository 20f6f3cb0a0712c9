/** The program under test: the real binary, what it says of itself, and what the system says of it. */
'use strict'
const { readdirSync, readFileSync } = require('node:fs')
const path = require('node:path')
const { ask, readyRecord, startNode } = require('../bench/children')

const OUTSPAN = path.join(__dirname, '../../bin/outspan.js')
const PROBE = path.join(__dirname, 'probe.js')
/** The memory limits of the image, so that what grows is seen. */
const NODE_FLAGS = ['--max-semi-space-size=8', '--max-old-space-size=96', '--expose-gc', '--require', PROBE]

/** @param {{ receiverPort: number, accessLog: string }} world */
async function startOutspan({ receiverPort, accessLog }) {
  const own = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--upstream-idle-timeout', '2s']
  const sinks = ['--access-log', accessLog, '--otlp-endpoint', `http://127.0.0.1:${receiverPort}`]
  const child = startNode([...NODE_FLAGS, OUTSPAN, ...own, ...sinks], { hasIpc: true })
  const { proxy, admin } = await readyRecord(child)
  return { child, port: Number(new URL(proxy).port), admin }
}

/**
 * The metrics, read once.
 * @returns {Promise<{ one(name: string): number, by(name: string, label: string): Map<string, number> }>} `one` adds up
 *   the points of a metric, `by` does so for each value of a label
 */
async function readMetrics({ admin }) {
  // A connection that is kept would be one descriptor more or less, by how long ago it was used.
  const text = await (await fetch(`${admin}/metrics`, { headers: { connection: 'close' } })).text()
  const points = [...text.matchAll(/^(\w+)(?:\{([^}]*)\})? (\S+)/gm)]
  const by = (name, label) => {
    const sums = new Map()
    for (const [, found, labels = '', value] of points) {
      if (found !== name) continue
      const key = labels.match(new RegExp(`${label}="([^"]*)"`))?.[1] ?? ''
      sums.set(key, (sums.get(key) ?? 0) + Number(value))
    }
    return sums
  }
  return { by, one: (name) => [...by(name, 'none').values()].reduce((sum, value) => sum + value, 0) }
}

/** Memory after a garbage collection, in MB. */
async function memoryAfterCollection({ child }) {
  const { rss, heapUsed, external } = await ask(child, {})
  return { rss: rss / 1e6, heap: heapUsed / 1e6, external: external / 1e6 }
}

function descriptors({ child }) {
  return readdirSync(`/proc/${child.pid}/fd`).length
}

function descriptorLimit({ child }) {
  return Number(readFileSync(`/proc/${child.pid}/limits`, 'latin1').match(/^Max open files\s+(\d+)/m)?.[1])
}

module.exports = { descriptorLimit, descriptors, memoryAfterCollection, readMetrics, startOutspan }
