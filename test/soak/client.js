/**
 * The clients: actors that take one kind of traffic after the other by chance, and note every request in a journal. The
 * journal has a line a request, `kind`, `id` and the status that the client saw, 0 for none.
 */
'use strict'
const { createWriteStream } = require('node:fs')
const { kinds } = require('./kinds/all')
const { download, upload } = require('./kinds/single')
const { World, pause } = require('./world')

/** Failures told in words; all are counted. */
const FAILURES_TOLD = 20
/** Longest pause of an actor between two requests, in milliseconds. */
const PAUSE = 25

const { seed, actors, prefix, ports, journal } = JSON.parse(process.argv[2])
const book = createWriteStream(journal)
const failures = []
let failed = 0
let requests = 0
let connections = 0

async function act(world, kind, ...args) {
  const open = new Set()
  world.onId = (id) => open.add(id)
  const enter = (name, id, status) => {
    requests++
    open.delete(id)
    book.write(`${JSON.stringify([name, id, status])}\n`)
  }
  try {
    await kind.run(world, (id, status = 0) => enter(kind.name, id, status), ...args)
  } catch (error) {
    failed++
    for (const id of open) enter('let down', id, 0)
    if (failures.length < FAILURES_TOLD) failures.push(`${kind.name}: ${error.message}`)
  }
}

function newWorld(number) {
  return new World({ seed: seed + number, prefix: `${prefix}${number}`, ports })
}

let worlds = 0

async function withWorld(use) {
  const world = newWorld(worlds++)
  await use(world)
  world.close()
  connections += world.connections
}

/** Kinds as often in the list as they weigh. */
function chosenKinds() {
  return [...kinds.values()].flatMap((kind) => Array(kind.weight ?? 0).fill(kind))
}

async function actor(world, deadline, limit) {
  const list = chosenKinds()
  while (performance.now() < deadline && requests < limit) {
    await act(world, world.random.pick(list))
    await pause(world.random.integer(0, PAUSE))
  }
}

const orders = {
  async run({ seconds, limit }) {
    const deadline = performance.now() + seconds * 1000
    await Promise.all(Array.from({ length: actors }, () => withWorld((world) => actor(world, deadline, limit))))
    return report()
  },
  async large({ size }) {
    await withWorld((world) => act(world, { name: 'large download', run: download }, size))
    await withWorld((world) => act(world, { name: 'large upload', run: upload }, size))
    return report()
  },
  async close() {
    await new Promise((resolve) => book.end(resolve))
    return report()
  },
}

function report() {
  return { requests, connections, failed, failures }
}

process.on('message', ({ order, ...rest }) => {
  orders[order](rest).then(
    (result) => process.send(result),
    (error) => process.send({ error: error.stack }),
  )
})
process.on('disconnect', () => process.exit())
process.send({})
