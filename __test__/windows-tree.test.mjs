import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { run, spawn } from '../index.js'
import { node } from './support/commands.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { chain, isAlive, noWindows, pidFolder } from './support/windows.mjs'

afterEach(assertNothingLeft)

const QUICKLY = { killGrace: 1 }

describe('a call on Windows is terminated as a whole tree', { skip: noWindows }, () => {
  test('by its timeout', async (t) => {
    const pids = pidFolder(t)
    const options = { ...QUICKLY, timeout: 3000 }
    await assert.rejects(run(...chain(pids, 'tree', 3), options), {
      code: 'ERR_CALL_TIMEOUT',
      timedOut: true,
    })
    assert.deepEqual((await pids.all(3)).map(isAlive), [false, false, false])
  })

  test('by an abort', async (t) => {
    const pids = pidFolder(t)
    const controller = new AbortController()
    const call = run(...chain(pids, 'tree', 3), { ...QUICKLY, signal: controller.signal })
    const members = await pids.all(3)
    controller.abort()
    await assert.rejects(call, { code: 'ABORT_ERR' })
    assert.deepEqual(members.map(isAlive), [false, false, false])
  })

  test('by kill(), which closes the input first, so that it may exit by itself', async (t) => {
    const pids = pidFolder(t)
    const running = spawn(...chain(pids, 'tree', 2, 'obeys'), { reject: false, killGrace: 60_000 })
    const members = await pids.all(2)
    await running.kill()
    assert.equal((await running.exited).exitCode, 5)
    assert.deepEqual(members.map(isAlive), [false, false])
  })

  test('by too much output', async () => {
    const [command, args] = node('setInterval(() => console.log("x".repeat(1000)), 1)')
    const failed = { code: 'ERR_MAX_BUFFER', truncated: true }
    await assert.rejects(run(command, args, { ...QUICKLY, maxBuffer: 10_000 }), (error) => {
      assert.equal(error.stdout.length, 10_000)
      return Object.entries(failed).every(([name, value]) => error[name] === value)
    })
  })

  test('when the command has left a process behind', async (t) => {
    const pids = pidFolder(t)
    const { exitCode } = await run(...chain(pids, 'tree', 3, 'leaves'), {
      ...QUICKLY,
      reject: false,
    })
    assert.equal(exitCode, 3)
    assert.deepEqual((await pids.all(3)).map(isAlive), [false, false, false])
  })

  test('unless it is detached', async (t) => {
    const pids = pidFolder(t)
    const { exitCode } = await run(...chain(pids, 'tree', 3, 'leaves'), {
      detached: true,
      reject: false,
    })
    assert.equal(exitCode, 3)
    await pids.all(3)
    const alive = ['tree-2', 'tree-1', 'tree-0'].map(pids.pidOf).map(isAlive)
    assert.deepEqual(alive, [false, true, true])
  })
})
