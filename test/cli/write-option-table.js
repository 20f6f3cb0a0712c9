/** Writes the tables that come from the code into the README: `npm run docs`. */
const { readFileSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { optionTable } = require('../../dist/cli/help')
const { operatorTable } = require('../../dist/cli/operator-table')

const path = join(__dirname, '../../README.md')
const tables = { options: optionTable(), operators: operatorTable() }
let readme = readFileSync(path, 'utf8')
for (const [name, table] of Object.entries(tables)) {
  readme = readme.replace(
    new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- /${name} -->)`),
    (_all, begin, end) => `${begin}${table}\n${end}`,
  )
}
writeFileSync(path, readme)
