/** What the origin can do with a request. Arguments come from the path, as text. */
'use strict'
const { pipeline, Readable } = require('node:stream')

const PIECE = Buffer.alloc(64 * 1024, 'outspan ')
/** Time between what was written and what breaks the connection, so that the former arrives first. */
const BREATH = 20

function payload(size) {
  return Buffer.alloc(Number(size), 'x')
}

function bytesOf(size) {
  let left = Number(size)
  return new Readable({
    read() {
      const piece = PIECE.subarray(0, Math.min(left, PIECE.length))
      left -= piece.length
      this.push(piece.length > 0 ? piece : null)
    },
  })
}

const later = (then) => setTimeout(then, BREATH)

/** Reads the body away, and does `then` with its size. */
function swallow(request, then) {
  let size = 0
  request.on('data', (bytes) => {
    size += bytes.length
  })
  request.on('end', () => then(size))
}

const verbs = {
  get(_request, response, size) {
    response.setHeader('Content-Length', size)
    response.end(payload(size))
  },
  /** Chunks with a trailer behind them. */
  chunks(_request, response, count, size) {
    response.setHeader('Trailer', 'X-Count')
    for (let i = 0; i < Number(count); i++) response.write(payload(size))
    response.addTrailers({ 'X-Count': count })
    response.end()
  },
  /** Tells what arrived. */
  echo(request, response) {
    swallow(request, (size) => {
      response.setHeader('X-Size', size)
      response.setHeader('X-Trailer', request.trailers['x-sum'] ?? 'none')
      response.end('ok')
    })
  },
  status(_request, response, status, length) {
    response.statusCode = Number(status)
    if (length !== undefined) response.setHeader('Content-Length', length)
    response.end()
  },
  drip(_request, response, count, interval) {
    let left = Number(count)
    response.flushHeaders()
    const timer = setInterval(() => {
      if (left-- > 0) response.write('drip')
      else response.end()
    }, Number(interval))
    response.on('close', () => clearInterval(timer))
  },
  interim(_request, response, count) {
    for (let i = 0; i < Number(count); i++) response.writeEarlyHints({ link: '</a.css>; rel=preload' })
    response.end('ok')
  },
  big(_request, response, size) {
    response.setHeader('Content-Length', size)
    pipeline(bytesOf(size), response, () => {})
  },
  /** Ends its response with the connection. */
  close(request, _response, size) {
    request.socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n')
    request.socket.end(payload(size))
  },

  // What never comes to a good end.

  /** A sign that the head arrived, and then nothing. */
  sign(request, response) {
    request.resume()
    response.writeEarlyHints({ link: '</sign>; rel=sign' })
  },
  resetBefore: (request) => request.socket.resetAndDestroy(),
  closeBefore: (request) => request.socket.end(),
  garbage: (request) => request.socket.end('what is this?\r\n\r\n'),
  resetMid(request, response, size) {
    response.setHeader('Content-Length', size)
    response.write(payload(size / 2))
    later(() => request.socket.resetAndDestroy())
  },
  cutMid(request, response, size) {
    response.write(payload(size))
    later(() => request.socket.end())
  },
  /** An answer before the body, which it lets pass. */
  early(request) {
    request.resume()
    request.socket.write('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
  },
}

module.exports = { verbs }
