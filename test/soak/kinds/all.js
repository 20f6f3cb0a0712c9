/**
 * Every kind of traffic, and what has to be in the books for each of its requests.
 *
 * @typedef {{
 *   name: string,
 *   weight?: number,        how often it is chosen, beside the others; not by chance without one
 *   lines?: 'one' | 'none' | 'maybe',   access-log lines of a request; `maybe` is one if the origin or an answer saw it
 *   spans?: 'none' | 'any', none in spite of the line, or nobody's business
 *   ends?: string[] | null, what error.type may be; `ok` for none, null for anything
 *   isAnonymous?: boolean,  the line can't tell its request
 *   run?(world: import('../world').World, note: (id: string, status?: number) => void): Promise<void>,
 * }} Kind
 */
'use strict'

/** @type {Kind[]} */
const all = ['./plain', './slow', './aborts', './faults', './tunnels', './single'].flatMap(
  (file) => require(file).kinds,
)

const kinds = new Map(all.map((kind) => [kind.name, { lines: 'one', ends: ['ok'], ...kind }]))

module.exports = { kinds }
