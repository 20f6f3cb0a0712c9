/** The runtime's own way from bytes to text; `toString('latin1')` is this behind a chain of checks. Not in Node.js's types. */
interface Latin1 {
  latin1Slice(start: number, end: number): string
}

/** The bytes of `bytes[start..end)` as text, one character each. The bounds must lie within the buffer. */
export function latin1(bytes: Buffer, start: number, end: number): string {
  return (bytes as unknown as Latin1).latin1Slice(start, end)
}
