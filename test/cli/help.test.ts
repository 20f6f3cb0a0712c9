import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { commands } from '../../src/cli/arguments'
import { defaultText, helpText, optionTable } from '../../src/cli/help'
import { flagOf, type Option, variableOf } from '../../src/config/option'
import { options } from '../../src/config/options'

const all: Option<unknown>[] = Object.values(options)
const rows = all.filter(({ variantOf }) => !variantOf)
const help = helpText().split('\n')
const table = optionTable().split('\n')

const onCommandLine = rows.filter(({ isFileOnly }) => !isFileOnly)

describe('--help', () => {
  test.each(onCommandLine.map((row): [string, Option<unknown>] => [flagOf(row), row]))(
    '%s has its line',
    (flag, row) => {
      const lines = help.filter((line) => line.trimStart().startsWith(`${flag} `))
      expect(lines).toHaveLength(1)
      expect(lines[0]).toContain(`${flag} ${row.kind.placeholder} `)
      expect(lines[0]).toContain(row.doc)
      if (defaultText(row) !== '') expect(lines[0]).toMatch(/\[.+\]$/)
      if (defaultText(row) !== '') expect(lines[0]?.endsWith(`[${defaultText(row)}]`)).toBe(true)
    },
  )

  test('shows the commands and the two switches', () => {
    for (const command of commands) expect(help.join('\n')).toMatch(new RegExp(`^  outspan \\[?${command}\\]? `, 'm'))
    expect(help.filter((line) => /^ {2}(-h, --help|-v, --version) {2}/.test(line))).toHaveLength(2)
  })

  test('docs stand in one column', () => {
    const columns = onCommandLine.map((row) => help.find((line) => line.includes(` ${row.doc}`))?.indexOf(row.doc))
    expect([...new Set(columns)]).toHaveLength(1)
  })

  test('ends with one line end and has no space at the end of a line', () => {
    expect(helpText()).toMatch(/[^\n]\n$/)
    expect(help.filter((line) => line !== line.trimEnd())).toEqual([])
  })
})

describe('defaults as a user would write them', () => {
  test.each([
    [options.listen, '127.0.0.1:15001'],
    [options.admin, '127.0.0.1:15000'],
    [options.config, ''],
    [options.resourceAttributes, ''],
    [options.otlpHeaders, ''],
    [options.otlpEndpoint, ''],
    [options.drainTimeout, '20s'],
    [options.responseHeadTimeout, '5m'],
    [options.maxHeadSize, '64KiB'],
    [options.queueCapacity, '8192'],
    [options.accessLog, 'stdout'],
  ] as [Option<unknown>, string][])('%#', (row, text) => {
    expect(defaultText(row)).toBe(text)
  })
})

describe("the README's table", () => {
  test('is a Markdown table of five columns, a row an option', () => {
    expect(table).toHaveLength(rows.length + 2)
    for (const line of table) expect(line.replaceAll('\\|', '').match(/\|/g)).toHaveLength(6)
    expect(table[1]).toMatch(/^(?:\| --- )+\|$/)
  })

  test.each(rows.map((row, index): [string, Option<unknown>, number] => [flagOf(row), row, index]))(
    '%s has its row',
    (flag, row, index) => {
      const cells = table[index + 2]?.split(/(?<!\\)\|/).map((cell) => cell.trim())
      expect(cells?.[1]?.startsWith(row.isFileOnly ? 'in the file only' : `\`${flag} `)).toBe(true)
      expect(cells?.[2]).toBe(defaultText(row) === '' ? '' : `\`${defaultText(row)}\``)
      expect(cells?.[3]).toBe(row.doc)
      expect(cells?.[4]).toBe(`\`${row.key}\``)
      if (row.isFileOnly) return
      for (const variable of [variableOf(row), ...(row.otel ?? [])]) expect(cells?.[5]).toContain(`\`${variable}\``)
    },
  )

  test('stands in the README as it is made', () => {
    const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8')
    const between = /<!-- options -->\n([\s\S]*?)<!-- \/options -->/.exec(readme)?.[1]
    expect(between?.trim()).toBe(optionTable())
  })
})
