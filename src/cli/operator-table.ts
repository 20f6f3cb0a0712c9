/** The README's table of the operators that templates of the access log have, in Markdown. */
import { operators } from '../config/access-log-template'

const shapes = { header: '(NAME)', time: '', field: '(NAME)', attribute: '(NAME)' } as const

export function operatorTable(): string {
  const lines = Object.entries(operators).map(([name, { takes, doc }]) => {
    return `| \`%${name}${takes ? shapes[takes] : ''}%\` | ${doc} |`
  })
  return ['| operator | what it writes |', '| --- | --- |', ...lines].join('\n')
}
