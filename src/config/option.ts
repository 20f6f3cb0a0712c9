/** One row of the table of options. */
import type { Kind } from './kinds'

export interface Option<T> {
  /** The key in the file, dots between the levels. The flag and the `OUTSPAN_` variable follow from it. */
  readonly key: string
  /** The flag without its dashes, where it does not follow from the key. */
  readonly flag?: string
  /** `OTEL_` variables that mean the same, the first one that is set winning. */
  readonly otel?: readonly string[]
  readonly kind: Kind<T>
  readonly default: NoInfer<T>
  /** The option has neither flag nor variable. */
  readonly isFileOnly?: true
  /** The option that means the same for all signals, where this one is for one: it works as others do, and is not listed. */
  readonly variantOf?: Option<unknown>
  /** The option changes while the program runs, when the file is read again. Without it the value of the start stays. */
  readonly isLive?: true
  /** One sentence for `--help` and the README. */
  readonly doc: string
}

/** A row, with its type taken from its kind. */
export function option<T>(row: Option<T>): Option<T> {
  return row
}

/** An option that may be absent. */
export function optional<T>(row: Omit<Option<T>, 'default'>): Option<T | undefined> {
  return { ...row, default: undefined } as unknown as Option<T | undefined>
}

/** The flag of an option, with its dashes. */
export function flagOf(row: Option<unknown>): string {
  return `--${row.flag ?? row.key.replaceAll(/[._]/g, '-')}`
}

/** The `OUTSPAN_` variable of an option. */
export function variableOf(row: Option<unknown>): string {
  return `OUTSPAN_${flagOf(row).slice(2).replaceAll('-', '_').toUpperCase()}`
}
