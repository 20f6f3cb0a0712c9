/** An attribute of a span or log record, by OpenTelemetry's data model: a scalar, or an array of scalars. */
export type AttributeValue = string | number | boolean | readonly (string | number | boolean)[]

export interface Attribute {
  readonly key: string
  readonly value: AttributeValue
}

/** The kinds of spans by OTLP's numbers (trace.proto, `SpanKind`). */
export const spanKinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const
export type SpanKindName = keyof typeof spanKinds
export type SpanKind = (typeof spanKinds)[SpanKindName]
