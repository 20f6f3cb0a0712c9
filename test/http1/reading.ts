/** What a reader of HTTP/1.x makes of the bytes of one connection, in terms in which two readers can be compared. */

export interface Message {
  /** `GET http://a/ HTTP/1.1`, or `200 OK HTTP/1.1`. */
  readonly start: string
  /** Names and trimmed values in turn. */
  readonly lines: readonly string[]
  body: string
  trailers: readonly string[]
}

export type Side = 'requests' | 'responses'

/** A connection's bytes, and the methods that responses answer, in turn. */
export interface Stream {
  readonly side: Side
  readonly bytes: Buffer
  readonly methods: readonly string[]
}

/** Names and trimmed values of field lines, as Node.js lists them. */
export function raw(lines: readonly string[]): string[] {
  const list: string[] = []
  for (const line of lines) {
    const colon = line.indexOf(':')
    list.push(line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, ''))
  }
  return list
}
