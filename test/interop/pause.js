'use strict'

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Asks again and again until there is an answer that counts. */
async function eventually(ask, what, timeout = 30_000) {
  for (const end = performance.now() + timeout; performance.now() < end; await pause(50)) {
    const answer = await ask()
    if (answer) return answer
  }
  throw new Error(`${what}: not within ${timeout} ms`)
}

module.exports = { eventually, pause }
