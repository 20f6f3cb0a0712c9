/** Holds our reading of a connection against that of Node.js. */
import { type NodeReader, nodeMethods } from './node-parser'
import type { OwnReader } from './own-reader'
import type { Message, Stream } from './reading'

/** What we read, in words that Node.js understands. */
interface Claim {
  readonly bytes: Buffer
  /** Whole messages, then possibly one whose head alone is whole. */
  readonly messages: readonly Message[]
  readonly ends: readonly number[]
}

const KNOWN = 'PATCH'

/**
 * Methods are an open set (RFC 9110 §9.1), and a proxy passes on those that it doesn't know; Node.js knows a list. It is
 * asked about the same connection with a method that it knows in the place of the others.
 */
function claimOf(stream: Stream, ours: OwnReader): Claim {
  const messages = ours.partial ? [...ours.messages, ours.partial] : [...ours.messages]
  const ends = [...ours.ends]
  let { bytes } = stream
  if (stream.side === 'responses') return { bytes, messages, ends }
  for (const [index, message] of messages.entries()) {
    const method = message.start.slice(0, message.start.indexOf(' '))
    if (nodeMethods.has(method)) continue
    const at = bytes.indexOf(method, ends[index - 1] ?? 0, 'latin1')
    bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(KNOWN), bytes.subarray(at + method.length)])
    messages[index] = { ...message, start: KNOWN + message.start.slice(method.length) }
    const longer = KNOWN.length - method.length
    for (let later = index; later < ends.length; later++) ends[later] = (ends[later] as number) + longer
  }
  return { bytes, messages, ends }
}

/**
 * Whether Node.js takes the message before this one for the last of its connection where RFC 9110 clearly doesn't:
 * - an interim response with `Connection: close`: a final one follows in any case (§15.2), and the end comes behind that;
 * - HTTP/1.0 with `Connection: keep-alive` and a tab behind it, which is optional white space (§5.5, §5.6.3).
 * Neither touches what a message says or where it ends.
 */
function isEndedForNode(node: NodeReader, index: number, { bytes, messages, ends }: Claim): boolean {
  const before = messages[index - 1]
  if (node.error !== 'HPE_CLOSED_CONNECTION' || !before) return false
  if (/^1../.test(before.start)) return true
  const wire = bytes.toString('latin1', ends[index - 2] ?? 0, ends[index - 1])
  return before.start.endsWith('HTTP/1.0') && /^(?:proxy-)?connection:.*\t/im.test(wire)
}

/** What Node.js, which has read nothing yet, says against our reading; undefined when it agrees. */
export function objection(stream: Stream, ours: OwnReader, node: NodeReader): string | undefined {
  const claim = claimOf(stream, ours)
  const { bytes, messages, ends } = claim
  let at = 0
  for (const [index, end] of ends.entries()) {
    node.push(bytes.subarray(at, end - 1))
    const before = node.complete
    node.push(bytes.subarray(end - 1, end))
    if (isEndedForNode(node, index, claim)) return difference(messages.slice(0, index), node)
    if (node.error !== undefined) return `${node.error} in message ${index}`
    if (before !== index || node.complete !== index + 1) return `message ${index} does not end at ${end}`
    at = end
  }
  if (ours.verdict === 'tunnel') return difference(messages, node)
  node.push(bytes.subarray(at))
  if (isEndedForNode(node, ends.length, claim)) return difference(messages.slice(0, ends.length), node)
  if (ours.isFaulty) return difference(messages, node, ours.partial)
  const isInBody = messages.length > ends.length
  if (isInBody && node.error !== undefined) return `${node.error} in a body`
  const isJudged = isInBody || ours.verdict === 'open'
  if (isJudged && ours.mayEnd && !node.finish()) return `${node.error} at the end`
  return difference(messages, node)
}

/** @param cut the last of the messages, when a fault ended it: the readers may have come a different way until then */
function difference(messages: readonly Message[], node: NodeReader, cut?: Message): string | undefined {
  for (const [index, { start, lines, body, trailers }] of messages.entries()) {
    const theirs = node.messages[index]
    if (theirs?.start !== start) return `message ${index} begins otherwise`
    if (!isSame(theirs.lines, lines)) return `message ${index} has other lines`
    const isCut = cut !== undefined && index === messages.length - 1
    if (isCut ? !theirs.body.startsWith(body) && !body.startsWith(theirs.body) : theirs.body !== body) {
      return `message ${index} has another body`
    }
    if (!isCut && !isSame(theirs.trailers, trailers)) return `message ${index} has other trailers`
  }
  return undefined
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, index) => text === other[index])
}
