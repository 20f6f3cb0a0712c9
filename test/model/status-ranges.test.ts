import { statusTable } from '../../src/model/status-ranges'

test.each<[ranges: string[], statuses: number[]]>([
  [[], []],
  [['404'], [404]],
  [
    ['404', '500-503'],
    [404, 500, 501, 502, 503],
  ],
  [['998-999'], [998, 999]],
])('%j', (ranges, statuses) => {
  const table = statusTable(ranges)
  expect([...table.keys()].filter((status) => table[status] === 1)).toEqual(statuses)
})
