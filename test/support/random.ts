/** Randomness that a test can repeat: the same seed gives the same run. */

export interface Seeded {
  /** A fraction in [0, 1). */
  fraction(): number
  /** A whole number in [from, to]. */
  integer(from: number, to: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
  /** `length` characters out of `alphabet`. */
  text(length: number, alphabet: string): string
  /** `bytes` bytes as lower-case hexadecimal digits. */
  hex(bytes: number): string
}

/** The generator mulberry32. */
export function seeded(seed: number): Seeded {
  // Signed, which the runtime keeps as a small integer instead of a number on the heap.
  let state = seed | 0
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const integer = (from: number, to: number): number => from + Math.floor(fraction() * (to - from + 1))
  const text = (length: number, alphabet: string): string => {
    let made = ''
    for (let i = 0; i < length; i++) made += alphabet[integer(0, alphabet.length - 1)]
    return made
  }
  return {
    fraction,
    integer,
    chance: (probability) => fraction() < probability,
    pick: (list) => list[integer(0, list.length - 1)] as (typeof list)[number],
    text,
    hex: (bytes) => text(bytes * 2, '0123456789abcdef'),
  }
}
