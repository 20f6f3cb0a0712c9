/**
 * A process of its own that uses the spool as it was built: `node spool-child.js <errand> <directory> <name>`. Each batch holds one
 * label, `<name>.<number>`. Lines are written at once, so that a kill takes none away.
 */
const { writeSync } = require('node:fs')
const { join } = require('node:path')
const { Spool } = require(join(__dirname, '../../dist/export/spool.js'))

const [errand, directory, name] = process.argv.slice(2)
const say = (line) => writeSync(1, `${line}\n`)
const batchOf = (label, size) => ({ bytes: Buffer.from(label.padEnd(size, ' ')), count: 1 })

const errands = {
  /** Appends until it is killed, and says the label of each batch that is safe. */
  async append(spool) {
    for (let number = 0; ; number++) {
      // Of many sizes, so that some are killed between two writes.
      const size = number % 3 === 0 ? 300_000 : 100
      if (await spool.append(batchOf(`${name}.${number}`, size))) say(`${name}.${number}`)
    }
  },
  /** Appends 40 batches, and says and removes what it is given meanwhile and afterwards. */
  async both(spool) {
    const deliver = async () => {
      const spooled = await spool.first()
      if (!spooled) return false
      say(spooled.batch.bytes.toString().trim())
      await spool.remove(spooled.id)
      return true
    }
    for (let number = 0; number < 40; number++) {
      await spool.append(batchOf(`${name}.${number}`, 100))
      if (number % 3 === 0) await deliver()
      if (number % 10 === 0) await spool.takeOver()
    }
    while (await deliver());
    await spool.close()
  },
  /** Appends a batch of 100 bytes, one that is too large for the limit of its files, and another small one. */
  async limits(spool) {
    for (const size of [100, 100_000, 100]) say(await spool.append(batchOf(`${name}.${size}`, size)))
    say(spool.entries)
    await spool.close()
  },
}

const spool = Spool.open({ directory, maxBytes: 1e9 }, 'traces', (message) => say(`! ${message}`))
errands[errand](spool)
