/** Failed requests, as the settings have them: picked out, counted, and given what was before in their trace. */
import type { Settings } from '../config/options'
import type { Ledger } from '../export/ledger'
import type { Exchange } from '../model/exchange'
import { FailedRequestRule, type Failure } from '../policy/failed-request'
import { PersonalData } from '../policy/personal-data'
import { type BreadcrumbBounds, Breadcrumbs } from '../telemetry/breadcrumbs'
import type { FailedRequest } from '../telemetry/failed-request'
import { type Metric, single } from '../telemetry/metrics'
import { redactText } from '../telemetry/redact'
import { redactionOf } from './annotations'

/** What breadcrumbs may take, 0.8 MB with their numbers; what is older than five minutes explains nothing any more. */
const bounds: BreadcrumbBounds = { exchanges: 4096, bytes: 512 * 1024, age: 300_000 }

/** In the books of logs, what was left out because its URL is no target. */
const FILTER = 'failed_request_targets'

export class FailedRequests {
  readonly #rule: FailedRequestRule
  readonly #breadcrumbs: Breadcrumbs | undefined
  readonly #breadcrumbCount: number
  readonly #ledger: Ledger | undefined
  readonly #counts: Record<Exclude<Failure, 'elsewhere'>, number> = { response: 0, exception: 0 }
  readonly #personalData: PersonalData | undefined

  private constructor(rule: FailedRequestRule, settings: Settings, ledger: Ledger | undefined) {
    this.#rule = rule
    this.#breadcrumbCount = settings.failedRequestBreadcrumbs
    this.#breadcrumbs = this.#breadcrumbCount > 0 ? new Breadcrumbs(bounds) : undefined
    this.#ledger = ledger
    if (!settings.sendDefaultPii) return
    const redact = redactionOf(settings)
    this.#personalData = new PersonalData(settings.redactHeaders, (value) => redactText(value, redact))
  }

  /** Whether events show headers. */
  get readsLines(): boolean {
    return this.#personalData !== undefined
  }

  /** @param ledger the books of logs, where those are exported @returns undefined when there can be no events */
  static of(settings: Settings, ledger: Ledger | undefined): FailedRequests | undefined {
    const { failedRequests: events, failedRequestStatuses: statuses, failedRequestTargets: targets } = settings
    const rule = new FailedRequestRule({ events, statuses, targets })
    return rule.isIdle ? undefined : new FailedRequests(rule, settings, ledger)
  }

  /** Takes an exchange that is over. @returns undefined when it is none */
  take(exchange: Exchange): FailedRequest | undefined {
    const failure = this.#rule.of(exchange)
    const failed = failure === undefined ? undefined : this.#note(exchange, failure)
    this.#breadcrumbs?.add(exchange)
    return failed
  }

  #note(exchange: Exchange, failure: Failure): FailedRequest | undefined {
    if (failure === 'elsewhere') {
      this.#ledger?.leaveOut(FILTER)
      return undefined
    }
    this.#counts[failure]++
    const breadcrumbs = this.#breadcrumbs?.of(exchange, this.#breadcrumbCount) ?? []
    return { exchange, kind: failure, breadcrumbs, personalData: this.#personalData?.of(exchange) ?? [] }
  }

  metrics(): Metric[] {
    return [
      {
        kind: 'counter',
        name: 'outspan.failed_requests',
        unit: '{request}',
        description: 'Failed requests that became events, by kind: response or exception.',
        points: Object.entries(this.#counts).map(([kind, value]) => ({ attributes: { kind }, value })),
      },
      single(
        'updown',
        'outspan.breadcrumbs.kept',
        '{exchange}',
        'Exchanges that are kept for events of their traces.',
        this.#breadcrumbs?.kept ?? 0,
      ),
      single(
        'counter',
        'outspan.breadcrumbs.evicted',
        '{exchange}',
        'Exchanges that were forgotten before their time, for want of room.',
        this.#breadcrumbs?.evicted ?? 0,
      ),
    ]
  }
}
