/** The Dockerfile as its instructions. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './files'

interface Instruction {
  readonly name: string
  readonly text: string
}

/** The stages in order, each beginning with its FROM. Comments are gone, continued lines joined. */
function stagesOf(dockerfile: string): Instruction[][] {
  const lines = dockerfile.replaceAll(/^\s*#.*\n/gm, '').replaceAll(/\\\n\s*/g, '')
  const stages: Instruction[][] = []
  for (const [, name = '', text = ''] of lines.matchAll(/^([A-Z]+)\s+(.+)$/gm)) {
    if (name === 'FROM') stages.push([])
    stages.at(-1)?.push({ name, text })
  }
  return stages
}

/** What a stage says with an instruction, each time that it does. */
export function said(stage: readonly Instruction[] | undefined, name: string): string[] {
  return (stage ?? []).filter((instruction) => instruction.name === name).map(({ text }) => text)
}

/** What ENV or LABEL set in a stage: `KEY=VALUE KEY="VALUE"`. */
export function pairsIn(stage: readonly Instruction[] | undefined, name: 'ENV' | 'LABEL'): Record<string, string> {
  const pairs = said(stage, name).flatMap((text) => [...text.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S+))/g)])
  return Object.fromEntries(pairs.map(([, key = '', quoted, bare = '']) => [key, quoted ?? bare]))
}

/** The words of an exec form; undefined where a shell would run it. */
export function execForm(text: string): string[] | undefined {
  return text.startsWith('[') ? (JSON.parse(text) as string[]) : undefined
}

const stages = stagesOf(readFileSync(join(root, 'Dockerfile'), 'utf8'))

/** The stage that builds, and the one that becomes the image. */
export const building = stages[0]
export const image = stages.at(-1)
export const imageEnvironment: Readonly<Record<string, string>> = pairsIn(image, 'ENV')
