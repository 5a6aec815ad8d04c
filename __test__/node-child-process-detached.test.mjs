import assert from 'node:assert/strict'
import { once } from 'node:events'
import { afterEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { closed, nothingLeft, programs, SUCCESS, statusOf } from './node-child-process/endings.mjs'
import { fork, isControl, spawn } from './node-child-process/module.mjs'

afterEach(nothingLeft)

/** Ends a process that must live. */
function endLiving(pid) {
  assert.ok(pid > 0)
  assert.equal(process.kill(pid, 'SIGKILL'), true)
}

describe('a detached process', () => {
  test('outlives the parent that has ended', async () => {
    const child = spawn(process.execPath, [programs, 'leaveDetached'])
    const { stdout, ...rest } = await closed(child)
    assert.deepEqual(statusOf(rest), SUCCESS)
    assert.throws(() => process.kill(child.pid), { code: 'ESRCH' })
    endLiving(Number(stdout))
  })

  // kill() ends the whole tree of a guarded child, detached grandchildren included.
  const todo = !isControl && 'kill() ends the tree of a child, detached processes too'

  test('of fork outlives the parent that was ended', { todo }, async () => {
    const child = fork(programs, ['leaveDetachedFork'], { silent: true })
    const exit = once(child, 'exit')
    const [pid] = await once(child.stdout, 'data')
    child.kill()
    const [code, signal] = await exit
    assert.deepEqual({ code, signal }, { code: null, signal: 'SIGTERM' })
    // A signal to the rest of the tree comes after the exit.
    await sleep(500)
    endLiving(Number(String(pid)))
  })
})
