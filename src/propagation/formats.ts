/** The list of propagation formats, in the order in which they are extracted: a new one is its file and one line here. */
import { aws } from './aws'
import { b3, b3WithTraceState } from './b3'
import { b3Single } from './b3-single'
import { datadog } from './datadog'
import type { Format } from './format'
import { gcp } from './gcp'
import { instana } from './instana'
import { jaeger } from './jaeger'
import { ot } from './ot'
import { sentry } from './sentry'
import { w3c } from './w3c'

export const formats: readonly Format[] = [w3c, b3, b3Single, jaeger, ot, datadog, aws, gcp, instana, sentry]

/** By name, for lists that an operator writes: what is asked for explicitly may read more. */
export const formatsByName: ReadonlyMap<string, Format> = new Map(
  [...formats, b3WithTraceState].map((format) => [format.name, format]),
)
