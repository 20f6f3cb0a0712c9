/** What happens once or at the end, not by chance: large bodies, idle connections that are used after all, failures. */
'use strict'
const { check } = require('../world')

/** For one body, in milliseconds. */
const TIMEOUT = 120_000
const PIECE = Buffer.alloc(64 * 1024, 'upload ')

async function download(world, note, size) {
  const id = world.id()
  const answer = await world.exchange(id, `big/${size}`, { timeout: TIMEOUT })
  check(answer.size === size, `${answer.size} of ${size} bytes arrived`)
  note(id, answer.status)
}

async function upload(world, note, size) {
  const id = world.id()
  const send = (request) => {
    let left = size
    const more = () => {
      while (left > 0) {
        const piece = PIECE.subarray(0, Math.min(left, PIECE.length))
        left -= piece.length
        if (!request.write(piece)) return request.once('drain', more)
      }
      request.end()
    }
    more()
  }
  const answer = await world.exchange(id, 'echo', {
    method: 'POST',
    headers: { 'Content-Length': size },
    send,
    timeout: TIMEOUT,
  })
  check(answer.headers['x-size'] === String(size), `${answer.headers['x-size']} of ${size} bytes arrived there`)
  note(id, answer.status)
}

/** Noted by name; see `client.js` and `idle.js`. */
const kinds = [
  { name: 'large download', run: download },
  { name: 'large upload', run: upload },
  { name: 'GET after idling' },
  // A client that did not get what it wanted. What became of its request is told with it.
  { name: 'let down', lines: 'maybe', spans: 'any', ends: null },
]

module.exports = { download, kinds, upload }
