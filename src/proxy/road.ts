/**
 * The road of a request, station by station. A head comes in; what leaves is a route that carries the exchange on: a
 * forwarded request or a tunnel. However it ends, it ends here, once.
 */

import type { UpstreamProxy } from '../config/upstream-proxy'
import type { Hooks } from '../hooks/runner'
import { type SortedFields, sortFields } from '../http/field-sort'
import { type Framing, isFraming, requestFraming } from '../http/framing'
import { hasSoundHost } from '../http/host'
import { countForward } from '../http/max-forwards'
import { type Target, TargetReader } from '../http/target'
import { upgradeOf } from '../http/upgrade'
import { hasPassed } from '../http/via'
import type { Clock, Random } from '../model/clock'
import type { Destination } from '../model/destination'
import { Exchange } from '../model/exchange'
import type { FaultCode } from '../model/fault'
import { decoded, type FieldLine } from '../model/field-line'
import type { RequestHead } from '../model/head'
import type { Annotator } from '../policy/annotator'
import type { Egress } from '../policy/egress'
import type { Propagation } from '../propagation/propagate'
import type { RequestIdHeader } from '../propagation/request-id'
import type { RedactUrl } from '../telemetry/redact'
import type { UpstreamPool } from '../upstream/pool'
import type { ClientConnection } from './client-connection'
import { Forward } from './forward'
import { lastHopResponse } from './last-hop'
import { faultAnswer } from './reply'
import type { Entrance, NewRoute } from './route'
import { Tunnel } from './tunnel'

const REQUEST_ID_BYTES = 16

/** Targets that redaction understands. */
const absolute = /^[a-z][a-z0-9+.-]*:\/\//i

export interface ExchangeTimeouts {
  /** Milliseconds without a byte of a body; 0 waits for ever. */
  readonly body: number
  /** Milliseconds without a byte in a tunnel, or on a connection that switched protocols; 0 waits for ever. */
  readonly tunnelIdle: number
}

/** What exchanges travel with. An exchange keeps to the parts that it began with, whatever is put in their place. */
export interface RoadParts {
  readonly clock: Clock
  readonly random: Random
  /** What propagation is for a request, by its destination, method and path. */
  readonly propagationOf: (destination: Destination, method: string, path: string) => Propagation
  /** The header that tells the client its trace id, if it is to be told. */
  readonly responseTraceHeader: string | undefined
  /** The header that tells destination and client the request id, if they are to be told. */
  readonly requestIdHeader: RequestIdHeader | undefined
  readonly upstreams: UpstreamPool
  readonly timeouts: ExchangeTimeouts
  /** Where requests leave through other proxies; undefined when none does. */
  readonly egress: Egress | undefined
  /** Methods that telemetry names. */
  readonly knownMethods: ReadonlySet<string>
  /** URLs as telemetry shows them. */
  readonly redactUrl: RedactUrl
  /** Whether telemetry never shows that header. */
  readonly hidesUserAgent?: boolean
  /** What settings have spans say; undefined when they say nothing. */
  readonly annotator: Annotator | undefined
  /** The user's code that wants to hear of requests; undefined when none does. */
  readonly hooks?: Pick<Hooks, 'onRequest'> | undefined
  /** Our name in Via, if we are to be named. */
  readonly via: string | undefined
  /** Whether exchanges keep the field lines of their heads for whoever reads the record: it costs memory. */
  readonly keepsLines: boolean
  /** Gets every exchange when it is over. */
  readonly onExchange: (exchange: Exchange) => void
}

/** A request that was judged fit to travel. */
export interface Passage {
  readonly exchange: Exchange
  /** Those of the road when the exchange began. */
  readonly parts: RoadParts
  readonly head: RequestHead
  readonly target: Target
  readonly fields: SortedFields
  readonly framing: Framing
  readonly propagation: Propagation
  /** The protocols that the client would switch to. */
  readonly upgrade: string | undefined
  /** The proxy that it is sent through; undefined for the straight way. */
  readonly proxy: UpstreamProxy | undefined
}

export class Road implements Entrance {
  /** For exchanges that begin from now on. Replaced as a whole when settings change. */
  parts: RoadParts
  readonly #targets = new TargetReader()
  active = 0
  begun = 0

  constructor(parts: RoadParts) {
    this.parts = parts
  }

  enter(client: ClientConnection, head: RequestHead): NewRoute | undefined {
    const { parts } = this
    const exchange = this.#begin(client)
    exchange.method = head.method
    if (parts.knownMethods.has(head.method)) exchange.knownMethod = head.method
    exchange.clientMinor = head.minor
    if (parts.keepsLines) exchange.requestLines = head.lines

    // Where does it want to go?
    const target = this.#targets.read(head.method, head.target)
    if (typeof target === 'string') {
      if (absolute.test(head.target)) exchange.url = parts.redactUrl(head.target)
      exchange.requestId = parts.requestIdHeader?.arrived(head.lines) ?? exchange.requestId
      return this.#refuse(client, exchange, head, target)
    }
    exchange.destination = target.destination
    exchange.url = exchange.isTunnel ? `//${target.destination.authority}` : parts.redactUrl(head.target)
    parts.annotator?.onRequest(exchange, target.destination, target.path, head.lines)

    // By which id is it known?
    const propagation = parts.propagationOf(target.destination, head.method, target.path)
    const fields = sortFields(head.lines, propagation.fields)
    const noted = notedLines(fields)
    this.#identify(exchange, fields, noted, propagation)

    // Can its lines and its length be read in one way only?
    if (!hasSoundHost(fields, head.minor, target.destination)) return this.#refuse(client, exchange, head, 'bad_host')
    const framing = requestFraming(fields, head.minor)
    if (!isFraming(framing)) return this.#refuse(client, exchange, head, framing)
    if (exchange.isTunnel && framing !== 0) return this.#refuse(client, exchange, head, 'bad_framing')

    // Has it been here, and is it to go on from here?
    const { egress, via } = parts
    if (via !== undefined && hasPassed(via, head.lines)) return this.#refuse(client, exchange, head, 'loop')
    if (countForward(head.method, fields.travelling) === 0) return this.#answerHere(client, exchange, head)
    const proxy = egress?.of(target.destination, head.method, target.path)
    exchange.proxyAuthority = proxy?.destination.authority

    // Which trace does it belong to? The span begins here.
    const { context, refusals, conflicts } = propagation.extract(noted)
    exchange.context = context
    exchange.contextRefusals = refusals
    exchange.contextConflicts = conflicts
    if (fields.userAgent && !parts.hidesUserAgent) exchange.userAgent = decoded(fields.userAgent)

    parts.hooks?.onRequest(exchange)

    const upgrade = fields.upgrade === undefined ? undefined : upgradeOf(fields, head.minor)
    const passage: Passage = { exchange, parts, head, target, fields, framing, propagation, upgrade, proxy }
    return exchange.isTunnel ? new Tunnel(this, client, passage) : new Forward(this, client, passage)
  }

  refuse(client: ClientConnection, fault: FaultCode): void {
    this.#refuse(client, this.#begin(client), undefined, fault)
  }

  /**
   * Tells the client why there is no answer from the destination.
   * @param head of the request, where it could be read
   * @param detail what the system said of it, possibly empty
   * @param parts those that the exchange began with
   */
  tellFault(
    client: ClientConnection,
    exchange: Exchange,
    head: RequestHead | undefined,
    code: FaultCode,
    detail: string,
    keepAlive: boolean,
    parts = this.parts,
  ): void {
    const { status, text } = faultAnswer(exchange, head, code, detail, keepAlive, parts)
    exchange.fault = code
    exchange.clientStatus = status
    client.write(text)
  }

  /** The exchange is over: the record is complete, and goes to its projections. */
  end(exchange: Exchange): void {
    if (exchange.endMark === 0) exchange.endMark = this.parts.clock.now()
    this.active--
    this.parts.onExchange(exchange)
  }

  #begin(client: ClientConnection): Exchange {
    this.active++
    this.begun++
    const { clock, random } = this.parts
    const mark = clock.now()
    return new Exchange(random.hex(REQUEST_ID_BYTES), clock.unix(mark), mark, client.address, client.port)
  }

  /** The client's id is taken over where it may be, else the destination is told ours. */
  #identify(exchange: Exchange, fields: SortedFields, noted: readonly FieldLine[], { clear }: Propagation): void {
    const { requestIdHeader } = this.parts
    if (requestIdHeader === undefined) return
    const id = requestIdHeader.arrived(noted)
    if (id !== undefined) exchange.requestId = id
    // The destination of a tunnel sees nothing of the CONNECT.
    else if (!exchange.isTunnel) exchange.signedFields = requestIdHeader.write(fields, noted, exchange.requestId, clear)
  }

  /** The request has come as far as it was to come. */
  #answerHere(client: ClientConnection, exchange: Exchange, head: RequestHead): undefined {
    const { requestIdHeader } = this.parts
    client.write(lastHopResponse(head, requestIdHeader ? [requestIdHeader.line(exchange.requestId)] : []))
    exchange.clientStatus = 200
    this.end(exchange)
    client.exchangeDone(false)
  }

  /** Answers a request that goes nowhere, and ends the connection: what follows on it can't be trusted. */
  #refuse(client: ClientConnection, exchange: Exchange, head: RequestHead | undefined, code: FaultCode): undefined {
    this.tellFault(client, exchange, head, code, '', false)
    this.end(exchange)
    client.exchangeDone(false)
  }
}

function notedLines({ noted, travelling }: SortedFields): FieldLine[] {
  const lines: FieldLine[] = []
  for (const index of noted) lines.push(travelling[index] as FieldLine)
  return lines
}
