/** Holds the README's table of causes to the faults that there are. */

import type { FaultCode } from '../../src/model/fault'
import { faultOf, faults } from '../../src/model/fault'
import { readme } from '../support/readme'

const [, table = ''] = /^\| when \| causes \|\n\| --- \| --- \|\n((?:\|.*\n)+)/m.exec(readme) ?? []
const rows = table.trim().split('\n')
const causesOf = (row: string) => [...row.matchAll(/`([a-z_]+)`/g)].map(([, cause]) => cause as FaultCode)

test('every fault is listed once, but the one that is no error', () => {
  const errors = (Object.keys(faults) as FaultCode[]).filter((code) => !faultOf(code).cancelled)
  expect(rows.flatMap(causesOf).sort()).toEqual(errors.sort())
})

test('the first row has what is refused', () => {
  const [first = ''] = rows
  expect(causesOf(first).filter((code) => !faultOf(code).refused)).toEqual([])
  expect(
    rows
      .slice(1)
      .flatMap(causesOf)
      .filter((code) => faultOf(code).refused),
  ).toEqual([])
})
