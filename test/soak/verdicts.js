/** What has to hold at the end, as rows: what, what it is to be, what it is. */
'use strict'

/** How far memory may stay above its baseline, in MB. The heap is measured after a collection; pages are kept longer. */
const HEAP_TOLERANCE = 6
const RSS_TOLERANCE = 60
/** Share of a core that a program at rest may use. */
const REST_CPU = 0.05

const same = (what, wanted, found) => ({ what, wanted: String(wanted), found: String(found), holds: wanted === found })
const atMost = (what, most, found, unit) => ({
  what,
  wanted: `at most ${most.toFixed(2)}${unit}`,
  found: `${found.toFixed(2)}${unit}`,
  holds: found <= most,
})

function restVerdicts(before, after) {
  return [
    ...Object.entries(after.left).map(([name, value]) => same(`at rest, ${name}`, 0, value)),
    same('descriptors as before', before.descriptors, after.descriptors),
    atMost('heap as before', before.memory.heap + HEAP_TOLERANCE, after.memory.heap, ' MB'),
    atMost('buffers as before', before.memory.external + HEAP_TOLERANCE, after.memory.external, ' MB'),
    atMost('resident memory as before', before.memory.rss + RSS_TOLERANCE, after.memory.rss, ' MB'),
    atMost('CPU at rest', REST_CPU, after.cpuShare, ' of a core'),
  ]
}

/** The program's own figures, and those of others. */
function bookVerdicts(books, metrics, clients) {
  const counted = metrics.by('outspan_exchanges_total', 'error_type')
  const reasons = new Set(
    [...counted.keys(), ...books.ends.keys()].filter((reason) => reason !== '' && reason !== 'ok'),
  )
  return [
    same('requests that are not as their kind asks', 0, books.wrong.length),
    same('exchanges counted = lines', books.lines, metrics.one('outspan_exchanges_total')),
    same('  without an error', books.ends.get('ok') ?? 0, counted.get('') ?? 0),
    ...[...reasons].sort().map((reason) => same(`  ${reason}`, books.ends.get(reason) ?? 0, counted.get(reason) ?? 0)),
    same('spans observed = sampled lines', books.sampled, metrics.one('outspan_spans_observed_total')),
    same('spans exported', books.sampled, metrics.one('outspan_spans_exported_total')),
    same('spans at the collector', books.sampled, books.spans),
    same('spans dropped', 0, metrics.one('outspan_spans_dropped_total')),
    same('lines dropped', 0, metrics.one('outspan_access_log_dropped_total')),
    same('connections accepted = made', clients.connections, metrics.one('outspan_client_connections_accepted_total')),
    same('connections rejected', 0, metrics.one('outspan_client_connections_rejected_total')),
    same('clients that were let down', 0, clients.failed),
  ]
}

module.exports = { REST_CPU, bookVerdicts, restVerdicts }
