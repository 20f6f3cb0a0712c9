/** Answers to TRACE and OPTIONS that were to come no further than here (RFC 9110 §9.3.7 and §9.3.8). */
import { writeResponseHead } from '../http1/write-head'
import { type FieldLine, FieldNames } from '../model/field-line'
import type { RequestHead } from '../model/head'

/** A TRACE must not tell anybody who reads its answer what he should not know. */
const secret = new FieldNames(['authorization', 'proxy-authorization', 'cookie', 'x-api-key'])

/**
 * The answer, head and body, as latin1 text. The connection ends with it.
 * @param more lines that it carries
 */
export function lastHopResponse({ method, target, minor, lines }: RequestHead, more: readonly FieldLine[]): string {
  if (method === 'OPTIONS') return respond(more, '')
  const told = lines.filter((line) => !secret.hold(line))
  return respond(
    ['Content-Type: message/http', ...more],
    `TRACE ${target} HTTP/1.${minor}\r\n${told.join('\r\n')}\r\n\r\n`,
  )
}

function respond(lines: readonly FieldLine[], body: string): string {
  return writeResponseHead(200, 'OK', [...lines, `Content-Length: ${body.length}`, 'Connection: close']) + body
}
