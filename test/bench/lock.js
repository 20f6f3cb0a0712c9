/** One bench at a time on a machine: two would measure each other. */
'use strict'
const net = require('node:net')

/** A socket in the abstract namespace: it belongs to the process, and is free again however that ends. */
const NAME = '\0outspan-bench'
const RETRY_INTERVAL = 500

/** Waits until no other bench runs. @param {() => void} onWait called once, when there is one */
async function takeLock(onWait) {
  for (let attempt = 0; !(await isTaken()); attempt++) {
    if (attempt === 0) onWait()
    await new Promise((resolve) => setTimeout(resolve, RETRY_INTERVAL))
  }
}

function isTaken() {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)))
    server.listen(NAME, () => resolve(true))
  })
}

module.exports = { takeLock }
