/** What the bench prints: text in columns. */
'use strict'

/** First column to the left, the others to the right. */
function columns(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const line = (row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  ')
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('')
}

/** @param {Iterable<import('./summary').Summary>} summaries */
function loadTable(summaries) {
  const fixed = (value, digits) => (value === undefined ? '-' : value.toFixed(digits))
  const percent = (share) => `${Math.round(share * 100)} %`
  const header = ['candidate', 'CPU µs/req', 'spread', '÷ relay', '÷ http-proxy', 'req/s', 'p50 ms', 'p99 ms', 'RSS MB']
  const rows = [...summaries].map((summary) => [
    summary.name,
    fixed(summary.cpuPerRequest, 1),
    summary.cpuRange.map((value) => fixed(value, 1)).join('–'),
    fixed(summary.toFloor, 2),
    fixed(summary.toHttpProxy, 2),
    fixed(summary.requestsPerSecond, 0),
    fixed(summary.p50, 2),
    fixed(summary.p99, 2),
    fixed(summary.rss, 0),
    fixed(summary.highest, 0),
    percent(summary.ownShare),
    percent(summary.otherShare),
  ])
  return columns([[...header, 'peak MB', 'own core', 'others'], ...rows])
}

function startTable(starts) {
  const ms = (value) => `${Math.round(value)} ms`
  return columns([
    ['start', 'ready', 'spread'],
    ...starts.map(({ name, median, range }) => [name, ms(median), `${Math.round(range[0])}–${ms(range[1])}`]),
  ])
}

/** Latency at half load and the throughput of a large body. */
function sustainedTable({ halfLoad, streams }) {
  const latency = halfLoad
    ? `${columns([
        [`${halfLoad.requestsPerSecond} requests/s`, 'p50 ms', 'p99 ms'],
        ...halfLoad.rows.map(({ name, p50, p99 }) => [name, p50.toFixed(2), p99.toFixed(2)]),
      ])}\n`
    : ''
  const throughput = columns([
    ['a body of 1 GB', 'MB/s', '÷ relay'],
    ...streams.map(({ name, throughput, toFloor }) => [name, throughput.toFixed(0), toFloor.toFixed(2)]),
  ])
  return `${latency}${throughput}`
}

function idleLine(bytes) {
  return `an idle client connection: ${(bytes / 1000).toFixed(1)} KB of resident memory`
}

const digits = { '×': 2, KB: 1, 'ms more': 2 }

function budgetTable(budgets) {
  const shown = (value, unit) => value.toFixed(digits[unit] ?? 0)
  return columns([
    ['budget', 'measured', 'limit', ''],
    ...budgets.map(({ what, value, limit, unit, holds }) => [
      what,
      `${shown(value, unit)} ${unit}`,
      `${limit} ${unit}`,
      holds ? 'holds' : 'MISSED',
    ]),
  ])
}

module.exports = { budgetTable, idleLine, loadTable, startTable, sustainedTable }
