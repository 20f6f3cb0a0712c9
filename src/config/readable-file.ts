import { accessSync, constants } from 'node:fs'
import { type Kind, Problem, string } from './kinds'

/** The path of a file that can be read at the start. */
export const readableFile: Kind<string> = {
  ...string,
  placeholder: 'FILE',
  read: (path) => {
    try {
      accessSync(path, constants.R_OK)
      return path
    } catch (error) {
      return new Problem(`can't be read: ${(error as NodeJS.ErrnoException).code}`)
    }
  },
}
