/** Heads: plain data in, latin1 text out. */
import type { FieldLine } from '../model/field-line'

/** A request head in origin form, always HTTP/1.1, its empty line included. */
export function writeRequestHead(method: string, target: string, lines: readonly FieldLine[]): string {
  return writeHead(`${method} ${target} HTTP/1.1`, lines)
}

/** A response head, always HTTP/1.1, its empty line included. */
export function writeResponseHead(status: number, reason: string, lines: readonly FieldLine[]): string {
  return writeHead(`HTTP/1.1 ${status} ${reason}`, lines)
}

function writeHead(startLine: string, lines: readonly FieldLine[]): string {
  return lines.length === 0 ? `${startLine}\r\n\r\n` : `${startLine}\r\n${lines.join('\r\n')}\r\n\r\n`
}
