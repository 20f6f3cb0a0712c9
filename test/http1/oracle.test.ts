/**
 * Node.js's own parser as a second reader of generated connections. The law: what our codec accepts, it accepts too, and
 * reads the same, down to the byte at which a message ends. That we refuse more is meant; the counts that are printed tell
 * how much. The second law: how the bytes are cut into reads makes no difference.
 *
 * OUTSPAN_ORACLE_SEED gives another run, OUTSPAN_ORACLE_MESSAGES a longer one.
 */
import { type Seeded, seeded } from '../support/random'
import { objection } from './comparison'
import { makeStream } from './messages'
import { NodeReader } from './node-parser'
import { OwnReader } from './own-reader'
import type { Side, Stream } from './reading'

const seed = Number(process.env.OUTSPAN_ORACLE_SEED ?? 51)
const count = Number(process.env.OUTSPAN_ORACLE_MESSAGES ?? 220_000)

function readWith(stream: Stream, cuts: readonly number[]): OwnReader {
  const reader = new OwnReader(stream)
  let at = 0
  for (const cut of cuts) {
    reader.push(stream.bytes.subarray(at, cut))
    at = cut
  }
  reader.push(stream.bytes.subarray(at))
  reader.finish()
  return reader
}

/** Everything that must not depend on how the bytes were cut: all but the part of a body that comes before a fault. */
function summary(reader: OwnReader): string {
  const partial = reader.isFaulty ? undefined : reader.partial
  return JSON.stringify([reader.messages, reader.ends, reader.verdict, partial, reader.mayEnd])
}

/** Ways to cut: at a few places, and for some connections behind every byte. */
function cutsOf(random: Seeded, length: number): number[] {
  if (random.chance(0.08)) return Array.from({ length }, (_, at) => at)
  return Array.from({ length: random.integer(1, 5) }, () => random.integer(0, length)).sort((a, b) => a - b)
}

const shown = ({ bytes, methods }: Stream, problem: string) => ({ problem, text: bytes.toString('latin1'), methods })

describe.each<[Side, number]>([
  ['requests', seed],
  ['responses', seed + 1],
])('%s (seed %i)', (side, sideSeed) => {
  test('what our codec accepts, Node.js accepts and reads the same, and cuts make no difference', () => {
    const random = seeded(sideSeed)
    const tally = { connections: 0, messages: 0, accepted: 0, refused: 0, acceptedByNode: 0, refusedByNode: 0 }
    const verdicts: Record<string, number> = {}
    const problems: unknown[] = []
    while (tally.messages < count / 2 && problems.length < 10) {
      const stream = makeStream(random, side)
      const ours = readWith(stream, [])
      const node = new NodeReader(stream)
      const problem = objection(stream, ours, node)
      if (problem !== undefined) problems.push(shown(stream, problem))
      const cuts = cutsOf(random, stream.bytes.length)
      if (summary(readWith(stream, cuts)) !== summary(ours)) problems.push(shown(stream, `cut at ${cuts}`))
      tally.connections++
      tally.messages += stream.made
      tally.accepted += ours.messages.length
      tally.acceptedByNode += node.complete
      if (ours.isFaulty) tally.refused++
      if (node.error !== undefined) tally.refusedByNode++
      verdicts[ours.verdict] = (verdicts[ours.verdict] ?? 0) + 1
      node.free()
    }
    process.stdout.write(`oracle: ${side}, seed ${sideSeed}: ${JSON.stringify({ ...tally, verdicts })}\n`)
    expect(problems).toEqual([])
    expect(tally.accepted).toBeGreaterThan(tally.messages / 3)
    expect(tally.refused).toBeGreaterThan(tally.connections / 5)
  }, 120_000)
})

describe('the oracle tells a difference', () => {
  const streamOf = (text: string, side: Side = 'requests'): Stream => ({
    side,
    bytes: Buffer.from(text, 'latin1'),
    methods: [],
  })
  const post = (lines: string, body: string) => `POST http://a/ HTTP/1.1\r\nHost: a\r\n${lines}\r\n\r\n${body}`
  const next = 'GET http://a/next HTTP/1.1\r\nHost: a\r\n\r\n'

  test.each([
    ['none', post('Content-Length: 3', 'abc'), post('Content-Length: 3', 'abc'), undefined],
    ['another end', post('Content-Length: 3', 'abc'), post('Content-Length: 4', 'abc'), /does not end/],
    ['an earlier end', post('Content-Length: 3', 'abc'), post('Content-Length: 2', 'abc'), /does not end|HPE_/],
    ['another body', post('Content-Length: 3', 'abc'), post('Content-Length: 3', 'abd'), /another body/],
    ['another line', post('Content-Length: 3', 'abc'), post('Content-Lengtg: 3', 'abc'), /HPE_/],
    ['another value', post('X: 3', ''), post('X: 4', ''), /other lines/],
    ['another target', post('X: 3', ''), post('X: 3', '').replace('/a/', '/b/'), /begins otherwise/],
    ['another method', post('X: 3', ''), post('X: 3', '').replace('POST', 'HEAD'), /begins otherwise/],
    ['an error', post('X: 3', ''), post('X: 3', '').replace(': 3', ':\0 '), /HPE_/],
    [
      'another trailer',
      post('Transfer-Encoding: chunked', '0\r\nA: b\r\n\r\n'),
      post('Transfer-Encoding: chunked', '0\r\nA: c\r\n\r\n'),
      /other trailers/,
    ],
  ])('%s', (_name, ours, theirs, expected) => {
    const read = readWith(streamOf(ours + next), [])
    const node = new NodeReader(streamOf(theirs))
    const problem = objection(streamOf(theirs + next), read, node)
    if (expected === undefined) expect(problem).toBeUndefined()
    else expect(problem).toMatch(expected)
  })
})
