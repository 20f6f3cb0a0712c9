/** What the manifests and the Compose file hold, for the checks to look things up. */
import { type Compose, type ComposeService, type Manifest, type PodSpec, read, yamlFiles } from './files'

export const manifestFiles = yamlFiles.filter((file) => file.startsWith('kubernetes/'))
export const manifests = manifestFiles.flatMap((file) => read<Manifest>(file))

export function ofKind(kind: string): Manifest[] {
  return manifests.filter((manifest) => manifest.kind === kind)
}

export function named(kind: string, name: string | undefined): Manifest | undefined {
  return ofKind(kind).find(({ metadata }) => metadata?.name === name)
}

/** The pods of every Deployment, by its name. */
export const pods: (readonly [string, PodSpec])[] = ofKind('Deployment').map(({ metadata, spec }) => [
  metadata?.name ?? '',
  spec?.template?.spec ?? { containers: [] },
])

export const composeServices: Readonly<Record<string, ComposeService>> =
  read<Compose>('compose.yaml')[0]?.services ?? {}

export function isOutspan({ image }: { readonly image: string }): boolean {
  return /^(?:.*\/)?outspan[:@]/.test(image)
}
