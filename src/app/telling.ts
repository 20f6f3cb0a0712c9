/** From settings to how exchanges are told: the same at the start and at each reload. */
import type { Settings } from '../config/options'
import type { ByteWriter } from '../model/byte-writer'
import type { Exchange } from '../model/exchange'
import { type Phase, phases } from '../model/phase'
import { accessFilter } from '../telemetry/access-filter'
import { writeAccessLog } from '../telemetry/access-log'
import { readsLines, templateWriter } from '../telemetry/access-template'
import { failedRequestWriter, type WriteFailedRequest } from '../telemetry/failed-request'
import { accessRecordWriter, type WriteAccessRecord } from '../telemetry/otlp-log'
import { spansWriter, spanWriter, type WriteSpan } from '../telemetry/otlp-span'
import { namedHeadersOf } from './annotations'
import { type FailureRules, failureRulesOf } from './failed-requests'

export interface Telling {
  readonly writeSpan: WriteSpan
  readonly writeSpans: ReturnType<typeof spansWriter>
  /** The phases that are child spans; undefined when none is. */
  readonly phases: ReadonlySet<Phase> | undefined
  readonly writeLine: (to: ByteWriter, exchange: Exchange) => void
  readonly writeAccessRecord: WriteAccessRecord
  /** Whether an exchange gets a line; undefined where all do. */
  readonly isLogged: ((exchange: Exchange) => boolean) | undefined
  readonly writeFailedRequest: WriteFailedRequest
  /** Undefined where no failed request becomes an event. */
  readonly failures: FailureRules | undefined
  /** Whether a line of the log shows field lines of its exchange. */
  readonly readsLines: boolean
}

/** Compiles the writers and filters of all projections, once for many exchanges. */
export function tellingOf(settings: Settings): Telling {
  const { semconv, accessLog, accessLogFormat } = settings
  const { template } = accessLogFormat
  return {
    writeSpan: spanWriter(semconv),
    writeSpans: spansWriter(semconv),
    phases: phasesOf(settings),
    writeLine: template ? templateWriter(template, namedHeadersOf(settings)) : writeAccessLog,
    writeAccessRecord: accessRecordWriter(semconv),
    isLogged: accessFilter({
      statuses: settings.accessLogStatuses,
      slowerThan: settings.accessLogSlowerThan,
      failures: settings.accessLogFailures,
      sample: settings.accessLogSample,
    }),
    writeFailedRequest: failedRequestWriter(semconv),
    failures: failureRulesOf(settings),
    readsLines: accessLog !== 'off' && template !== undefined && readsLines(template),
  }
}

function phasesOf({ instrumentations }: Settings): ReadonlySet<Phase> | undefined {
  const wanted = new Set(
    instrumentations.includes('all') ? phases : phases.filter((phase) => instrumentations.includes(phase)),
  )
  return wanted.size === 0 ? undefined : wanted
}
