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

  // Node.js ends the parent alone. A guarded child ends as a tree, whatever its processes did.
  const outcome = isControl ? 'outlives' : 'ends with'

  test(`of fork ${outcome} the parent that was ended by kill()`, async () => {
    const child = fork(programs, ['leaveDetachedFork'], { silent: true })
    const exit = once(child, 'exit')
    const [pid] = await once(child.stdout, 'data')
    child.kill()
    const [code, signal] = await exit
    assert.deepEqual({ code, signal }, { code: null, signal: 'SIGTERM' })
    const grandchild = Number(String(pid))
    if (!isControl) return nothingLeft()
    await sleep(500)
    endLiving(grandchild)
  })
})
