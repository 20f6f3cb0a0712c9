import { readFileSync, statSync } from 'node:fs'
import { type Kind, Problem, string } from './kinds'

/** The path of a file that can be read at the start. */
export const readableFile: Kind<string> = {
  ...string,
  placeholder: 'FILE',
  read: (path) => {
    try {
      if (!statSync(path).isFile()) return new Problem('is not a file')
      readFileSync(path)
      return path
    } catch (error) {
      return new Problem(`can't be read: ${(error as NodeJS.ErrnoException).code}`)
    }
  },
}

/** The path of a file in PEM. */
export const pemFile: Kind<string> = {
  ...readableFile,
  read: (path) => {
    const readable = readableFile.read(path)
    if (readable instanceof Problem) return readable
    return readFileSync(path, 'latin1').includes('-----BEGIN ') ? path : new Problem('holds nothing in PEM')
  },
}
