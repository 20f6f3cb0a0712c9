/**
 * The messages of OTLP as a table (opentelemetry-proto 1.x), with the names that they have in OTLP/JSON, and those of google.rpc
 * that collectors answer errors with.
 */

/** Kinds of values: protobuf's own scalars, `enum` for all enumerations, and bytes by the way that JSON spells them. */
export type Scalar =
  | 'text'
  | 'hex'
  | 'base64'
  | 'bool'
  | 'enum'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'uint64'
  | 'sint32'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed64'
  | 'double'

const attributes = (number: number) => [number, 'attributes', 'KeyValue', 'many'] as const
const dropped = (number: number) => [number, 'droppedAttributesCount', 'uint32'] as const
const schemaUrl = [3, 'schemaUrl', 'text'] as const
const times = [
  [2, 'startTimeUnixNano', 'fixed64'],
  [3, 'timeUnixNano', 'fixed64'],
] as const
const temporality = [2, 'aggregationTemporality', 'enum'] as const

const table = {
  TracesRequest: [[1, 'resourceSpans', 'ResourceSpans', 'many']],
  LogsRequest: [[1, 'resourceLogs', 'ResourceLogs', 'many']],
  MetricsRequest: [[1, 'resourceMetrics', 'ResourceMetrics', 'many']],

  TracesResponse: [[1, 'partialSuccess', 'TracesPartialSuccess']],
  TracesPartialSuccess: [
    [1, 'rejectedSpans', 'int64'],
    [2, 'errorMessage', 'text'],
  ],
  LogsResponse: [[1, 'partialSuccess', 'LogsPartialSuccess']],
  LogsPartialSuccess: [
    [1, 'rejectedLogRecords', 'int64'],
    [2, 'errorMessage', 'text'],
  ],
  MetricsResponse: [[1, 'partialSuccess', 'MetricsPartialSuccess']],
  MetricsPartialSuccess: [
    [1, 'rejectedDataPoints', 'int64'],
    [2, 'errorMessage', 'text'],
  ],

  Resource: [attributes(1), dropped(2), [3, 'entityRefs', 'EntityRef', 'many']],
  EntityRef: [
    [1, 'schemaUrl', 'text'],
    [2, 'type', 'text'],
    [3, 'idKeys', 'text', 'many'],
    [4, 'descriptionKeys', 'text', 'many'],
  ],
  Scope: [[1, 'name', 'text'], [2, 'version', 'text'], attributes(3), dropped(4)],
  KeyValue: [
    [1, 'key', 'text'],
    [2, 'value', 'AnyValue'],
  ],
  AnyValue: [
    [1, 'stringValue', 'text'],
    [2, 'boolValue', 'bool'],
    [3, 'intValue', 'int64'],
    [4, 'doubleValue', 'double'],
    [5, 'arrayValue', 'ArrayValue'],
    [6, 'kvlistValue', 'KeyValueList'],
    [7, 'bytesValue', 'base64'],
  ],
  ArrayValue: [[1, 'values', 'AnyValue', 'many']],
  KeyValueList: [[1, 'values', 'KeyValue', 'many']],

  ResourceSpans: [[1, 'resource', 'Resource'], [2, 'scopeSpans', 'ScopeSpans', 'many'], schemaUrl],
  ScopeSpans: [[1, 'scope', 'Scope'], [2, 'spans', 'Span', 'many'], schemaUrl],
  Span: [
    [1, 'traceId', 'hex'],
    [2, 'spanId', 'hex'],
    [3, 'traceState', 'text'],
    [4, 'parentSpanId', 'hex'],
    [5, 'name', 'text'],
    [6, 'kind', 'enum'],
    [7, 'startTimeUnixNano', 'fixed64'],
    [8, 'endTimeUnixNano', 'fixed64'],
    attributes(9),
    dropped(10),
    [11, 'events', 'SpanEvent', 'many'],
    [12, 'droppedEventsCount', 'uint32'],
    [13, 'links', 'SpanLink', 'many'],
    [14, 'droppedLinksCount', 'uint32'],
    [15, 'status', 'SpanStatus'],
    [16, 'flags', 'fixed32'],
  ],
  SpanEvent: [[1, 'timeUnixNano', 'fixed64'], [2, 'name', 'text'], attributes(3), dropped(4)],
  SpanLink: [
    [1, 'traceId', 'hex'],
    [2, 'spanId', 'hex'],
    [3, 'traceState', 'text'],
    attributes(4),
    dropped(5),
    [6, 'flags', 'fixed32'],
  ],
  SpanStatus: [
    [2, 'message', 'text'],
    [3, 'code', 'enum'],
  ],

  ResourceLogs: [[1, 'resource', 'Resource'], [2, 'scopeLogs', 'ScopeLogs', 'many'], schemaUrl],
  ScopeLogs: [[1, 'scope', 'Scope'], [2, 'logRecords', 'LogRecord', 'many'], schemaUrl],
  LogRecord: [
    [1, 'timeUnixNano', 'fixed64'],
    [2, 'severityNumber', 'enum'],
    [3, 'severityText', 'text'],
    [5, 'body', 'AnyValue'],
    attributes(6),
    dropped(7),
    [8, 'flags', 'fixed32'],
    [9, 'traceId', 'hex'],
    [10, 'spanId', 'hex'],
    [11, 'observedTimeUnixNano', 'fixed64'],
    [12, 'eventName', 'text'],
  ],

  ResourceMetrics: [[1, 'resource', 'Resource'], [2, 'scopeMetrics', 'ScopeMetrics', 'many'], schemaUrl],
  ScopeMetrics: [[1, 'scope', 'Scope'], [2, 'metrics', 'Metric', 'many'], schemaUrl],
  Metric: [
    [1, 'name', 'text'],
    [2, 'description', 'text'],
    [3, 'unit', 'text'],
    [5, 'gauge', 'Gauge'],
    [7, 'sum', 'Sum'],
    [9, 'histogram', 'Histogram'],
    [10, 'exponentialHistogram', 'ExponentialHistogram'],
    [11, 'summary', 'Summary'],
    [12, 'metadata', 'KeyValue', 'many'],
  ],
  Gauge: [[1, 'dataPoints', 'NumberDataPoint', 'many']],
  Sum: [[1, 'dataPoints', 'NumberDataPoint', 'many'], temporality, [3, 'isMonotonic', 'bool']],
  Histogram: [[1, 'dataPoints', 'HistogramDataPoint', 'many'], temporality],
  ExponentialHistogram: [[1, 'dataPoints', 'ExponentialHistogramDataPoint', 'many'], temporality],
  Summary: [[1, 'dataPoints', 'SummaryDataPoint', 'many']],
  NumberDataPoint: [
    ...times,
    [4, 'asDouble', 'double'],
    [5, 'exemplars', 'Exemplar', 'many'],
    [6, 'asInt', 'sfixed64'],
    attributes(7),
    [8, 'flags', 'uint32'],
  ],
  HistogramDataPoint: [
    ...times,
    [4, 'count', 'fixed64'],
    [5, 'sum', 'double'],
    [6, 'bucketCounts', 'fixed64', 'many'],
    [7, 'explicitBounds', 'double', 'many'],
    [8, 'exemplars', 'Exemplar', 'many'],
    attributes(9),
    [10, 'flags', 'uint32'],
    [11, 'min', 'double'],
    [12, 'max', 'double'],
  ],
  ExponentialHistogramDataPoint: [
    attributes(1),
    ...times,
    [4, 'count', 'fixed64'],
    [5, 'sum', 'double'],
    [6, 'scale', 'sint32'],
    [7, 'zeroCount', 'fixed64'],
    [8, 'positive', 'Buckets'],
    [9, 'negative', 'Buckets'],
    [10, 'flags', 'uint32'],
    [11, 'exemplars', 'Exemplar', 'many'],
    [12, 'min', 'double'],
    [13, 'max', 'double'],
    [14, 'zeroThreshold', 'double'],
  ],
  Buckets: [
    [1, 'offset', 'sint32'],
    [2, 'bucketCounts', 'uint64', 'many'],
  ],
  SummaryDataPoint: [
    ...times,
    [4, 'count', 'fixed64'],
    [5, 'sum', 'double'],
    [6, 'quantileValues', 'ValueAtQuantile', 'many'],
    attributes(7),
    [8, 'flags', 'uint32'],
  ],
  ValueAtQuantile: [
    [1, 'quantile', 'double'],
    [2, 'value', 'double'],
  ],
  Exemplar: [
    [2, 'timeUnixNano', 'fixed64'],
    [3, 'asDouble', 'double'],
    [4, 'spanId', 'hex'],
    [5, 'traceId', 'hex'],
    [6, 'asInt', 'sfixed64'],
    [7, 'filteredAttributes', 'KeyValue', 'many'],
  ],

  RpcStatus: [
    [1, 'code', 'int32'],
    [2, 'message', 'text'],
    [3, 'details', 'RpcDetail', 'many'],
  ],
  /** google.protobuf.Any. */
  RpcDetail: [
    [1, 'typeUrl', 'text'],
    [2, 'value', 'base64'],
  ],
  RpcRetryInfo: [[1, 'retryDelay', 'Duration']],
  Duration: [
    [1, 'seconds', 'int64'],
    [2, 'nanos', 'int32'],
  ],
} as const

export type MessageName = keyof typeof table

/** Number, name in JSON, kind of value, and whether there may be several. */
export type Row = readonly [number: number, name: string, kind: Scalar | MessageName, many?: 'many']

export const messages: Readonly<Record<MessageName, readonly Row[]>> = table
