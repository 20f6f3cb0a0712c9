/** Time, handed to whoever needs it, so that tests can own it. */
export interface Clock {
  /** A mark in milliseconds, with fractions, on a clock that never steps back. */
  now(): number
  /** The Unix time of a mark, in milliseconds with fractions. */
  unix(mark: number): number
}

/** Randomness, handed to whoever needs it, so that tests can own it. */
export interface Random {
  /** `bytes` random bytes as lower-case hexadecimal digits. */
  hex(bytes: number): string
}

/** What a timer of Node.js can hold, in milliseconds. */
export const LONGEST_TIMER = 2 ** 31 - 1
