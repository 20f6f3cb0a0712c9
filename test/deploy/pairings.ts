/** The programs of the examples and the outspan beside each, told in one way for every kind of deployment. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readArguments } from '../../src/cli/arguments'
import { settingsFrom } from '../../src/cli/settings'
import type { Settings } from '../../src/config/options'
import { imageEnvironment } from './dockerfile'
import { type Container, type EnvVar, mebibytes, milliseconds, type PodSpec } from './files'
import { composeServices, isOutspan, named, pods } from './manifests'

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

/** @param read what is done with the container's arguments while the files of its ConfigMaps are there, in a place of the tests */
function withMounts<T>(
  { args = [], volumeMounts = [] }: Container,
  { volumes = [] }: PodSpec,
  read: (args: readonly string[]) => T,
): T {
  const root = mkdtempSync(join(tmpdir(), 'outspan-mounts-'))
  const places = volumeMounts.map(({ name, mountPath }) => {
    const place = join(root, name)
    mkdirSync(place)
    const configMap = named('ConfigMap', volumes.find((volume) => volume.name === name)?.configMap?.name)
    for (const [file, text] of Object.entries(configMap?.data ?? {})) writeFileSync(join(place, file), text)
    return [`${mountPath}/`, `${place}/`] as const
  })
  try {
    return read(args.map((arg) => places.reduce((text, [path, place]) => text.replace(path, place), arg)))
  } finally {
    rmSync(root, { recursive: true })
  }
}

/** Every outspan of the examples, with what it serves. */
export const pairings: (readonly [string, Pairing])[] = []
for (const [name, pod] of pods) {
  const { initContainers = [], containers, terminationGracePeriodSeconds = 30 } = pod
  for (const sidecar of [...initContainers, ...containers].filter(isOutspan)) {
    const programs = containers.filter((container) => !isOutspan(container)).map(({ env }) => environmentOf(env))
    const memory = mebibytes(sidecar.resources?.limits?.memory)
    const rest = { programs, memory, grace: terminationGracePeriodSeconds * 1000 }
    const mounted = withMounts(sidecar, pod, (args) => pairing(args, environmentOf(sidecar.env), rest))
    pairings.push([`kubernetes ${name}`, mounted])
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
