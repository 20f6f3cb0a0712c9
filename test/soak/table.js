/** What is printed. */
'use strict'

/** Columns padded to their widest cell; the first to the left, numbers to the right. */
function table(head, rows) {
  const all = [head, ...rows]
  const widths = head.map((_, i) => Math.max(...all.map((row) => String(row[i]).length)))
  const line = (row) =>
    row
      .map((cell, i) => (typeof cell === 'number' ? String(cell).padStart(widths[i]) : String(cell).padEnd(widths[i])))
      .join('  ')
  return `${all.map((row) => line(row).trimEnd()).join('\n')}\n`
}

function kindTable({ rows }) {
  const cells = rows
    .filter(({ requests }) => requests > 0)
    .map(({ name, requests, lines, spans, ends }) => {
      const ended = [...ends].map(([end, count]) => (ends.size === 1 ? end : `${end} ${count}`)).join(', ')
      return [name, requests, lines, spans, ended]
    })
  return table(['kind', 'requests', 'lines', 'spans', 'ended as'], cells)
}

function verdictTable(verdicts) {
  const cells = verdicts.map(({ what, wanted, found, holds }) => [what, wanted, found, holds ? 'ok' : 'DOES NOT HOLD'])
  return table(['what', 'to be', 'is', ''], cells)
}

module.exports = { kindTable, verdictTable }
