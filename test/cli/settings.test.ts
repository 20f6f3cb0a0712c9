import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readArguments } from '../../src/cli/arguments'
import { settingsFrom } from '../../src/cli/settings'
import type { Resolved } from '../../src/config/resolve'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'settings-'))
})

afterAll(() => rmSync(folder, { recursive: true }))

function written(text: string): string {
  const path = join(folder, 'outspan.yaml')
  writeFileSync(path, text)
  return path
}

function from(argv: readonly string[], environment: Record<string, string> = {}): Resolved {
  return settingsFrom(readArguments(argv), environment)
}

test('the file comes by flag or by variable, the flag winning', () => {
  const path = written('service: {name: shop}\n')
  for (const found of [
    from(['--config', path]),
    from([], { OUTSPAN_CONFIG: path }),
    from(['--config', path], { OUTSPAN_CONFIG: '/no/such/file' }),
  ]) {
    expect(found.problems).toEqual([])
    expect(found.settings.serviceName).toBe('shop')
    expect(found.origins.serviceName).toMatch(/^outspan\.yaml:1\b/)
  }
})

test('an empty variable names no file', () => {
  expect(from([], { OUTSPAN_CONFIG: '' }).problems).toEqual([])
})

describe('a file that can not be read is told once', () => {
  test('a missing one', () => {
    const path = join(folder, 'missing.yaml')
    expect(from(['--config', path]).problems).toEqual([expect.stringMatching(/missing\.yaml.*ENOENT/)])
    expect(from([], { OUTSPAN_CONFIG: path }).problems).toEqual([expect.stringMatching(/missing\.yaml.*ENOENT/)])
  })

  test('a folder', () => {
    const path = join(folder, 'folder.yaml')
    mkdirSync(path)
    expect(from(['--config', path]).problems).toEqual([expect.stringMatching(/folder\.yaml/)])
  })

  test('an empty name', () => {
    expect(from(['--config=']).problems).toEqual([expect.stringMatching(/^--config/)])
  })
})

test('problems of all places come together', () => {
  const path = written('nothing: 1\nlog: {level: loud}\n')
  const { problems } = from(['walk', '--wrong', '--config', path, '--listen=nowhere'], { OUTSPAN_QUEUE_DELAY: 'soon' })
  expect(problems.toSorted()).toEqual([
    expect.stringMatching(/^--listen: /),
    expect.stringMatching(/^--wrong: /),
    expect.stringMatching(/^OUTSPAN_QUEUE_DELAY: /),
    expect.stringMatching(/^outspan\.yaml:1: /),
    expect.stringMatching(/^outspan\.yaml:2\b.*"loud"/),
    expect.stringMatching(/^walk: /),
  ])
})

test('what does not fit together is told beside what is wrong by itself', () => {
  const argv = ['--log-level=loud', '--listen=127.0.0.1:1', '--admin=127.0.0.1:1']
  expect(from(argv).problems.toSorted()).toEqual([
    expect.stringMatching(/^--listen and --admin/),
    expect.stringMatching(/^--log-level/),
  ])
})

test('a combination is not judged by the default that stands in for a wrong value', () => {
  // Beside the default of the other one, each of these would not fit.
  expect(from(['--listen=nowhere', '--admin=127.0.0.1:15001']).problems).toEqual([
    expect.stringMatching(/^--listen: "nowhere"/),
  ])
  expect(from(['--listen=127.0.0.1:15000', '--admin=nowhere']).problems).toEqual([
    expect.stringMatching(/^--admin: "nowhere"/),
  ])
})
