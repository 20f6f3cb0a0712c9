/** What `--help` prints; the README's table comes from the same rows. */
import { flagOf, type Option, variableOf } from '../config/option'
import { optionRows } from '../config/options'

const WIDTH = 48

const rows = optionRows.filter(({ variantOf }) => !variantOf)

export function helpText(): string {
  return [
    'outspan: a forward proxy that gives any program distributed tracing of its outbound calls.',
    '',
    'Usage:',
    '  outspan [run] [options]    Start the proxy. Point programs at it: HTTP_PROXY=http://127.0.0.1:15001',
    '  outspan check [options]    Check the settings and print them with their origins.',
    '  outspan check --collector [options]',
    '                             Ask the collectors whether they take telemetry.',
    '  outspan check --explain METHOD URL [-H LINE] [options]',
    '                             Tell what would become of a request: rule, trace context, sampling.',
    '',
    'Options:',
    ...rows.filter(({ isFileOnly }) => !isFileOnly).map(optionLine),
    `  ${'-h, --help'.padEnd(WIDTH)}Print this.`,
    `  ${'-v, --version'.padEnd(WIDTH)}Print the version.`,
    '',
    'Each otlp option exists for one signal too: --otlp-traces-endpoint, --otlp-logs-header, --otlp-metrics-protocol.',
    'Each option can also be set by the variable OUTSPAN_ and its name (OUTSPAN_LISTEN), by the OpenTelemetry variable that',
    'means the same (OTEL_SERVICE_NAME), or in the YAML file. Flags win over variables, OUTSPAN_ over OTEL_ ones,',
    'variables over the file.',
    '',
    'SIGHUP, or a change of the file, puts its settings in force without a stop. A restart is needed for',
    `${rows
      .filter(({ isLive }) => !isLive)
      .map(flagOf)
      .join(', ')}.`,
    '',
  ].join('\n')
}

function optionLine(row: Option<unknown>): string {
  const left = `${flagOf(row)} ${row.kind.placeholder}`
  const shown = defaultText(row)
  return `  ${left.padEnd(WIDTH - 1)} ${row.doc}${shown === '' ? '' : ` [${shown}]`}`
}

/** The default as a user would write it; empty where there is none. */
export function defaultText(row: Option<unknown>): string {
  if (row.default === undefined) return ''
  const shown = row.kind.show(row.default)
  return typeof shown === 'object' ? '' : String(shown)
}

/** The README's table of options, in Markdown. */
export function optionTable(): string {
  const lines = rows.map((row) => {
    const variables = row.isFileOnly
      ? ''
      : [variableOf(row), ...(row.otel ?? [])].map((name) => `\`${name}\``).join(', ')
    const flag = row.isFileOnly
      ? 'in the file only'
      : `\`${flagOf(row)} ${row.kind.placeholder.replaceAll('|', '\\|')}\`${row.isLive ? '' : ' *'}`
    const shown = defaultText(row)
    return `| ${flag} | ${shown === '' ? '' : `\`${shown}\``} | ${row.doc} | \`${row.key}\` | ${variables} |`
  })
  return ['| flag | default | meaning | file key | variables |', '| --- | --- | --- | --- | --- |', ...lines].join('\n')
}
