/** The settings in force, which version of them that is, and what became of the last try to change them. */
import { type ConfigFile, digestOf } from '../config/file'
import { type Merged, merge } from '../config/live'
import type { Option } from '../config/option'
import { type OptionName, options, type Settings } from '../config/options'
import type { Chosen } from '../config/resolve'
import { type Metric, single } from '../telemetry/metrics'

/** Settings, and the file that they were read from, if there is one. */
export interface Loaded extends Chosen {
  readonly file?: ConfigFile | undefined
}

interface Refusal {
  /** RFC 3339. */
  readonly time: string
  readonly digest: string | undefined
  readonly problems: readonly string[]
}

export class InForce {
  #chosen: Chosen
  #file: ConfigFile | undefined
  #time = new Date().toISOString()
  /** Keys of settings that the file has otherwise, and that wait for a restart. */
  #waiting: readonly string[] = []
  #refusal: Refusal | undefined
  #applied = 0
  #refused = 0
  /** Rises with each reload that was applied. */
  generation: number

  /** @param generation 1 at the start of the program; a process that joins it later begins further on */
  constructor({ settings, origins, file }: Loaded, generation = 1) {
    this.#chosen = { settings, origins }
    this.#file = file
    this.generation = generation
  }

  get settings(): Settings {
    return this.#chosen.settings
  }

  /** The file whose live settings are in force. */
  get file(): ConfigFile | undefined {
    return this.#file
  }

  /** The version of the file that was read last, whether it was taken or not. */
  get lastDigest(): string | undefined {
    return this.#refusal ? this.#refusal.digest : this.#file && digestOf(this.#file)
  }

  /** What `read` would come to. */
  merge(read: Chosen): Merged {
    return merge(this.#chosen, read)
  }

  accept(merged: Merged, file: ConfigFile | undefined): void {
    this.#chosen = { settings: merged.settings, origins: merged.origins }
    this.#file = file
    this.#waiting = merged.waiting
    this.#time = new Date().toISOString()
    this.#refusal = undefined
    this.#applied++
    this.generation++
  }

  refuse(problems: readonly string[], file: ConfigFile | undefined): void {
    this.#refused++
    this.#refusal = { time: new Date().toISOString(), digest: file && digestOf(file), problems }
  }

  /** Every setting by its key, and beside them, as `reload`, which version they are. */
  describe(): Record<string, unknown> {
    return { ...describe(this.#chosen.settings, this.#chosen.origins), reload: this.version() }
  }

  /** Which version runs. */
  version(): Record<string, unknown> {
    return {
      generation: this.generation,
      loaded: this.#time,
      digest: this.#file ? `sha256:${digestOf(this.#file)}` : null,
      waiting_for_restart: this.#waiting,
      refused: this.#refusal
        ? {
            time: this.#refusal.time,
            digest: this.#refusal.digest ? `sha256:${this.#refusal.digest}` : null,
            problems: this.#refusal.problems,
          }
        : null,
    }
  }

  metrics(): Metric[] {
    const reloads = [
      { attributes: { outcome: 'applied' }, value: this.#applied },
      { attributes: { outcome: 'refused' }, value: this.#refused },
    ]
    const generation = single(
      'gauge',
      'outspan.config.generation',
      '{generation}',
      'Version of the settings in force; it rises with each reload.',
      this.generation,
    )
    return [
      {
        kind: 'counter',
        name: 'outspan.config.reloads',
        unit: '{reload}',
        description: 'Reloads of the configuration file.',
        points: reloads,
        merge: 'max',
      },
      { ...generation, merge: 'max' },
    ]
  }
}

/** Every setting: its value as the user would write it, secrets masked, and where it came from. */
export function describe(
  settings: Settings,
  origins: Chosen['origins'],
): Record<string, { value: unknown; origin: string }> {
  const names = (Object.keys(options) as OptionName[]).filter((name) => {
    const row: Option<unknown> = options[name]
    return row.variantOf === undefined || settings[name] !== undefined
  })
  return Object.fromEntries(
    names.map((name) => {
      const value: unknown = settings[name]
      const { key, kind }: { key: string; kind: { show(value: unknown): unknown } } = options[name]
      return [key, { value: value === undefined ? null : kind.show(value), origin: origins[name] }]
    }),
  )
}
