/** What the user's code has the spans of an exchange say beside their facts. Times are Unix milliseconds with fractions. */
import type { Attribute, AttributeValue, SpanKind } from './attribute'

export interface SpanEvent {
  readonly name: string
  readonly time: number
  readonly attributes: readonly Attribute[]
}

export interface SpanLink {
  readonly traceId: string
  readonly spanId: string
  readonly attributes: readonly Attribute[]
}

/** By OTLP's numbers (trace.proto, `StatusCode`). */
export const statusCodes = { unset: 0, ok: 1, error: 2 } as const
export type StatusName = keyof typeof statusCodes

export interface SpanStatus {
  readonly code: StatusName
  readonly message: string
}

/** What was set on one span. */
export interface SpanNotes {
  /** Undefined where it is what the facts say, as the status is. */
  readonly name: string | undefined
  readonly status: SpanStatus | undefined
  /** They stand in the place of facts of the same keys. */
  readonly attributes: ReadonlyMap<string, AttributeValue>
  readonly events: readonly SpanEvent[]
  readonly links: readonly SpanLink[]
  /** Beyond the bounds. */
  readonly droppedAttributes: number
  readonly droppedEvents: number
  readonly droppedLinks: number
}

/** A child that the user's code made. */
export interface ExtraSpan {
  readonly name: string
  readonly kind: SpanKind
  /** 16 hexadecimal digits. */
  readonly id: string
  readonly parentId: string
  /** On the clock of the exchange's marks; its end is 0 where it ends with the exchange. */
  readonly startMark: number
  readonly endMark: number
  readonly notes: SpanNotes
}

export interface SpanExtras {
  /** On the exchange's own span. */
  readonly notes: SpanNotes
  readonly children: readonly ExtraSpan[]
  /** Children beyond the bound. */
  readonly droppedChildren: number
  /** The hook that wants no span of the exchange. */
  readonly droppedBy: string | undefined
}
