/** The files below deploy/, read: as much of their form as the checks need, everything optional that may be missing. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { options } from '../../src/config/options'

export const root = resolve(__dirname, '../..')
export const deploy = join(root, 'deploy')

interface Package {
  readonly version: string
  readonly scripts: Readonly<Record<string, string>>
}

export const { version, scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Package

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number }
}

export interface EnvVar {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } }
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly restartPolicy?: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: readonly EnvVar[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly startupProbe?: Probe
  readonly readinessProbe?: Probe
  readonly livenessProbe?: Probe
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[]
  readonly resources?: { readonly requests?: Quantities; readonly limits?: Quantities }
  readonly securityContext?: Readonly<Record<string, unknown>>
}

type Quantities = Readonly<Record<string, string>>
type Labels = Readonly<Record<string, string>>

export interface PodSpec {
  readonly terminationGracePeriodSeconds?: number
  readonly initContainers?: readonly Container[]
  readonly containers: readonly Container[]
  readonly volumes?: readonly { readonly name: string; readonly configMap?: { readonly name: string } }[]
}

export interface Manifest {
  readonly kind: string
  readonly metadata?: { readonly name: string; readonly namespace?: string; readonly labels?: Labels }
  readonly data?: Readonly<Record<string, string>>
  /** Of a kustomization. */
  readonly namespace?: string
  readonly resources?: readonly string[]
  readonly spec?: {
    /** Of a Service: the labels themselves; of a Deployment: `matchLabels`. */
    readonly selector?: Labels & { readonly matchLabels?: Labels }
    readonly ports?: readonly { readonly port: number; readonly targetPort: string | number }[]
    readonly template?: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec }
  }
}

/** A service of a Compose file. */
export interface ComposeService {
  readonly image: string
  readonly build?: { readonly context: string }
  readonly user?: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly network_mode?: string
  readonly healthcheck?: { readonly test?: readonly string[] }
  readonly depends_on?: readonly string[] | Readonly<Record<string, { readonly condition?: string }>>
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly mem_limit?: string
  readonly stop_grace_period?: string
}

export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>
}

/** The configuration of a collector. */
export interface CollectorConfig {
  readonly receivers?: Readonly<
    Record<string, { readonly protocols?: { readonly grpc?: { readonly endpoint?: string } } }>
  >
  readonly processors?: Readonly<Record<string, unknown>>
  readonly exporters?: Readonly<Record<string, { readonly endpoint?: string } | null>>
  readonly extensions?: Readonly<Record<string, unknown>>
  readonly service: {
    readonly extensions?: readonly string[]
    readonly pipelines: Readonly<Record<string, Readonly<Partial<Record<PipelinePart, readonly string[]>>>>>
  }
}

export type PipelinePart = 'receivers' | 'processors' | 'exporters'

/** Every YAML file below deploy/, by its path from there. */
export const yamlFiles = readdirSync(deploy, { recursive: true, encoding: 'utf8' }).filter((file) =>
  /\.ya?ml$/.test(file),
)

/** The documents of a YAML text. Throws on the first error or warning. */
export function parsed<T>(text: string): T[] {
  return parseAllDocuments(text, { merge: true }).map((document) => {
    const [wrong] = [...document.errors, ...document.warnings]
    if (wrong) throw wrong
    return document.toJS() as T
  })
}

export function read<T>(file: string): T[] {
  return parsed<T>(readFileSync(join(deploy, file), 'utf8'))
}

/** `96Mi`, `160m` (Compose's megabyte), in MiB. */
export function mebibytes(quantity: string | undefined): number {
  return Number(/^(\d+)(?:Mi|m)$/.exec(quantity ?? '')?.[1])
}

/** Milliseconds of a Compose duration, which is written as ours. */
export function milliseconds(duration: string | undefined): number {
  return Number(options.drainTimeout.kind.read(duration ?? ''))
}

/** Does a selector choose what has these labels? */
export function selects(selector: Labels | undefined, labels: Labels | undefined): boolean {
  const wanted = Object.entries(selector ?? {})
  return wanted.length > 0 && wanted.every(([key, value]) => labels?.[key] === value)
}
