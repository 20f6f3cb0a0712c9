/**
 * Templates of paths, `/users/{id}`: `{name}` stands for what is there in a segment, at least one character, alone or between
 * fixed text (`/v{version}/files/{name}.json`); a last `*` for any rest. The template itself is what telemetry shows
 * (`url.template`), so that names stay few.
 */

/** A segment with a placeholder: what must stand before it and behind it. */
interface Open {
  readonly before: string
  readonly after: string
}

/** @returns why the text is no template, in words that complete "<text> …"; undefined when it is one */
export function whyNoTemplate(text: string): string | undefined {
  if (!text.startsWith('/')) return 'does not begin with /'
  if (/[?#\s]/.test(text)) return 'has more than a path: templates leave query and fragment out'
  const segments = text.slice(1).split('/')
  const isSound = (segment: string, index: number): boolean =>
    segment === '*' ? index === segments.length - 1 : /^[^{}*]*(?:\{[^{}*]+\}[^{}*]*)?$/.test(segment)
  return segments.every(isSound) ? undefined : 'is no template, such as /users/{id} or /files/*'
}

/** Finds the first template that a path fits. */
export class UrlTemplates {
  readonly #templates: readonly { readonly text: string; readonly segments: readonly (string | Open)[] }[]

  /** @param templates that `whyNoTemplate` has nothing against */
  constructor(templates: readonly string[]) {
    this.#templates = templates.map((text) => ({ text, segments: text.slice(1).split('/').map(read) }))
  }

  /** @param path with its query, if it has one */
  find(path: string): string | undefined {
    const query = path.indexOf('?')
    const parts = path.slice(1, query < 0 ? undefined : query).split('/')
    return this.#templates.find(({ segments }) => fits(segments, parts))?.text
  }
}

function read(segment: string): string | Open {
  const open = segment.indexOf('{')
  return open < 0 ? segment : { before: segment.slice(0, open), after: segment.slice(segment.indexOf('}') + 1) }
}

function fits(segments: readonly (string | Open)[], parts: readonly string[]): boolean {
  const hasRest = segments.at(-1) === '*'
  const fixed = hasRest ? segments.length - 1 : segments.length
  if (hasRest ? parts.length <= fixed : parts.length !== fixed) return false
  for (let i = 0; i < fixed; i++) {
    const segment = segments[i] as string | Open
    const part = parts[i] as string
    if (typeof segment === 'string') {
      if (segment !== part) return false
    } else if (
      part.length <= segment.before.length + segment.after.length ||
      !part.startsWith(segment.before) ||
      !part.endsWith(segment.after)
    )
      return false
  }
  return true
}
