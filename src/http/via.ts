/** Via (RFC 9110 §7.6.3): the proxies that a message has passed, each by its protocol and its name. */
import { type FieldLine, fieldValueOf, isNamed, trimSpace } from '../model/field-line'

/** The line that says that `name` received a message in HTTP/1.`minor`. */
export function viaLine(name: string, minor: 0 | 1): FieldLine {
  return `Via: 1.${minor} ${name}`
}

/** Whether one of the proxies that the lines name is `name`. */
export function hasPassed(name: string, lines: readonly FieldLine[]): boolean {
  return lines.some((line) => isNamed(line, 'via') && receivers(fieldValueOf(line)).includes(name.toLowerCase()))
}

/** `protocol received-by [comment]`, separated by commas; a comment may hold others. */
function receivers(value: string): string[] {
  let bare = value
  for (let before = ''; before !== bare; ) {
    before = bare
    bare = bare.replace(/\((?:[^()\\]|\\.)*\)/g, '')
  }
  return bare.split(',').map(
    (part) =>
      trimSpace(part)
        .split(/[ \t]+/)[1]
        ?.toLowerCase() ?? '',
  )
}
