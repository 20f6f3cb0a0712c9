/** What a request pays for propagation: extract and inject, by themselves. */
'use strict'
const path = require('node:path')
const dist = (file) => require(path.join(__dirname, '../../dist', file))
const { Propagation } = dist('propagation/propagate')
const { formats } = dist('propagation/formats')
const { w3c } = dist('propagation/w3c')
const { sortFields } = dist('http/field-sort')

const ROUNDS = 200_000
const BATCHES = 9
const random = { hex: (bytes) => 'b7ad6b7169203331b7ad6b7169203331'.slice(0, bytes * 2) }

const ids = '0af7651916cd43dd8448eb211c80319c'
const traceparent = `traceparent: 00-${ids}-b7ad6b7169203331-01`
const plain = [
  'Host: a.example',
  'User-Agent: curl/8',
  'Accept: */*',
  'Accept-Encoding: gzip',
  'Authorization: Bearer x',
]
const datadog = [
  'x-datadog-trace-id: 9532127138774266268',
  'x-datadog-parent-id: 13235353014750950193',
  'x-datadog-sampling-priority: 2',
  'x-datadog-tags: _dd.p.dm=-4,_dd.p.tid=0af7651916cd43dd',
]

const alone = { extract: [w3c], clear: [], inject: ['preserve'], defaultFormat: w3c }
const preserved = { extract: formats, clear: [], inject: ['preserve'], defaultFormat: w3c }
const everything = { extract: formats, clear: [], inject: ['preserve', ...formats], defaultFormat: w3c }

/** Microseconds for one request: extract and inject, on lines that were sorted before. */
function measure(settings, lines) {
  const propagation = new Propagation(settings, random)
  const { travelling, noted } = sortFields(lines, propagation.fields)
  let sink = 0
  let best = Number.POSITIVE_INFINITY
  for (let batch = 0; batch < BATCHES; batch++) {
    const start = process.hrtime.bigint()
    for (let i = 0; i < ROUNDS; i++) {
      const head = travelling.slice()
      const seen = []
      for (const index of noted) seen.push(head[index])
      const { context } = propagation.extract(seen)
      propagation.inject(head, noted, context)
      sink += head.length
    }
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1000 / ROUNDS)
  }
  return sink > 0 ? best : Number.NaN
}

/** Name, settings, lines of the head, and the budget in µs where there is one. */
const rows = [
  ['w3c alone, traceparent arrives', alone, [...plain, traceparent], 1.5],
  ['w3c alone, nothing arrives', alone, plain],
  ['all extracted, preserved, traceparent arrives', preserved, [...plain, traceparent]],
  ['all extracted, preserved, datadog arrives', preserved, [...plain, ...datadog]],
  ['all extracted, all injected, traceparent arrives', everything, [...plain, traceparent], 4],
  ['all extracted, all injected, datadog arrives', everything, [...plain, ...datadog], 4],
  ['all extracted, all injected, nothing arrives', everything, plain, 4],
]
/** @returns {string} a line for each case */
function propagationTable() {
  const lines = rows.map(([name, settings, head, budget]) => {
    const cost = measure(settings, head)
    const verdict =
      budget === undefined ? '' : `  limit ${budget.toFixed(1)} µs  ${cost <= budget ? 'holds' : 'MISSED'}`
    return `${name.padEnd(52)}${cost.toFixed(2)} µs${verdict}`
  })
  return `${['propagation, extract and inject'.padEnd(52), ...lines].map((line) => line.trimEnd()).join('\n')}\n`
}

module.exports = { propagationTable }
