/** What the hot path and a start may cost. */
'use strict'

/**
 * @param {Map<string, import('./summary').Summary>} summaries by candidate key
 * @param {{ name: string, median: number }[]} starts
 * @param {object} [sustained] latency at half load, streams and idle connections
 * @returns {{ what: string, value: number, limit: number, unit: string, holds: boolean }[]} those that were measured
 */
function checkBudgets(summaries, starts, sustained) {
  const full = summaries.get('outspan-full')
  const rows = [
    { what: 'CPU, bare ÷ relay', value: summaries.get('outspan-bare')?.toFloor, limit: 1.4, unit: '×' },
    { what: 'CPU, everything on ÷ relay', value: full?.toFloor, limit: 2, unit: '×' },
    { what: 'CPU, everything on ÷ http-proxy', value: full?.toHttpProxy, limit: 0.4, unit: '×' },
    { what: 'CPU, logs and metrics beside traces', value: extraOf(summaries), limit: 6, unit: 'µs' },
    { what: 'memory, everything on', value: full?.rss, limit: 90, unit: 'MB' },
    { what: 'p99 at half load, everything on − relay', value: excessOf(sustained), limit: 2, unit: 'ms more' },
    { what: 'body of 1 GB, relay ÷ bare', value: slownessOf(sustained), limit: 1 / 0.8, unit: '×' },
    { what: 'an idle client connection', value: sustained && sustained.idle / 1000, limit: 12, unit: 'KB' },
    ...starts
      .filter(({ name }) => name.startsWith('outspan'))
      .map(({ name, median }) => ({ what: `ready, ${name}`, value: median, limit: 400, unit: 'ms' })),
  ]
  return rows.filter(({ value }) => value !== undefined).map((row) => ({ ...row, holds: row.value <= row.limit }))
}

/** Microseconds a request that the other two signals cost. */
function extraOf(summaries) {
  const [all, full] = [summaries.get('outspan-signals')?.cpuPerRequest, summaries.get('outspan-full')?.cpuPerRequest]
  return all && full && all - full
}

function excessOf(sustained) {
  const p99 = (key) => sustained?.halfLoad?.rows.find((row) => row.key === key)?.p99
  return sustained?.halfLoad && p99('outspan-full') - p99('relay')
}

function slownessOf(sustained) {
  const toFloor = sustained?.streams.find(({ key }) => key === 'outspan-bare')?.toFloor
  return toFloor && 1 / toFloor
}

module.exports = { checkBudgets }
