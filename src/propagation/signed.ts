/**
 * Requests whose sender signed some of their headers: AWS Signature Version 4, and HTTP Message Signatures (RFC 9421).
 * Whoever adds, changes or removes a signed header breaks the signature.
 */
import { type FieldLine, FieldNames, fieldValueOf, isNamed } from '../model/field-line'

/** The headers that say which headers are signed. */
export const signatureFields: readonly string[] = ['authorization', 'signature-input']

const awsSigned = /^AWS4-[^\s]+\s.*?\bSignedHeaders=([^,\s]+)/i
/**
 * The parentheses around the signed components, and strings: behind `=` stands the value of a parameter, else a name. A
 * string without its end goes to the end, so that nobody looks for that again and again.
 */
const component = /[()]|(=?)"((?:[^"\\]|\\.?)*)(?:"|$)/g

/** The names that the lines say are signed; undefined when nothing is. */
export function signedNames(lines: readonly FieldLine[]): FieldNames | undefined {
  const names: string[] = []
  for (const line of lines) {
    if (isNamed(line, 'authorization')) {
      const list = awsSigned.exec(fieldValueOf(line))?.[1]
      if (list !== undefined) names.push(...list.toLowerCase().split(';'))
    } else if (isNamed(line, 'signature-input')) {
      names.push(...componentsOf(fieldValueOf(line)))
    }
  }
  return names.length === 0 ? undefined : new FieldNames(names, 'exact')
}

/** The names in the inner lists of a Signature-Input. Derived ones, which begin with `@`, are no headers' names. */
function componentsOf(value: string): string[] {
  const names: string[] = []
  let isInside = false
  for (const [token, equals, name] of value.matchAll(component)) {
    if (name === undefined) isInside = token === '('
    else if (isInside && equals === '') names.push(name.toLowerCase())
  }
  return names
}
