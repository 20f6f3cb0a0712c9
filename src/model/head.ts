import type { FieldLine } from './field-line'

/** The head of a request as it was received. */
export interface RequestHead {
  readonly method: string
  /** The request target, byte for byte. */
  readonly target: string
  /** HTTP/1.`minor`. */
  readonly minor: 0 | 1
  readonly lines: readonly FieldLine[]
  /** Bytes of the head, its empty line included. */
  readonly size: number
}

/** The head of a response as it was received. */
export interface ResponseHead {
  readonly status: number
  /** The reason phrase, possibly empty. */
  readonly reason: string
  /** HTTP/1.`minor`. */
  readonly minor: 0 | 1
  readonly lines: readonly FieldLine[]
  /** Bytes of the head, its empty line included. */
  readonly size: number
}
