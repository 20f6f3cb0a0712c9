/** How a message that arrived differs from the one that should have, in a few words a difference. */

interface Message {
  readonly start: string
  readonly lines: readonly string[]
  readonly body: string
}

/**
 * What each hop says for itself, or what tracing adds: neither is compared.
 */
const ownOfAHop = /^(?:connection|keep-alive|traceparent): /i

function messageOf(text: string): Message {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return { start: text, lines: [], body: '' }
  const [start = '', ...lines] = text.slice(0, end).split('\r\n')
  return { start, lines: lines.filter((line) => !ownOfAHop.test(line)), body: text.slice(end + 4) }
}

/** Splits interim responses from what follows them. */
function messagesOf(text: string): Message[] {
  const message = messageOf(text)
  if (!/^HTTP\/1\.1 1/.test(message.start)) return [message]
  return [{ ...message, body: '' }, ...messagesOf(message.body)]
}

/** @returns nothing when `found` is what was `wanted` */
export function differences(wanted: string, found: string): string[] {
  if (wanted === found) return []
  const wantedInterims = messagesOf(wanted)
  const foundInterims = messagesOf(found)
  const wantedFinal = wantedInterims.pop() as Message
  const foundFinal = foundInterims.pop() as Message
  const starts = (messages: readonly Message[]): string =>
    messages.map(({ start }) => start.slice(9)).join(', ') || 'none'
  return [
    ...(starts(wantedInterims) === starts(foundInterims) ? [] : [`interim responses: ${starts(foundInterims)}`]),
    ...(wantedFinal.start === foundFinal.start ? [] : [`begins ${JSON.stringify(foundFinal.start)}`]),
    ...lineDifferences(wantedFinal.lines, foundFinal.lines),
    ...bodyDifferences(wantedFinal.body, foundFinal.body),
  ]
}

/** A line with its name in lower case. */
const plain = (line: string): string => line.replace(/^[^:]*/, (name) => name.toLowerCase())

function lineDifferences(wanted: readonly string[], found: readonly string[]): string[] {
  if (wanted.join('\n') === found.join('\n')) return []
  const missing = without(wanted, found)
  const extra = without(found, wanted)
  const common = (lines: readonly string[], others: readonly string[]): string =>
    without(lines, others)
      .reduce((rest, line) => without(rest, [line]), lines.map(plain))
      .join('\n')
  const isCaseKept = found.every((line) => wanted.includes(line) || extra.includes(plain(line)))
  return [
    ...(isCaseKept ? [] : ['names in lower case']),
    ...missing.map((line) => `without ${JSON.stringify(line)}`),
    ...extra.map((line) => `with ${JSON.stringify(line)}`),
    ...(common(wanted, found) === common(found, wanted) ? [] : ['another order']),
  ]
}

/** The lines that are not among the others, whatever the case of their names; in lower case. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = others.map(plain)
  return lines.map(plain).filter((line) => {
    const at = left.indexOf(line)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}

function bodyDifferences(wanted: string, found: string): string[] {
  return wanted === found ? [] : [`body ${JSON.stringify(found)}`]
}
