/**
 * The books: what the clients say they did, beside the access log and the spans. Each request has the lines and spans that
 * its kind asks for, ends as it may, and tells the status that its client saw.
 */
'use strict'
const { createReadStream } = require('node:fs')
const { createInterface } = require('node:readline')
const { kinds } = require('./kinds/all')

const ANONYMOUS = new Set([...kinds.values()].filter(({ isAnonymous }) => isAnonymous).flatMap(({ ends }) => ends))

async function* linesOf(file) {
  for await (const line of createInterface({ input: createReadStream(file) })) if (line !== '') yield line
}

/** The id that a record carries, in its path or in its User-Agent. */
function idOf(record) {
  const path = record['url.full']?.match(/^\w+:\/\/[^/]+\/([a-z]+\d*-\d+)\//)
  return (path ?? record['user_agent.original']?.match(/^\/(.+)\/$/))?.[1]
}

/**
 * The access log by id, and what in it has none.
 * @typedef {{ lines: number, end: string, status: number, span: string | undefined }} Entry
 */
async function readAccessLog(file) {
  const byId = new Map()
  const anonymous = new Map()
  const ends = new Map()
  const spans = new Map()
  let lines = 0
  for await (const line of linesOf(file)) {
    lines++
    const record = JSON.parse(line)
    const end = record['error.type'] ?? 'ok'
    const span = record.sampled === true ? record.span_id : undefined
    ends.set(end, (ends.get(end) ?? 0) + 1)
    if (span) spans.set(span, 0)
    const id = idOf(record)
    const known = byId.get(id)
    if (known) known.lines++
    else if (id !== undefined && !ANONYMOUS.has(end)) {
      byId.set(id, { lines: 1, end, status: record['proxy.response.status_code'] ?? 0, span })
    } else anonymous.set(end, (anonymous.get(end) ?? 0) + 1)
  }
  return { lines, byId, anonymous, ends, spans }
}

/** @returns the ids of spans that no line has, and of those that arrived more than once */
async function countSpans(file, spans) {
  const strange = []
  const repeated = []
  let count = 0
  for await (const span of linesOf(file)) {
    count++
    const arrived = spans.get(span)
    if (arrived === undefined) strange.push(span)
    else {
      if (arrived === 1) repeated.push(span)
      spans.set(span, arrived + 1)
    }
  }
  return { count, strange, repeated }
}

/**
 * What is wrong with a request's entry.
 * @param {Entry | undefined} entry
 * @param {boolean} wasSeen by the origin, or answered
 */
function faultOf(kind, entry, clientStatus, wasSeen, spans) {
  if (!entry) return kind.lines === 'one' || (kind.lines === 'maybe' && wasSeen) ? 'no line' : undefined
  if (kind.lines === 'none') return `a line, ${entry.end}`
  if (entry.lines > 1) return `${entry.lines} lines`
  if (kind.ends && !kind.ends.includes(entry.end)) return `ended as ${entry.end}`
  if (clientStatus > 0 && entry.status !== clientStatus) return `status ${entry.status}, seen ${clientStatus}`
  if (kind.spans === 'any') return undefined
  if (kind.spans === 'none') return entry.span && 'a span'
  if (!entry.span) return 'a line without a span'
  return spans.get(entry.span) === 1 ? undefined : `${spans.get(entry.span)} spans arrived`
}

/**
 * Compares.
 * @param {{ journals: string[], accessLog: string, spanIds: string, seenIds: string }} files
 */
async function audit({ journals, accessLog, spanIds, seenIds }) {
  const log = await readAccessLog(accessLog)
  const spans = await countSpans(spanIds, log.spans)
  const seen = new Set()
  for await (const id of linesOf(seenIds)) seen.add(id)

  const rows = new Map(
    [...kinds.keys()].map((name) => [name, { name, requests: 0, lines: 0, spans: 0, ends: new Map() }]),
  )
  const wrong = []
  const anonymous = new Map()
  for (const journal of journals) {
    for await (const line of linesOf(journal)) {
      const [name, id, status] = JSON.parse(line)
      const kind = kinds.get(name)
      const row = rows.get(name)
      row.requests++
      if (kind.isAnonymous) {
        const [end] = kind.ends
        anonymous.set(end, (anonymous.get(end) ?? 0) + 1)
        continue
      }
      const entry = log.byId.get(id)
      const fault = faultOf(kind, entry, status, seen.has(id) || status > 0, log.spans)
      if (fault) wrong.push(`${name}, ${id}: ${fault}`)
      if (!entry) continue
      row.lines += entry.lines
      row.spans += entry.span ? log.spans.get(entry.span) : 0
      row.ends.set(entry.end, (row.ends.get(entry.end) ?? 0) + 1)
      log.byId.delete(id)
    }
  }
  for (const id of log.byId.keys()) wrong.push(`${id}: a line, and no client that knows it`)
  for (const kind of kinds.values()) {
    if (!kind.isAnonymous) continue
    const row = rows.get(kind.name)
    row.lines = log.anonymous.get(kind.ends[0]) ?? 0
    row.ends.set(kind.ends[0], row.lines)
    if (row.lines !== row.requests) wrong.push(`${kind.name}: ${row.lines} lines for ${row.requests} requests`)
    log.anonymous.delete(kind.ends[0])
  }
  for (const [end, count] of log.anonymous) wrong.push(`${count} lines without an id that ended as ${end}`)
  for (const id of spans.strange) wrong.push(`span ${id}: no line has it`)
  for (const id of spans.repeated) wrong.push(`span ${id}: arrived more than once`)
  return {
    rows: [...rows.values()],
    wrong,
    lines: log.lines,
    ends: log.ends,
    sampled: log.spans.size,
    spans: spans.count,
  }
}

module.exports = { audit }
