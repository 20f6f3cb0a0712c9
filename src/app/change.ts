/** A change in two steps, so that it happens everywhere or nowhere. */
export interface Change {
  /** Puts it in force, at once. */
  commit(): void
  /** Lets go of what was made ready. */
  abandon(): void
}

/** Several as one. @throws what one of them throws, when the others have been abandoned */
export function all(prepare: readonly (() => Change)[]): Change {
  const ready: Change[] = []
  const abandon = () => {
    for (const change of ready) change.abandon()
  }
  try {
    for (const each of prepare) ready.push(each())
  } catch (error) {
    abandon()
    throw error
  }
  return {
    commit: () => {
      for (const change of ready) change.commit()
    },
    abandon,
  }
}
