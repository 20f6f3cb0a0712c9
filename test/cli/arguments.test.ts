import { readArguments } from '../../src/cli/arguments'
import { flagOf, type Option } from '../../src/config/option'
import { options } from '../../src/config/options'

const flagsOf = (...argv: string[]) => Object.fromEntries(readArguments(argv).flags)
const problemsOf = (...argv: string[]) => readArguments(argv).problems

describe('the command', () => {
  test.each<[readonly string[], string]>([
    [[], 'run'],
    [['run'], 'run'],
    [['check'], 'check'],
    [['--admin', 'off'], 'run'],
    [['--admin', 'off', 'check'], 'check'],
    [['check', '--admin', 'off'], 'check'],
    [['--', 'check'], 'check'],
  ])('%j: %s', (argv, command) => {
    const read = readArguments(argv)
    expect([read.command, read.problems]).toEqual([command, []])
  })

  test.each(['start', 'Run', 'RUN', 'help', 'run ', '-', 'constructor', '__proto__'])('%j is none', (word) => {
    expect(problemsOf(word)).toEqual([expect.stringMatching(/no such command.*run.*check/)])
    expect(problemsOf(word)[0]).toContain(word)
  })

  test('words after it are told, each', () => {
    expect(problemsOf('run', 'fast', 'please')).toEqual([
      expect.stringMatching(/^fast: .*not expected/),
      expect.stringMatching(/^please: .*not expected/),
    ])
  })

  test('an empty word is told', () => {
    expect(problemsOf('')).toHaveLength(1)
    expect(problemsOf('run', '')).toHaveLength(1)
  })
})

const rows: readonly Option<unknown>[] = Object.values(options)
const onCommandLine = rows.filter(({ isFileOnly }) => !isFileOnly)

describe('flags', () => {
  test.each(onCommandLine.map(flagOf))('%s takes a value, either way', (flag) => {
    expect(flagsOf(flag, 'text')).toEqual({ [flag]: ['text'] })
    expect(flagsOf(`${flag}=text`)).toEqual({ [flag]: ['text'] })
    expect(problemsOf(flag, 'text', `${flag}=text`)).toEqual([])
  })

  test.each<[readonly string[], Record<string, readonly string[]>]>([
    [['--service-name=a=b'], { '--service-name': ['a=b'] }],
    [['--service-name='], { '--service-name': [''] }],
    [['--service-name', ''], { '--service-name': [''] }],
    [['--service-name', 'two words'], { '--service-name': ['two words'] }],
    [['--service-name', '-'], { '--service-name': ['-'] }],
    [['--listen', 'a', '--admin', 'b', '--listen', 'c'], { '--listen': ['a', 'c'], '--admin': ['b'] }],
    [['--resource-attribute', 'b=1', 'check', '--resource-attribute=a=2'], { '--resource-attribute': ['b=1', 'a=2'] }],
  ])('%j', (argv, flags) => {
    const read = readArguments(argv)
    expect([Object.fromEntries(read.flags), read.problems]).toEqual([flags, []])
  })

  test('values are not judged', () => {
    expect(problemsOf('--listen', 'nowhere', '--listen=again', '--queue-capacity=-1')).toEqual([])
  })

  test('a missing value is told', () => {
    expect(problemsOf('--listen')).toEqual([expect.stringMatching(/^--listen: .*missing/)])
    expect(problemsOf('check', '--admin=off', '--listen')).toEqual([expect.stringMatching(/^--listen: .*missing/)])
  })

  test.each(['-H', '--header'])('a missing value of %s is told', (flag) => {
    const problem = expect.stringMatching(new RegExp(`^${flag}: .*missing`))
    expect(problemsOf('check', '--explain', 'GET', 'http://a/', flag)).toEqual([problem])
  })

  test.each([
    ['--no-such-option', '--no-such-option'],
    ['--no-such-option=geheim', '--no-such-option'],
    ['--Listen=a', '--Listen'],
    ['--listen_=a', '--listen_'],
    ['--no-listen', '--no-listen'],
    ['-x', '-x'],
    ['--__proto__=x', '--__proto__'],
    ['--constructor=x', '--constructor'],
    ['--toString', '--toString'],
  ])('%s: there is no such option', (argument, name) => {
    const problems = problemsOf(argument)
    expect(problems).toEqual([expect.stringMatching(/no such option.*--help/)])
    expect(problems[0]?.startsWith(`${name}: `)).toBe(true)
    expect(problems[0]).not.toContain('geheim')
  })

  test('everything that is wrong is told', () => {
    expect(problemsOf('walk', 'fast', '--wrong', '-w', '--listen')).toHaveLength(5)
  })
})

describe('help and version', () => {
  test.each<[readonly string[], boolean, boolean]>([
    [[], false, false],
    [['--help'], true, false],
    [['-h'], true, false],
    [['--version'], false, true],
    [['-v'], false, true],
    [['-hv'], true, true],
    [['run', '--admin', 'off', '--help'], true, false],
    [['--', '--help'], false, false],
    [['--service-name=--help'], false, false],
  ])('%j', (argv, wantsHelp, wantsVersion) => {
    expect(readArguments(argv)).toMatchObject({ wantsHelp, wantsVersion })
  })
})
