/** Puts a context on the lines of a head: clear, remove what is stale, write. */
import { type FieldLine, FieldNames, isNamed, nameOf } from '../model/field-line'
import type { TraceContext } from '../model/trace-context'
import { Carrier, type Format } from './format'
import type { Outgoing } from './outgoing'
import { signedNames } from './signed'

const nothing: readonly string[] = []

/**
 * @param lines those of a head; changed in place
 * @param indexes of the lines that concern propagation, ascending
 * @returns the names of headers that were left alone because the sender signed them
 */
export function writeContext(
  lines: FieldLine[],
  indexes: readonly number[],
  context: TraceContext,
  outgoing: Outgoing,
): readonly string[] {
  const { formats, clear, stale } = outgoing
  const written = outgoing.cleared(context)
  if (indexes.length === 0) return writeAnew(lines, written, formats)
  const before: FieldLine[] = []
  for (const index of indexes) before.push(lines[index] as FieldLine)
  const signed = signedNames(before)
  const carrier = new Carrier(
    clear.names.length === 0 ? before : before.filter((line) => !clear.hold(line) || signed?.hold(line)),
  )

  let leftAlone: Set<string> | undefined
  let kept: FieldNames | undefined
  let fresh: FieldLine[] = []
  if (signed) ({ fresh, leftAlone, kept } = injectUnsigned(formats, written, carrier, signed))
  else for (const format of formats) for (const line of format.inject(written, carrier)) fresh.push(line)

  // Baggage that crosses from one format to another replaces entries of its name only.
  const crossed = written.baggage.length > 0 ? new FieldNames(fresh.map(nameOf), 'exact') : undefined
  const dropsState = !context.carriesTraceState && formats.length > 0
  let next = 0
  const removed: number[] = []
  for (const index of indexes) {
    const line = lines[index] as FieldLine
    if (kept?.hold(line)) continue
    if (!stale.hold(line) && !(dropsState && isNamed(line, 'tracestate')) && !crossed?.hold(line)) continue
    if (signed?.hold(line)) leftAlone?.add(nameOf(line))
    else if (next < fresh.length) lines[index] = fresh[next++] as FieldLine
    else removed.push(index)
  }
  while (next < fresh.length) lines.push(fresh[next++] as FieldLine)
  for (const index of removed.reverse()) lines.splice(index, 1)
  return leftAlone ? [...leftAlone] : nothing
}

/**
 * What may be written where some headers are signed. A format that can't write one of its headers is not written at all,
 * and what is there of it stays: half of a context would belong to no trace. Only a tracestate can be left out.
 */
function injectUnsigned(
  formats: readonly Format[],
  context: TraceContext,
  carrier: Carrier,
  signed: FieldNames,
): { fresh: FieldLine[]; leftAlone: Set<string>; kept: FieldNames | undefined } {
  const leftAlone = new Set<string>()
  const fresh: FieldLine[] = []
  const kept: string[] = []
  for (const format of formats) {
    const lines = format.inject(context, carrier)
    const blocked = lines.filter((line) => signed.hold(line))
    for (const line of blocked) leftAlone.add(nameOf(line))
    if (blocked.some((line) => !isNamed(line, 'tracestate'))) kept.push(...format.fields)
    else fresh.push(...lines.filter((line) => !signed.hold(line)))
  }
  return { fresh, leftAlone, kept: kept.length > 0 ? new FieldNames(kept) : undefined }
}

const blank = new Carrier([])

/** Nothing on the head concerns propagation: there is nothing to clear, to replace or to respect. */
function writeAnew(lines: FieldLine[], context: TraceContext, formats: readonly Format[]): readonly string[] {
  for (const format of formats) {
    for (const line of format.inject(context, blank)) lines.push(line)
  }
  return nothing
}
