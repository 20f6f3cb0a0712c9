/** What the system knows of a process and of a core, read from /proc, and the middle of a few numbers. */
'use strict'
const { execFileSync } = require('node:child_process')
const { readFileSync } = require('node:fs')

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** CPU time that all threads of a process have used, in seconds. */
function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The second field is the name in parentheses, which may hold spaces. utime and stime are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** Time that a core was busy, with whatever it was, in seconds. */
function coreBusySeconds(core) {
  const line = readFileSync('/proc/stat', 'latin1').match(new RegExp(`^cpu${core} (.*)$`, 'm'))
  if (!line) return Number.NaN
  const [user, nice, system, , , irq, softirq, steal] = line[1].split(' ').map(Number)
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND
}

/** Resident memory now and at its highest, in MB (10⁶ bytes). */
function memory(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const read = (name) => (Number(status.match(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm'))?.[1]) * 1024) / 1e6
  return { rss: read('VmRSS'), highest: read('VmHWM') }
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

module.exports = { coreBusySeconds, cpuSeconds, median, memory }
