/** Cases that other proxies agree on, in both directions. */
import type { TraceContext } from '../../src/model/trace-context'
import { Carrier } from '../../src/propagation/format'
import { formatsByName } from '../../src/propagation/formats'
import { context } from './contexts'
import vectors from './vectors.json'

const noIds = 'a context always has both ids'
const decided = 'this hop always decides'

/** Vectors that contradict our rules, and why. */
const leftOut: Readonly<Record<string, string>> = {
  'inject-w3c-missing-trace-id': noIds,
  'inject-w3c-missing-span-id': noIds,
  'inject-b3-sampling-decision-only': noIds,
  'inject-b3-single-1-char-header-sampled-true': noIds,
  'inject-b3-single-1-char-header-sampled-false': noIds,
  'inject-b3-single-1-char-header-debug': noIds,
  'inject-jaeger-missing-trace-id': noIds,
  'inject-jaeger-missing-span-id': noIds,
  'inject-ot-missing-trace-id': noIds,
  'inject-ot-missing-span-id': noIds,
  'inject-datadog-missing-parent-id': noIds,
  'inject-aws-missing-trace-id': noIds,
  'inject-aws-missing-span-id': noIds,
  'inject-gcp-missing-trace-id': noIds,
  'inject-gcp-missing-span-id': noIds,
  'inject-b3-single-trace-id-and-span-id-only-no-sampled-and-no-parent': decided,
  'inject-ot-missing-sampled-flag': decided,
  'inject-ot-large-trace-and-span-ids': decided,
  'inject-datadog-missing-sampled': decided,
  'inject-datadog-big-dec-trace-id': decided,
  'inject-datadog-big-dec-span-id': decided,
  'inject-instana-big-16b-trace-id': decided,
  'extract-datadog-can-extract-invalid-big-dec-trace-id-16': 'an id of more than 64 bits is none of datadog',
  'extract-gcp-no-flag': 'without options the decision is open',
  'inject-datadog-default-injection-size-is-8b': 'the upper half goes into the tag _dd.p.tid',
}

interface Expected {
  readonly traceId?: string | null
  readonly spanId?: string | null
  readonly sampled?: boolean | null
  readonly baggage?: Readonly<Record<string, string>> | null
  readonly bytes?: number
  readonly debug?: boolean
  readonly headers?: Readonly<Record<string, string>>
  readonly text?: string | null
}

const inUse = vectors.filter(({ id }) => !(id in leftOut))
const extractions = inUse.filter(({ op }) => op === 'extract')
const injections = inUse.filter(({ op }) => op === 'inject')

/** Undefined where the vectors say null. */
const known = <T>(value: T | null | undefined): T | undefined => value ?? undefined

function formatOf({ format }: { format: string }) {
  const found = formatsByName.get(format)
  if (!found) throw new Error(format)
  return found
}

function linesOf(headers: object): string[] {
  return Object.entries(headers).flatMap(([name, value]) => [value].flat().map((text) => `${name}: ${text}`))
}

function entriesOf(baggage: object | null | undefined): string[] {
  return Object.entries(baggage ?? {}).map(([key, value]) => `${key}: ${value}`)
}

test('all vectors that are left out exist', () => {
  expect(vectors.map(({ id }) => id)).toEqual(expect.arrayContaining(Object.keys(leftOut)))
  expect(extractions.length + injections.length).toBe(vectors.length - Object.keys(leftOut).length)
})

test.each(extractions.map((vector) => [vector.id, vector] as const))('%s', (_id, vector) => {
  const found = formatOf(vector).extract(new Carrier(linesOf(vector.headers as object)))
  const expected: Expected = vector.expect
  if (typeof found !== 'object') throw new Error(String(found))
  expect(found.traceId).toBe(known(expected.traceId))
  expect(found.sampled).toBe(known(expected.sampled))
  if (expected.debug) expect(found.nuance).toBe('debug')
  if (found.traceId === undefined) return
  expect(found.spanId).toBe(known(expected.spanId))
  expect(found.width).toBe((expected.bytes ?? 16) <= 8 ? 16 : 32)
  expect(found.baggage ?? []).toEqual(entriesOf(expected.baggage))
})

test.each(injections.map((vector) => [vector.id, vector] as const))('%s', (_id, vector) => {
  const format = formatOf(vector)
  const given = vector.context as NonNullable<typeof vector.context>
  const made: TraceContext = {
    ...context,
    traceId: given.traceId as string,
    spanId: given.spanId as string,
    parentSpanId: known(given.parentSpanId),
    sampled: given.sampled as boolean,
    nuance: given.debug ? 'debug' : undefined,
    width: given.bytes === null ? undefined : given.bytes === 8 ? 16 : 32,
    baggage: entriesOf(given.baggage),
  }
  const expected: Expected = vector.expect
  expect([...format.inject(made, new Carrier([]))].sort()).toEqual(linesOf(expected.headers as object).sort())
  // An id of X-Ray has its two dashes.
  if (format.name !== 'aws') expect(format.traceIdText(made)).toBe(expected.text)
})
