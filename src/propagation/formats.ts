/** The list of propagation formats: a new one is its file and one line here. */
import type { Format } from './format'
import { w3c } from './w3c'

export const formats: readonly Format[] = [w3c]
