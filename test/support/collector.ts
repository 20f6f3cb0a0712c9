/** A collector for tests: a real gRPC server that takes OTLP spans and gives them back as plain data. */
import { join } from 'node:path'
import {
  type GrpcObject,
  loadPackageDefinition,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceClientConstructor,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

export type AttributeValue = string | boolean | number | readonly AttributeValue[] | { [key: string]: AttributeValue }
export type Attributes = { [key: string]: AttributeValue }

export interface CollectedEvent {
  readonly name: string
  readonly timeUnixNano: bigint
  readonly attributes: Attributes
}

export interface CollectedSpan {
  /** Hexadecimal digits, as the other ids. */
  readonly traceId: string
  readonly spanId: string
  /** Empty for a root. */
  readonly parentSpanId: string
  readonly traceState: string
  readonly flags: number
  readonly name: string
  /** `CLIENT`, `SERVER`, … */
  readonly kind: string
  readonly status: { readonly code: 'UNSET' | 'OK' | 'ERROR'; readonly message: string }
  readonly startTimeUnixNano: bigint
  readonly endTimeUnixNano: bigint
  readonly attributes: Attributes
  readonly events: readonly CollectedEvent[]
  readonly scope: { readonly name: string; readonly version: string }
  readonly resource: Attributes
}

export interface CollectedCall {
  /** The call's metadata by name in lower case; several values of a name are joined with commas. */
  readonly metadata: { readonly [name: string]: string }
  readonly spans: readonly CollectedSpan[]
}

/** What the collector does with a call. */
export type Behaviour =
  /** Takes the spans, after `delay` milliseconds. */
  | { readonly kind: 'take'; readonly delay?: number }
  /** Answers with a gRPC status, and a google.rpc.Status if there is one; the spans don't count as taken. */
  | { readonly kind: 'fail'; readonly code: number; readonly message?: string; readonly details?: Buffer }
  /** Takes the call and answers that it rejected spans of it. */
  | { readonly kind: 'partial'; readonly rejected: number; readonly message: string }
  /** Never answers. */
  | { readonly kind: 'hang' }

export interface CollectorOptions {
  /** 0, the default, lets the system choose. */
  readonly port?: number
  readonly tls?: {
    readonly certificate: Buffer
    readonly key: Buffer
    /** Authority of client certificates; with it, clients must have one. */
    readonly clientAuthority?: Buffer
  }
  readonly behaviour?: Behaviour
}

export interface Collector {
  /** `http://127.0.0.1:port`, or `https://localhost:port` with TLS. */
  readonly url: string
  readonly port: number
  /** All spans that were taken, in the order of arrival. */
  spans(): CollectedSpan[]
  /** Every call that arrived, whatever became of it. */
  calls(): CollectedCall[]
  /** Attributes of the resource of the newest spans taken; empty before. */
  resource(): Attributes
  /** The metadata of every call that arrived. */
  metadata(): { readonly [name: string]: string }[]
  /** What was wrong with calls that could not be understood; they are answered with INVALID_ARGUMENT. */
  malformed(): string[]
  setBehaviour(behaviour: Behaviour): void
  /** Resolves when at least `count` spans were taken; rejects after `timeout` milliseconds (20,000). */
  waitForSpans(count: number, timeout?: number): Promise<CollectedSpan[]>
  /** Resolves when at least `count` calls arrived; rejects after `timeout` milliseconds (20,000). */
  waitForCalls(count: number, timeout?: number): Promise<CollectedCall[]>
  close(): Promise<void>
}

interface WireAnyValue {
  readonly value?:
    | 'stringValue'
    | 'boolValue'
    | 'intValue'
    | 'doubleValue'
    | 'arrayValue'
    | 'kvlistValue'
    | 'bytesValue'
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: string
  readonly doubleValue?: number
  readonly arrayValue?: { readonly values: readonly WireAnyValue[] }
  readonly kvlistValue?: { readonly values: readonly WireKeyValue[] }
  readonly bytesValue?: Buffer
}

interface WireKeyValue {
  readonly key: string
  readonly value: WireAnyValue | null
}

interface WireSpan {
  readonly traceId: Buffer
  readonly spanId: Buffer
  readonly parentSpanId: Buffer
  readonly traceState: string
  readonly flags: number
  readonly name: string
  readonly kind: string
  readonly status: { readonly code: 'UNSET' | 'OK' | 'ERROR'; readonly message: string } | null
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly WireKeyValue[]
  readonly events: readonly {
    readonly name: string
    readonly timeUnixNano: string
    readonly attributes: readonly WireKeyValue[]
  }[]
}

interface WireRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly WireKeyValue[] } | null
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string; readonly version: string } | null
      readonly spans: readonly WireSpan[]
    }[]
  }[]
}

interface WireResponse {
  readonly partialSuccess?: { readonly rejectedSpans: number; readonly errorMessage: string }
}

const definition = loadSync(join(__dirname, 'otlp.proto'), {
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
})

function traceService(): ServiceClientConstructor['service'] {
  const path = ['opentelemetry', 'proto', 'collector', 'trace', 'v1']
  const room = path.reduce((outer, name) => outer[name] as GrpcObject, loadPackageDefinition(definition))
  return (room.TraceService as ServiceClientConstructor).service
}

/** Spans out of entries of OTLP's `ScopeSpans.spans`, one after the other. */
export function decodedSpans(entries: Uint8Array): CollectedSpan[] {
  const request = field(1, field(2, Buffer.from(entries)))
  const service = definition['opentelemetry.proto.collector.trace.v1.TraceService'] as ServiceDefinition
  return spansOf(service.Export?.requestDeserialize(request) as unknown as WireRequest)
}

/** A field of bytes, as protobuf writes it. */
function field(number: number, content: Buffer): Buffer {
  const head = [(number << 3) | 2]
  let rest = content.length
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) head.push((rest & 0x7f) | 0x80)
  return Buffer.concat([Buffer.from([...head, rest]), content])
}

export async function startCollector(options: CollectorOptions = {}): Promise<Collector> {
  const calls: CollectedCall[] = []
  const taken: CollectedSpan[] = []
  const malformed: string[] = []
  const timers = new Set<NodeJS.Timeout>()
  let behaviour: Behaviour = options.behaviour ?? { kind: 'take' }

  const server = new Server()
  server.addService(traceService(), {
    Export: (call: ServerUnaryCall<WireRequest, WireResponse>, answer: sendUnaryData<WireResponse>): void => {
      let spans: CollectedSpan[]
      try {
        spans = spansOf(call.request)
      } catch (error) {
        malformed.push((error as Error).message)
        answer({ code: status.INVALID_ARGUMENT, details: (error as Error).message })
        return
      }
      calls.push({ metadata: plainMetadata(call), spans })
      const take = (response: WireResponse): void => {
        taken.push(...spans)
        answer(null, response)
      }
      if (behaviour.kind === 'hang') return
      if (behaviour.kind === 'fail') {
        const metadata = new Metadata()
        if (behaviour.details) metadata.set('grpc-status-details-bin', behaviour.details)
        answer({ code: behaviour.code, details: behaviour.message ?? 'as the test wants it', metadata })
      } else if (behaviour.kind === 'partial') {
        take({ partialSuccess: { rejectedSpans: behaviour.rejected, errorMessage: behaviour.message } })
      } else if (behaviour.delay) {
        timers.add(setTimeout(take, behaviour.delay, {}))
      } else {
        take({})
      }
    },
  })
  const host = options.tls ? 'localhost' : '127.0.0.1'
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${options.port ?? 0}`, credentialsOf(options.tls), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })

  return {
    url: `${options.tls ? 'https' : 'http'}://${host}:${port}`,
    port,
    spans: () => [...taken],
    calls: () => [...calls],
    resource: () => taken.at(-1)?.resource ?? {},
    metadata: () => calls.map(({ metadata }) => metadata),
    malformed: () => [...malformed],
    setBehaviour: (next) => {
      behaviour = next
    },
    waitForSpans: async (count, timeout = 20_000) => {
      await until(
        () => taken.length >= count,
        timeout,
        () => `${taken.length} of ${count} spans arrived`,
      )
      return [...taken]
    },
    waitForCalls: async (count, timeout = 20_000) => {
      await until(
        () => calls.length >= count,
        timeout,
        () => `${calls.length} of ${count} calls arrived`,
      )
      return [...calls]
    },
    close: async () => {
      for (const timer of timers) clearTimeout(timer)
      server.forceShutdown()
    },
  }
}

function credentialsOf(tls: CollectorOptions['tls']): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure()
  const { certificate, key, clientAuthority } = tls
  const pair = { cert_chain: certificate, private_key: key }
  return ServerCredentials.createSsl(clientAuthority ?? null, [pair], clientAuthority !== undefined)
}

function plainMetadata(call: ServerUnaryCall<WireRequest, WireResponse>): { [name: string]: string } {
  const names = Object.keys(call.metadata.getMap())
  return Object.fromEntries(names.map((name) => [name, call.metadata.get(name).map(String).join(',')]))
}

function spansOf(request: WireRequest): CollectedSpan[] {
  return request.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const attributes = plainAttributes(resource?.attributes ?? [])
    return scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        traceId: span.traceId.toString('hex'),
        spanId: span.spanId.toString('hex'),
        parentSpanId: span.parentSpanId.toString('hex'),
        traceState: span.traceState,
        flags: span.flags,
        name: span.name,
        kind: span.kind,
        status: { code: span.status?.code ?? 'UNSET', message: span.status?.message ?? '' },
        startTimeUnixNano: BigInt(span.startTimeUnixNano),
        endTimeUnixNano: BigInt(span.endTimeUnixNano),
        attributes: plainAttributes(span.attributes),
        events: span.events.map((event) => ({
          name: event.name,
          timeUnixNano: BigInt(event.timeUnixNano),
          attributes: plainAttributes(event.attributes),
        })),
        scope: { name: scope?.name ?? '', version: scope?.version ?? '' },
        resource: attributes,
      })),
    )
  })
}

/** A key that is there twice would hide a value, so it is an error. */
function plainAttributes(pairs: readonly WireKeyValue[]): Attributes {
  const attributes: Attributes = {}
  for (const { key, value } of pairs) {
    if (Object.hasOwn(attributes, key)) throw new Error(`the attribute ${key} is there twice`)
    attributes[key] = plainValue(value)
  }
  return attributes
}

function plainValue(value: WireAnyValue | null): AttributeValue {
  switch (value?.value) {
    case 'stringValue':
      return value.stringValue as string
    case 'boolValue':
      return value.boolValue as boolean
    case 'intValue':
      return Number(value.intValue)
    case 'doubleValue':
      return value.doubleValue as number
    case 'arrayValue':
      return (value.arrayValue?.values ?? []).map(plainValue)
    case 'kvlistValue':
      return plainAttributes(value.kvlistValue?.values ?? [])
    case 'bytesValue':
      return (value.bytesValue as Buffer).toString('hex')
    default:
      throw new Error('an attribute has no value')
  }
}

async function until(isSo: () => boolean, timeout: number, words: () => string): Promise<void> {
  const end = performance.now() + timeout
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`after ${timeout} ms: ${words()}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
