// The program that runs without npx, beside the one that the real npx runs.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, realpathSync, utimesSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import bypass from '../lib/mcporter/npx-bypass.js'
import { temporaryFolder } from './fixtures/mcp-servers.mjs'
import { startRegistry } from './support/registry.mjs'

const NAME = '@procward-test/told'
const folder = realpathSync(temporaryFolder())
const project = join(folder, 'project')
const empty = join(folder, 'empty')
/** @type {Awaited<ReturnType<typeof startRegistry>>} */
let registry
/** @type {NodeJS.ProcessEnv} */
let env

before(async () => {
  registry = await startRegistry(join(folder, 'registry'), NAME, ['1.0.0', '1.1.0', '2.0.0'])
  for (const place of [join(project, 'config'), empty]) mkdirSync(place, { recursive: true })
  for (const place of [project, empty])
    writeFileSync(join(place, 'package.json'), '{"private":true}')
  env = {
    ...{ PATH: process.env.PATH, HOME: folder, npm_config_registry: registry.url },
    ...{ npm_config_cache: join(folder, 'cache'), npm_config_prefix: join(folder, 'global') },
    ...{ npm_config_update_notifier: 'false', npm_config_audit: 'false', npm_config_fund: 'false' },
  }
  await promisify(execFile)('npm', ['install', `${NAME}@1.0.0`], { cwd: project, env })
})

after(() => registry.close())

/**
 * What a command tells.
 * @param {{ command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv }} transport
 */
async function told({ command, args, ...place }) {
  const { stdout } = await promisify(execFile)(command, args, { ...place, timeout: 60_000 })
  return JSON.parse(stdout)
}

const transportOf = (cwd, args) => ({
  kind: 'stdio',
  command: 'npx',
  args: ['-y', ...args],
  cwd,
  env,
})
/** npm adds a folder of its own. */
const comparable = ({ path, ...rest }) => ({
  ...rest,
  path: path.split(delimiter).filter((each) => !each.includes('node-gyp-bin')),
})

describe('npx runs the same', {
  skip: process.platform === 'win32' && 'npx is no program there',
}, () => {
  for (const [name, where, wanted] of [
    ['in the project: any version', 'project/config', NAME],
    ['in the project: a range', 'project', `${NAME}@^1.0`],
    ['in the project: a version', 'project', `${NAME}@1.0.0`],
    ['in its cache: any version', 'empty', NAME],
    ['in its cache: a version', 'empty', `${NAME}@1.1.0`],
    ['in its cache: a range', 'empty', `${NAME}@^1.0`],
    ['in its cache: a tag', 'empty', `${NAME}@latest`],
    ['in its cache, where the project has another version', 'project', `${NAME}@1.1.0`],
  ]) {
    test(name, async () => {
      const transport = transportOf(join(folder, where), [wanted, 'a b', '--flag', "'$x"])
      const inCache = name.includes('cache')
      if (inCache && where === 'empty')
        assert.equal(await bypass.withoutNpx(transport), undefined, 'not there yet')
      const theirs = await told(transport)
      const ours = await bypass.withoutNpx(transport)
      assert.equal(ours?.command, process.execPath)
      assert.deepEqual(comparable(await told(ours)), comparable(theirs))
      assert.equal(theirs.file.startsWith(join(folder, 'cache')), inCache)
    })
  }

  test('a program of a package', async () => {
    const transport = transportOf(project, ['-p', NAME, 'told', 'x'])
    const ours = await bypass.withoutNpx(transport)
    assert.deepEqual(comparable(await told(ours)), comparable(await told(transport)))
  })

  test('a newer version is used once npx may look again', async () => {
    const transport = transportOf(empty, [NAME])
    const { version: old, file } = await told(transport)
    assert.equal(old, '2.0.0')
    await registry.publish('3.0.0')
    assert.equal((await told(await bypass.withoutNpx(transport))).version, old)
    const day = 86_400_000
    const install = file.slice(0, file.indexOf('/node_modules/'))
    utimesSync(install, new Date(Date.now() - day), new Date(Date.now() - day))
    assert.equal(await bypass.withoutNpx(transport), undefined)
    assert.equal((await told(transport)).version, '3.0.0')
    assert.equal((await told(await bypass.withoutNpx(transport))).version, '3.0.0')
  })
})
