import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { getGuarantees } from '../index.js'
import { restoreWarden } from './support/warden.mjs'

restoreWarden()

/** The mechanism and the level that each platform has, as `docs/guarantees.md` says. */
const PLATFORMS = {
  linux: ['warden', 'complete'],
  win32: ['job-object', 'complete'],
  darwin: ['watcher', 'best-effort'],
}

describe('getGuarantees()', () => {
  test('has the documented mechanism and level of this platform', () => {
    delete process.env.PROCWARD_WARDEN
    const { platform, mechanism, cgroup, level, missing, childProcesses, ...more } = getGuarantees()
    assert.deepEqual([platform, mechanism, level], [process.platform, ...PLATFORMS[platform]])
    // Whether there can be control groups depends on how this was started:
    // `faults/scenarios/cgroup.mjs` has both.
    assert.equal(typeof cgroup, 'boolean')
    // A machine may hide other users' processes; what else may be missing,
    // `hosts-guarantees.test.mjs` has.
    assert.deepEqual(
      missing.filter(({ code }) => code !== 'other_users'),
      [],
    )
    assert.deepEqual(more, {})
    const { guard, maxChildren, weaker } = childProcesses
    const isLinux = process.platform === 'linux'
    assert.deepEqual(
      [guard, childProcesses.level, maxChildren],
      isLinux ? ['warden', 'complete', null] : ['adopted', 'best-effort', null],
    )
    assert.ok(weaker.every((text) => typeof text === 'string' && text.length > 0))
  })

  test('follows PROCWARD_WARDEN at once', {
    skip: process.platform !== 'linux' && 'needs Linux',
  }, () => {
    process.env.PROCWARD_WARDEN = 'off'
    const without = {
      platform: 'linux',
      mechanism: 'process-group',
      cgroup: false,
      level: 'best-effort',
    }
    const { missing: _, childProcesses, ...found } = getGuarantees()
    assert.deepEqual(found, without)
    assert.deepEqual([childProcesses.guard, childProcesses.level], ['adopted', 'best-effort'])
    process.env.PROCWARD_WARDEN = 'on'
    assert.equal(getGuarantees().mechanism, 'warden')
    process.env.PROCWARD_WARDEN = 'maybe'
    assert.throws(getGuarantees, { code: 'ERR_INVALID_CONFIG' })
  })

  for (const [allowed, level] of [
    [[], 'best-effort'],
    [['--allow-child-process'], process.platform === 'linux' ? 'complete' : 'best-effort'],
  ])
    test(`with Node.js's permission model and ${allowed[0] ?? 'no children'}: ${level}`, async () => {
      const flag = process.allowedNodeEnvironmentFlags.has('--permission')
        ? '--permission'
        : '--experimental-permission'
      const index = fileURLToPath(new URL('../index.js', import.meta.url))
      const program = `console.log(JSON.stringify(require(process.argv[1]).getGuarantees().childProcesses))`
      const { PROCWARD_WARDEN: _, ...env } = process.env
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [...[flag, '--allow-addons', '--allow-fs-read=*', ...allowed, '--eval', program, index]],
        { env },
      )
      const found = JSON.parse(stdout)
      assert.equal(found.level, level)
      const isSaid = found.weaker.some((text) => text.startsWith("Node.js's permission model"))
      assert.equal(isSaid, allowed.length === 0)
    })
})
