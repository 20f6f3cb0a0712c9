/** Writes the option table of the code into the README: `npm run docs`. */
const { readFileSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { optionTable } = require('../../dist/cli/help')

const path = join(__dirname, '../../README.md')
const readme = readFileSync(path, 'utf8')
writeFileSync(
  path,
  readme.replace(
    /(<!-- options -->\n)[\s\S]*?(<!-- \/options -->)/,
    (_all, begin, end) => `${begin}${optionTable()}\n${end}`,
  ),
)
