/** What the hot path and a start may cost. */
'use strict'

/**
 * @param {Map<string, import('./summary').Summary>} summaries by candidate key
 * @param {{ name: string, median: number }[]} starts
 * @returns {{ what: string, value: number, limit: number, unit: string, holds: boolean }[]} those that were measured
 */
function checkBudgets(summaries, starts) {
  const full = summaries.get('outspan-full')
  const rows = [
    { what: 'CPU, everything on ÷ relay', value: full?.toFloor, limit: 2.5, unit: '×' },
    { what: 'CPU, everything on ÷ http-proxy', value: full?.toHttpProxy, limit: 0.5, unit: '×' },
    { what: 'memory, everything on', value: full?.rss, limit: 110, unit: 'MB' },
    ...starts
      .filter(({ name }) => name.startsWith('outspan'))
      .map(({ name, median }) => ({ what: `ready, ${name}`, value: median, limit: 400, unit: 'ms' })),
  ]
  return rows
    .filter(({ value }) => value !== undefined)
    .map((row) => ({ ...row, holds: row.unit === '×' ? row.value <= row.limit : row.value < row.limit }))
}

module.exports = { checkBudgets }
