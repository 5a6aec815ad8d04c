import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { getActiveProcesses, run } from '../index.js'
import runner from '../lib/process/runner.js'
import { sh } from './support/commands.mjs'
import {
  assertNothingLeft,
  commandsOfThisTest,
  noProcessList,
  processesOfThisTest,
} from './support/processes.mjs'
import { until } from './support/until.mjs'

const { Runner } = runner

afterEach(assertNothingLeft)

describe('the shutdown of a part of a server', { skip: noProcessList }, () => {
  test('terminates all its trees, waits for them, and refuses new ones', async () => {
    const part = new Runner()
    const running = Array.from({ length: 5 }, () =>
      part.run(...sh('sleep 60 & (setsid sleep 60 &) ; wait')),
    )
    running.push(part.spawn('cat').exited)
    const settled = Promise.allSettled(running)
    await until(() => commandsOfThisTest().length === 16)
    assert.equal(await part.shutdown(), undefined)
    assert.deepEqual(processesOfThisTest(), [])
    for (const { reason } of await settled) assert.equal(reason.code, 'ERR_CLOSED')
    await assert.rejects(part.run('true', [], { input: 'x' }), { code: 'ERR_CLOSED' })
    await assert.rejects(part.spawn('true').exited, { code: 'ERR_CLOSED' })
  })

  test("leaves other parts' trees alone, and lists only its own", async () => {
    const [part, other] = [new Runner(), new Runner()]
    const controller = new AbortController()
    const calls = [
      other.run('sleep', ['60'], { signal: controller.signal }),
      run('sleep', ['60'], { signal: controller.signal }),
    ]
    const mine = part.run('sleep', ['60'], { tool: 'mine' })
    await until(() => getActiveProcesses().length === 3)
    assert.deepEqual(
      part.getActiveProcesses().map(({ tool }) => tool),
      ['mine'],
    )
    part.shutdown()
    await assert.rejects(mine, { code: 'ERR_CLOSED' })
    assert.deepEqual(
      [part, other].map((one) => one.getActiveProcesses().length),
      [0, 1],
    )
    assert.equal(getActiveProcesses().length, 2)
    controller.abort()
    await Promise.allSettled(calls)
  })

  test('uses its own killGrace, also for a tree in termination', async () => {
    const part = new Runner()
    const script = `trap '' TERM; i=0; while [ $i -lt 300 ]; do i=$((i+1)); sleep 0.05; done`
    const calls = [
      part.run(...sh(script), { killGrace: 60_000 }),
      part.run(...sh(script), { killGrace: 60_000, timeout: 500 }),
    ]
    const settled = Promise.allSettled(calls)
    await new Promise((next) => setTimeout(next, 700))
    await part.shutdown({ killGrace: 20 })
    const [first, second] = await settled
    assert.deepEqual([first.reason.code, first.reason.signal], ['ERR_CLOSED', 'SIGKILL'])
    assert.deepEqual([second.reason.code, second.reason.signal], ['ERR_CALL_TIMEOUT', 'SIGKILL'])
  })

  test('works without trees, and twice', async () => {
    const part = new Runner()
    await Promise.all([part.shutdown(), part.shutdown()])
    await assert.rejects(part.shutdown({ killGrace: 0 }), { code: 'ERR_INVALID_CONFIG' })
    await assert.rejects(part.shutdown({ grace: 5 }), { code: 'ERR_INVALID_CONFIG' })
  })

  test('works in the same tick as the calls', async () => {
    const part = new Runner()
    const settled = Promise.allSettled([
      part.run('sleep', ['60']),
      part.spawn('sleep', ['60']).exited,
    ])
    await part.shutdown()
    for (const { reason } of await settled) assert.equal(reason.code, 'ERR_CLOSED')
  })
})
