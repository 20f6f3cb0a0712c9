/** The programs of the examples and the outspan beside each, told in one way for every kind of deployment. */
import { readArguments } from '../../src/cli/arguments'
import { settingsFrom } from '../../src/cli/settings'
import type { Settings } from '../../src/config/options'
import { imageEnvironment } from './dockerfile'
import { type EnvVar, mebibytes, milliseconds } from './files'
import { composeServices, isOutspan, pods } from './manifests'

export interface Pairing {
  readonly settings: Settings
  readonly problems: readonly string[]
  readonly variables: readonly string[]
  /** What the programs that call through it have in their environment. */
  readonly programs: readonly Readonly<Record<string, string>>[]
  readonly memory: number
  /** Milliseconds between the first signal and the end by force. */
  readonly grace: number
}

function pairing(
  args: readonly string[],
  env: Record<string, string>,
  rest: Pick<Pairing, 'programs' | 'memory' | 'grace'>,
): Pairing {
  const { settings, problems, warnings } = settingsFrom(readArguments(args), { ...imageEnvironment, ...env })
  return { settings, problems: [...problems, ...warnings], variables: Object.keys(env), ...rest }
}

/** As the kubelet does it: fields get a value, `$(NAME)` that of a variable further up. */
export function environmentOf(env: readonly EnvVar[] = []): Record<string, string> {
  const values: Record<string, string> = {}
  for (const { name, value, valueFrom } of env) {
    values[name] = valueFrom ? `<${valueFrom.fieldRef?.fieldPath}>` : expanded(String(value), values)
  }
  return values
}

function expanded(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\((\w+)\)/g, (reference, name: string) => values[name] ?? reference)
}

/** Every outspan of the examples, with what it serves. */
export const pairings: (readonly [string, Pairing])[] = []
for (const [name, { initContainers = [], containers, terminationGracePeriodSeconds = 30 }] of pods) {
  for (const sidecar of [...initContainers, ...containers].filter(isOutspan)) {
    const programs = containers.filter((container) => !isOutspan(container)).map(({ env }) => environmentOf(env))
    const memory = mebibytes(sidecar.resources?.limits?.memory)
    const rest = { programs, memory, grace: terminationGracePeriodSeconds * 1000 }
    pairings.push([`kubernetes ${name}`, pairing(sidecar.args ?? [], environmentOf(sidecar.env), rest)])
  }
}
for (const [name, service] of Object.entries(composeServices).filter(([, each]) => isOutspan(each))) {
  const programs = Object.values(composeServices)
    .filter(({ network_mode }) => network_mode === `service:${name}`)
    .map(({ environment }) => environment ?? {})
  const rest = {
    programs,
    memory: mebibytes(service.mem_limit),
    grace: milliseconds(service.stop_grace_period ?? '10s'),
  }
  pairings.push([`compose ${name}`, pairing(service.command ?? [], { ...service.environment }, rest)])
}
