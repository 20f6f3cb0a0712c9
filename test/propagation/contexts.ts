import type { Random } from '../../src/model/clock'
import type { TraceContext } from '../../src/model/trace-context'
import { formats } from '../../src/propagation/formats'
import { Propagation, type PropagationSettings, type Sample } from '../../src/propagation/propagate'
import { w3c } from '../../src/propagation/w3c'
import { seeded } from '../support/random'

export const traceId = '0af7651916cd43dd8448eb211c80319c'
export const spanId = 'b7ad6b7169203331'
/** The lower half of the trace id, and the span id, in decimal. */
export const lowerDecimal = '9532127138774266268'
export const spanDecimal = '13235353014750950193'

export const context: TraceContext = {
  traceId,
  width: undefined,
  spanId,
  parentSpanId: undefined,
  sampled: true,
  nuance: undefined,
  random: false,
  traceState: undefined,
  carriesTraceState: false,
  baggage: [],
  format: undefined,
  notations: [],
}

/** The span id that a propagation of these tests gives to every hop. */
export const hop = '1111111111111111'
const fixed: Random = { hex: (bytes) => '1'.repeat(bytes * 2) }

export function propagationOf(settings: Partial<PropagationSettings>, sample?: Sample): Propagation {
  const whole = { extract: formats, clear: [], inject: ['preserve' as const], defaultFormat: w3c, ...settings }
  return new Propagation(whole, fixed, sample)
}

/** Extracts from a head and injects into it. */
export function through(propagation: Propagation, lines: readonly string[]) {
  const head = [...lines]
  const indexes = [...head.keys()].filter((index) => propagation.fields.hold(head[index] as string))
  const extraction = propagation.extract(indexes.map((index) => head[index] as string))
  const leftAlone = propagation.inject(head, indexes, extraction.context)
  return { ...extraction, head, leftAlone }
}

/** A context with everything that formats may carry. */
export function anyContext(seed: number): () => TraceContext {
  const random = seeded(seed)
  return () => {
    const width = random.pick([16, 32, undefined] as const)
    const lower = `${random.hex(7)}0${random.integer(1, 9)}`
    return {
      ...context,
      traceId: width === 16 ? `${'0'.repeat(16)}${lower}` : `${random.hex(7)}0${random.integer(1, 9)}${lower}`,
      width,
      spanId: random.pick([`${random.hex(7)}1f`, '0000000000000001', 'ffffffffffffffff']),
      parentSpanId: random.pick([undefined, `${random.hex(7)}1e`]),
      sampled: random.chance(0.5),
      random: random.chance(0.5),
    }
  }
}
