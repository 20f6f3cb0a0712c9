/** Holds the image to the option table, the package and the build context. */
import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { options } from '../../src/config/options'
import { adminPort, adminStatus } from './admin'
import { building, execForm, image, pairsIn, said } from './dockerfile'
import { root, scripts, version } from './files'

test('it runs as a user that is not root, by number', () => {
  expect(said(image, 'USER')).toEqual([expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)])
})

test('it starts the program without a shell', () => {
  const [node, script = '', ...rest] = execForm(said(image, 'ENTRYPOINT')[0] ?? '') ?? []
  const folder = said(image, 'WORKDIR')[0] ?? ''
  expect([node, relative(folder, script), rest]).toEqual(['/nodejs/bin/node', 'bin/outspan.js', []])
  expect(existsSync(join(root, relative(folder, script)))).toBe(true)
  expect(said(image, 'RUN')).toEqual([])
  expect(said(image, 'CMD')).toEqual([])
})

test('it exposes the ports of the option table', () => {
  expect(said(image, 'EXPOSE')).toEqual([`${adminPort} ${options.listen.default.port}`])
})

test('its health check asks the admin address for a page that there is, without a shell', async () => {
  const [, exec = ''] = /^(?:--\S+ +)*CMD (.*)$/.exec(said(image, 'HEALTHCHECK')[0] ?? '') ?? []
  const [node, flag, script = ''] = execForm(exec) ?? []
  const url = new URL(/'(http:[^']*)'/.exec(script)?.[1] ?? '')
  expect([node, flag]).toEqual(['/nodejs/bin/node', '-e'])
  expect(url.host).toBe(options.admin.kind.show(options.admin.default))
  expect(await adminStatus(url.pathname)).toBe(200)
})

test('its labels tell this version', () => {
  const labels = pairsIn(image, 'LABEL')
  expect(labels['org.opencontainers.image.version']).toBe(version)
  expect(labels['org.opencontainers.image.base.name']).toBe(said(image, 'FROM')[0])
})

test('it builds and runs on the same Node.js', () => {
  const [built, run] = [building, image].map((stage) => /node(?:js)?:?(\d+)/.exec(said(stage, 'FROM')[0] ?? '')?.[1])
  expect(built).toEqual(expect.stringMatching(/^\d+$/))
  expect(run).toBe(built)
})

test('its build runs scripts that there are', () => {
  const run = said(building, 'RUN').flatMap((text) => [...text.matchAll(/npm run ([\w:-]+)/g)].map((each) => each[1]))
  expect(run).toEqual(['build'])
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(run))
})

test('what it copies is there, and gets past .dockerignore', () => {
  const copied = [...said(building, 'COPY'), ...said(image, 'COPY')].filter((text) => !text.startsWith('--from'))
  const sources = [...new Set(copied.flatMap((text) => text.split(/\s+/).slice(0, -1)))].sort()
  const ignore = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
  const passed = ignore.filter((line) => line.startsWith('!')).map((line) => line.slice(1))
  expect(ignore).toContain('*')
  expect(passed.sort()).toEqual(sources)
  for (const source of sources) expect(existsSync(join(root, source))).toBe(true)
})
