/** What to do with a request: by the first rule that it matches, else by the general settings. */
import type { RuleMatch } from '../config/rules'
import type { Destination } from '../model/destination'
import { compileMatch, type Matcher } from './match'

/** What a request is given on its way: the parts that its rule, or the general settings, ask for. */
export class Courses<Course> {
  readonly #general: Course
  readonly #rules: readonly { readonly isMatch: Matcher; readonly course: Course }[]

  /** @param rules what must match, and the course then; the first one that matches counts */
  constructor(general: Course, rules: readonly { readonly match: RuleMatch; readonly course: Course }[]) {
    this.#general = general
    this.#rules = rules.map(({ match, course }) => ({ isMatch: compileMatch(match), course }))
  }

  of(destination: Destination, method: string, path: string): Course {
    for (const { isMatch, course } of this.#rules) {
      if (isMatch(destination, method, path)) return course
    }
    return this.#general
  }
}
