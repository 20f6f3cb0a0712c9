/**
 * outspan and the OpenTelemetry Collector, both as they are in earnest: what outspan's books say is held to what the collector
 * wrote, over each transport, and what waited on disk is not lost in a crash.
 */
'use strict'
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { buildCollector } = require('./collector')
const { crash } = require('./crash')
const { deliver } = require('./delivery')

const PROTOCOLS = ['grpc', 'http/protobuf', 'http/json']
/** For each check. */
const TIMEOUT = 180_000
/** The exit status of a run that could not check anything. */
const SKIPPED = 75

function inTime(work) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not done within ${TIMEOUT} ms`)), TIMEOUT)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

async function main() {
  const { binary, reason } = buildCollector()
  if (!binary) {
    process.stdout.write(`interop: skipped, the collector can't be built: ${reason}\n`)
    process.exitCode = SKIPPED
    return
  }
  for (const [name, check] of Object.entries({ deliver, crash })) {
    for (const protocol of PROTOCOLS) {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'interop-'))
      try {
        process.stdout.write(`${name}, ${protocol}: ${await inTime(check({ binary, folder, protocol }))}\n`)
      } catch (error) {
        process.stdout.write(`${name}, ${protocol}: FAILED: ${error.stack}\n`)
        process.exitCode = 1
      }
      fs.rmSync(folder, { recursive: true, force: true })
    }
  }
  // What a check that failed has left running ends with this process.
  process.exit(process.exitCode)
}

main()
