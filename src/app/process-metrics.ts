/** What this process takes: memory, processor time, descriptors, and how late its event loop is. */
import { readdir } from 'node:fs/promises'
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { getHeapSpaceStatistics } from 'node:v8'
import { type Metric, type NumberMetric, single } from '../telemetry/metrics'

/** How often the event loop is asked, in milliseconds. Each time wakes the process: at 10 ms an idle one takes 0.3 % of a core. */
const RESOLUTION = 100
/** The shortest time that delays are told of, in milliseconds: several readers in a row shall see the same. */
const WINDOW = 10_000

/** What is measured from the first reading on: nobody pays for it before. */
let delays: IntervalHistogram | undefined
let windowStart = 0
let descriptors: number | undefined

/** Descriptors and delays are missing from the first reading; descriptors are those of the reading before. */
export function processMetrics(): Metric[] {
  return [
    { ...single('gauge', 'process.uptime', 's', 'Time since the start.', process.uptime()), merge: 'max' },
    single('updown', 'process.memory.usage', 'By', 'Resident memory.', process.memoryUsage.rss()),
    heap(),
    processorTime(),
    ...openDescriptors(),
    ...eventLoopDelays(),
  ]
}

function heap(): Metric {
  return {
    kind: 'updown',
    name: 'v8js.memory.heap.used',
    unit: 'By',
    description: 'Heap in use, by space.',
    points: getHeapSpaceStatistics().map(({ space_name, space_used_size }) => ({
      attributes: { 'v8js.heap.space.name': space_name },
      value: space_used_size,
    })),
  }
}

function processorTime(): Metric {
  const { user, system } = process.cpuUsage()
  return {
    kind: 'counter',
    name: 'process.cpu.time',
    unit: 's',
    description: 'Processor time.',
    points: [
      { attributes: { 'cpu.mode': 'user' }, value: user / 1e6 },
      { attributes: { 'cpu.mode': 'system' }, value: system / 1e6 },
    ],
  }
}

/** With many connections the list is long, so it is read in the background. Only Linux has it. */
function openDescriptors(): Metric[] {
  const known = descriptors
  readdir('/proc/self/fd').then(
    (names) => {
      // One is that of the list itself.
      descriptors = names.length - 1
    },
    () => {},
  )
  if (known === undefined) return []
  return [single('updown', 'process.unix.file_descriptor.count', '{file_descriptor}', 'File descriptors open.', known)]
}

function eventLoopDelays(): Metric[] {
  const now = performance.now()
  if (!delays) {
    delays = monitorEventLoopDelay({ resolution: RESOLUTION })
    delays.enable()
    windowStart = now
    return []
  }
  if (delays.count === 0) return []
  const metrics = [
    delay('p50', 'half of the time', delays.percentile(50)),
    delay('p99', '99 % of the time', delays.percentile(99)),
    delay('max', 'all of the time', delays.max),
  ]
  if (now - windowStart >= WINDOW) {
    delays.reset()
    windowStart = now
  }
  return metrics
}

/** @param nanoseconds between two times that the loop was asked */
function delay(what: string, share: string, nanoseconds: number): NumberMetric {
  const seconds = Math.max(0, nanoseconds / 1e9 - RESOLUTION / 1000)
  const words = `How late the event loop is at most in ${share}; of several processes, the latest.`
  return { ...single('gauge', `nodejs.eventloop.delay.${what}`, 's', words, seconds), merge: 'max' }
}
