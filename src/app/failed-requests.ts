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

/** What settings have become of failed requests. */
export interface FailureRules {
  readonly rule: FailedRequestRule
  /** Exchanges of the same trace that an event tells of, at most. */
  readonly breadcrumbs: number
  /** With it, events show headers. */
  readonly personalData: PersonalData | undefined
}

/** @returns undefined when there can be no events */
export function failureRulesOf(settings: Settings): FailureRules | undefined {
  const { failedRequests: events, failedRequestStatuses: statuses, failedRequestTargets: targets } = settings
  const rule = new FailedRequestRule({ events, statuses, targets })
  if (rule.isIdle) return undefined
  const redact = redactionOf(settings)
  const personalData = settings.sendDefaultPii
    ? new PersonalData(settings.redactHeaders, (value) => redactText(value, redact))
    : undefined
  return { rule, breadcrumbs: settings.failedRequestBreadcrumbs, personalData }
}

export class FailedRequests {
  #rules: FailureRules | undefined
  #breadcrumbs: Breadcrumbs | undefined
  readonly #ledger: Ledger | undefined
  readonly #counts: Record<Exclude<Failure, 'elsewhere'>, number> = { response: 0, exception: 0 }

  /** @param ledger the books of logs, where those are exported */
  constructor(rules: FailureRules | undefined, ledger: Ledger | undefined) {
    this.#ledger = ledger
    this.renew(rules)
  }

  /** Other rules from now on; what is kept of exchanges before them stays. */
  renew(rules: FailureRules | undefined): void {
    this.#rules = rules
    if (!rules || rules.breadcrumbs === 0) this.#breadcrumbs = undefined
    else this.#breadcrumbs ??= new Breadcrumbs(bounds)
  }

  /** Takes an exchange that is over. @returns undefined when it is none */
  take(exchange: Exchange): FailedRequest | undefined {
    const rules = this.#rules
    if (!rules) return undefined
    const failure = rules.rule.of(exchange)
    const failed = failure === undefined ? undefined : this.#note(exchange, failure, rules)
    this.#breadcrumbs?.add(exchange)
    return failed
  }

  #note(exchange: Exchange, failure: Failure, rules: FailureRules): FailedRequest | undefined {
    if (failure === 'elsewhere') {
      this.#ledger?.leaveOut(FILTER)
      return undefined
    }
    this.#counts[failure]++
    const breadcrumbs = this.#breadcrumbs?.of(exchange, rules.breadcrumbs) ?? []
    return { exchange, kind: failure, breadcrumbs, personalData: rules.personalData?.of(exchange) ?? [] }
  }

  metrics(): Metric[] {
    if (!this.#rules && this.#counts.response + this.#counts.exception === 0) return []
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
