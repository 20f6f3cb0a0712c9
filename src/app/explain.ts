/** What would become of a request, decision by decision, without sending it. */
import type { Settings } from '../config/options'
import { type SortedFields, sortFields } from '../http/field-sort'
import { isFraming, requestFraming } from '../http/framing'
import { hasSoundHost } from '../http/host'
import { type Target, TargetReader } from '../http/target'
import { hasPassed } from '../http/via'
import { type FaultCode, faultOf } from '../model/fault'
import { type FieldLine, FieldNames } from '../model/field-line'
import { signatureFields } from '../propagation/signed'
import { redactionOf } from './annotations'
import { egressOf } from './egress'
import { explainSpan } from './explain-span'
import { hooksOf } from './hook-file'
import { coursesOf, requestIdHeaderOf } from './propagation'
import { systemRandom } from './world'

const REQUEST_ID_BYTES = 16

/** Whoever asks is not told how hooks fare. */
const silent = { warn: () => {} }

/** @param lines header lines that the request would have, `Name: value` */
export function explain(settings: Settings, method: string, url: string, lines: readonly FieldLine[]): string {
  const target = new TargetReader().read(method, url)
  const refused = (fault: FaultCode) =>
    `${method} ${redactionOf(settings)(url)} is refused: ${fault}. ${faultOf(fault).words}\n`
  if (typeof target === 'string') return refused(target)
  const random = systemRandom()
  const courses = coursesOf(settings, random, hooksOf(settings, random, silent)?.formats)
  const { rule, propagation } = courses.of(target.destination, method, target.path)
  const way = egressOf(settings)?.of(target.destination, method, target.path)
  const fields = sortFields(lines, propagation.fields)
  const fault = faultIn(method, target, lines, fields, settings)
  if (fault) return refused(fault)
  const found = fields.noted.map((index) => fields.travelling[index] as FieldLine)
  const { context, arrived, refusals, conflicts } = propagation.extract(found)
  const requestIds = requestIdHeaderOf(settings)
  const arrivedId = requestIds?.arrived(found)
  const id = arrivedId ?? random.hex(REQUEST_ID_BYTES)
  const signedIds = arrivedId === undefined ? (requestIds?.write(fields, found, id, propagation.clear) ?? []) : []
  const signed = [...signedIds, ...propagation.inject(fields.travelling, fields.noted, context)]
  return [
    `destination   ${target.destination.authority}`,
    `way           ${way ? `through ${way.destination.authority}` : 'straight'}`,
    `rule          ${rule ?? 'none: the general settings apply'}`,
    `extracted     ${context.format ? `${context.format}, trace ${context.traceId}, parent ${context.parentSpanId ?? 'none'}` : 'nothing: a trace starts here'}`,
    ...refusals.map(({ format, reason }) => `refused       ${format}: ${reason}`),
    ...conflicts.map(({ format, traceId }) => `conflict      ${format} has trace ${traceId}`),
    `sampled       ${yesOrNo(context.sampled)}${arrived === undefined ? '' : `; the decision that arrived is ${yesOrNo(arrived)}`}`,
    ...(method === 'CONNECT' ? [tunnelled] : changes(found, fields, lines, signed)),
    ...context.notations.map((notation) => `in the log    ${notation.key}: ${notation.traceIdText(context)}`),
    ...explainSpan(settings, method, url, target, lines),
    '',
  ].join('\n')
}

/** Why the head would be refused, as on the road. Whoever asks names no Host, as a rule: it goes without saying. */
function faultIn(
  method: string,
  { destination }: Target,
  lines: readonly FieldLine[],
  fields: SortedFields,
  { via }: Settings,
): FaultCode | undefined {
  if (fields.hostCount > 0 && !hasSoundHost(fields, 1, destination)) return 'bad_host'
  const framing = requestFraming(fields, 1)
  if (!isFraming(framing)) return framing
  if (method === 'CONNECT' && framing !== 0) return 'bad_framing'
  return via !== undefined && hasPassed(via, lines) ? 'loop' : undefined
}

const signatures = new FieldNames(signatureFields)

/** A tunnel's destination sees nothing of the CONNECT. */
const tunnelled = 'sent          nothing: the bytes of a tunnel pass untouched'

/** @param found the lines that concern propagation, before it @param all the lines of the head, before it */
function changes(
  found: readonly FieldLine[],
  { travelling }: SortedFields,
  all: readonly FieldLine[],
  signed: readonly string[],
): string[] {
  const removed = found.filter((line) => !travelling.includes(line))
  // Credentials are looked at for the names that they sign, and not shown.
  const sent = travelling.filter((line) => !all.includes(line) || (found.includes(line) && !signatures.hold(line)))
  return [
    ...removed.map((line) => `removed       ${line}`),
    ...sent.map((line) => `sent          ${line}`),
    ...signed.map((name) => `left alone    ${name}: it is signed`),
  ]
}

function yesOrNo(isYes: boolean): string {
  return isYes ? 'yes' : 'no'
}
