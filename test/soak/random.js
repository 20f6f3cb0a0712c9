/** Randomness that a run can repeat: the generator mulberry32. */
'use strict'

/** @param {number} seed */
function seeded(seed) {
  let state = seed | 0
  const fraction = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const integer = (from, to) => from + Math.floor(fraction() * (to - from + 1))
  return {
    fraction,
    /** A whole number in [from, to]. */
    integer,
    chance: (probability) => fraction() < probability,
    pick: (list) => list[integer(0, list.length - 1)],
    hex: (digits) => Array.from({ length: digits }, () => '0123456789abcdef'[integer(0, 15)]).join(''),
  }
}

module.exports = { seeded }
