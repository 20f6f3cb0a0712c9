/** Loaded into outspan before it starts, with `--expose-gc`: tells over IPC what memory is left after a collection. */
'use strict'

process.on('message', () => {
  global.gc()
  global.gc()
  const { rss, heapUsed, external } = process.memoryUsage()
  process.send({ rss, heapUsed, external })
})
// The listener must not keep the process alive.
process.channel.unref()
