/** What no peer on a socket can bring about when it likes: a rest that the system has not taken yet. */
import { Exchange } from '../../src/model/exchange'
import type { ClientConnection } from '../../src/proxy/client-connection'
import type { Passage, Road } from '../../src/proxy/road'
import { Splice } from '../../src/proxy/splice'
import type { UpstreamConnection } from '../../src/upstream/connection'

const STALL = 30_000

/** A splice whose destination has ended, and then the client, with bytes left that the destination does not take. */
function startWithRest() {
  const exchange = new Exchange('id', 0, 0, '127.0.0.1', 1)
  const upstream = { unsent: 100, sent: 0, changeTaker: () => {}, end: () => {}, reset: jest.fn(), destroy: () => {} }
  const client = { unsent: 0, switchTo: () => {}, end: (onFlushed: () => void) => onFlushed(), reset: jest.fn() }
  const road = { end: jest.fn() }
  const splice = new Splice(
    road as unknown as Road,
    client as unknown as ClientConnection,
    upstream as unknown as UpstreamConnection,
    { exchange, parts: { timeouts: { body: 0, tunnelIdle: 0 } } } as unknown as Passage,
  )
  splice.takeOver(Buffer.alloc(0))
  splice.onUpstreamEnd()
  splice.onClientEnd()
  return { splice, exchange, upstream, road }
}

beforeEach(() => {
  jest.useFakeTimers()
})

afterEach(() => {
  jest.useRealTimers()
})

test('a client that has ended and got all may go: the exchange is over, once, though the rest is not taken', () => {
  const { splice, exchange, upstream, road } = startWithRest()
  splice.onClientGone()
  expect(road.end).toHaveBeenCalledTimes(1)
  expect(exchange.fault).toBeUndefined()
  splice.onUpstreamFault('connection_reset')
  expect(road.end).toHaveBeenCalledTimes(1)
  expect(exchange.fault).toBeUndefined()
  expect(upstream.reset).not.toHaveBeenCalled()
})

test('the rest has time as long as something of it is taken, and then it is given up', () => {
  const { splice, upstream } = startWithRest()
  splice.onClientGone()
  upstream.sent = 10
  upstream.unsent = 90
  jest.advanceTimersByTime(STALL)
  expect(upstream.reset).not.toHaveBeenCalled()
  jest.advanceTimersByTime(STALL)
  expect(upstream.reset).toHaveBeenCalledTimes(1)
})

test('a rest that was taken is nobody’s worry', () => {
  const { splice, upstream } = startWithRest()
  splice.onClientGone()
  upstream.unsent = 0
  jest.advanceTimersByTime(2 * STALL)
  expect(upstream.reset).not.toHaveBeenCalled()
})
