/** The ground that both sides stand on: lent reads, and accepted connections that come to read that way. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type OnReadOpts, type Server, type Socket } from 'node:net'
import { adopt } from '../../src/socket/adopt'
import { Connection } from '../../src/socket/connection'
import { own } from '../../src/socket/lent'
import { eventually } from '../support/proxy'

let server: Server
let peer: Socket

afterEach(() => {
  peer.destroy()
  server.close()
})

/** A connection from `peer`, taken by `take` as it is accepted. */
async function accepted<T>(take: (socket: Socket) => T): Promise<T> {
  server = createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(0, '127.0.0.1')
  const arrival = once(server, 'connection')
  await once(server, 'listening')
  peer = connect((server.address() as AddressInfo).port, '127.0.0.1')
  return take((await arrival)[0] as Socket)
}

class Recorder extends Connection {
  readonly reads: Buffer[] = []
  readonly events: string[] = []

  protected override onBytes(bytes: Buffer): void {
    this.reads.push(bytes)
  }
  protected override onDrained(): void {
    this.events.push('drained')
  }
  protected override onEnd(): void {
    this.events.push('end')
  }
  protected override onError(error: NodeJS.ErrnoException): void {
    this.events.push(`error ${error.code}`)
  }
  protected override onClose(): void {
    this.events.push('close')
  }
  break(): void {
    this.socket.resetAndDestroy()
  }
}

async function startRecorder(prepare: (socket: Socket) => void = () => {}): Promise<Recorder> {
  return accepted((socket) => {
    prepare(socket)
    return new Recorder((reads) => adopt(socket, reads))
  })
}

const isDone = (condition: () => boolean): Promise<true> => eventually(() => condition() || undefined, 'it')

test('small reads share one buffer, and what is owned outlives the next read', async () => {
  const connection = await startRecorder()
  peer.write('one')
  await isDone(() => connection.reads.length === 1)
  const [first] = connection.reads as [Buffer]
  const kept = own(first)
  peer.write('two')
  await isDone(() => connection.reads.length === 2)
  expect(connection.reads[1]?.buffer).toBe(first.buffer)
  expect(first.toString()).toBe('two')
  expect(kept.toString()).toBe('one')
})

test('what is read behind a large read is kept without a copy', async () => {
  const connection = await startRecorder()
  peer.write(Buffer.alloc(1_000_000, 'x'))
  await isDone(() => connection.reads.reduce((sum, { length }) => sum + length, 0) === 1_000_000)
  const large = connection.reads.slice(1).find(({ length }) => length >= 16 * 1024) as Buffer
  expect(own(large)).toBe(large)
})

test('an adopted connection ends, pauses and answers as any', async () => {
  const connection = await startRecorder()
  connection.write('hello ')
  connection.write('wor')
  connection.writeBytes(Buffer.from('ld'))
  let answer = ''
  peer.on('data', (bytes) => {
    answer += bytes
  })
  await isDone(() => answer === 'hello world')
  connection.pause()
  peer.write('not yet')
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(connection.reads).toEqual([])
  connection.resume()
  await isDone(() => connection.reads.length === 1)
  peer.end()
  await isDone(() => connection.events.includes('end'))
  connection.end(() => connection.events.push('flushed'))
  await isDone(() => connection.events.includes('close'))
  expect(connection.events).toEqual(['end', 'flushed', 'close'])
})

test('text goes out when the turn ends, before bytes, and before an end or a reset', async () => {
  const connection = await startRecorder()
  let answer = ''
  peer.on('data', (bytes) => {
    answer += bytes
  })
  connection.write('a')
  connection.write('b')
  expect([connection.unsent, connection.sent]).toEqual([2, 0])
  await new Promise((resolve) => setImmediate(resolve))
  expect([connection.unsent, connection.sent]).toEqual([0, 2])
  connection.write('c')
  connection.writeBytes(Buffer.from('d'))
  connection.write('e')
  expect(connection.unsent).toBe(1)
  connection.end(() => {})
  await once(peer, 'end')
  expect(answer).toBe('abcde')
})

test('text that is much goes out at once', async () => {
  const connection = await startRecorder()
  connection.write('x'.repeat(20_000))
  expect(connection.sent + connection.unsent).toBe(20_000)
  expect(connection.sent).toBeGreaterThan(0)
})

test('of many connections that write in one turn, none is forgotten', async () => {
  const count = 150
  let received = 0
  const writers: Recorder[] = []
  server = createServer({ pauseOnConnect: true }, (socket) => {
    writers.push(new Recorder((reads) => adopt(socket, reads)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const peers = Array.from({ length: count }, () =>
    connect(port, '127.0.0.1').on('data', (bytes) => {
      received += bytes.length
    }),
  )
  peer = peers[0] as Socket
  await isDone(() => writers.length === count)
  for (const writer of writers) writer.write('x')
  await isDone(() => received === count)
  for (const each of peers) each.destroy()
  for (const writer of writers) writer.break()
})

test('a reset from the peer is an error, and one of ours reaches it', async () => {
  const connection = await startRecorder()
  peer.resetAndDestroy()
  await isDone(() => connection.events.includes('close'))
  expect(connection.events).toEqual(['error ECONNRESET', 'close'])
  server.close()

  const other = await startRecorder()
  const failure = once(peer, 'error')
  other.break()
  expect(((await failure)[0] as NodeJS.ErrnoException).code).toBe('ECONNRESET')
})

const immediate = (then: () => void) => void setImmediate(then)
test.each<[string, (then: () => void) => void]>([
  ['at once', (then) => then()],
  ['in the next tick', (then) => process.nextTick(then)],
  ['two ticks later', (then) => process.nextTick(() => process.nextTick(then))],
  ['in a microtask', queueMicrotask],
  ['when the turn ends', immediate],
  ['a turn later', (then) => immediate(() => immediate(then))],
])('a reset behind an end, %s, closes the connection', async (_, when) => {
  for (const text of ['', 'last words']) {
    const connection = await startRecorder()
    peer.on('error', () => {}).resume()
    if (text !== '') connection.write(text)
    connection.end(() => {})
    when(() => connection.reset())
    await isDone(() => connection.events.includes('close'))
    peer.destroy()
    server.close()
  }
})

test('the former socket is gone and takes nothing with it', async () => {
  let former: Socket | undefined
  const connection = await startRecorder((socket) => {
    former = socket
  })
  await isDone(() => former?.destroyed === true)
  peer.write('on')
  await isDone(() => connection.reads.length === 1)
})

test('where a socket has no handle to give, it is read as it is', async () => {
  const reads: string[] = []
  const onread: OnReadOpts = {
    buffer: () => Buffer.alloc(0),
    callback: (size, buffer) => reads.push(`${size} ${Buffer.from(buffer)}`) > 0,
  }
  const socket = await accepted((former) => {
    const { _handle } = former as Socket & { _handle: unknown }
    Object.defineProperty(former, '_handle', { value: undefined, configurable: true, writable: true })
    const adopted = adopt(former, onread)
    Object.defineProperty(former, '_handle', { value: _handle, configurable: true, writable: true })
    expect(adopted).toBe(former)
    return adopted.resume()
  })
  peer.write('whole')
  await isDone(() => reads.length === 1)
  expect(reads).toEqual(['5 whole'])
  socket.destroy()
})
