// Calls that wait for a session with their server: they are listed, with what they wait for.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { getProcessHealth } from '../lib/health.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { oddServer, temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { closedGate, hostileServer, withHostile } from './support/hostile.mjs'
import { longRunning } from './support/long-running.mjs'
import { assertNothingLeft, noProcessList } from './support/processes.mjs'
import { until } from './support/until.mjs'

/** The facts of a call that do not depend on the machine. */
const facts = ({ pid, server, tool, waitsFor }) => ({ pid, server, tool, waitsFor })
const waiting = (tool, waitsFor) => ({ pid: null, server: 'it', tool, waitsFor })

afterEach(assertNothingLeft)

describe('calls that wait', { skip: noProcessList }, () => {
  test('for the start of their server', () =>
    withHostile(
      'silent',
      async (pool) => {
        const calls = ['one', 'two'].map((tool) =>
          pool.callTool('it', tool).catch(({ code }) => code),
        )
        await until(() => pool.getStatus().sessions.length === 1)
        assert.deepEqual(pool.getActiveCalls(), [])
        assert.deepEqual(pool.getWaitingCalls().map(facts), [
          waiting('one', 'start'),
          waiting('two', 'start'),
        ])
        for (const { startTime, duration } of pool.getWaitingCalls()) {
          assert.ok(startTime + duration <= Date.now() + 1)
          assert.ok(Date.now() - startTime < 60_000)
        }
        await Promise.all(calls)
        assert.deepEqual(pool.getWaitingCalls(), [])
      },
      { startTimeout: 1500 },
    ))

  test('for a session that another call uses', () =>
    withHostile(
      '',
      async (pool) => {
        const { gate, open } = closedGate()
        const first = pool.callTool('it', 'gate', { gate })
        await until(() => pool.getActiveCalls().length === 1)
        const second = pool.callTool('it', 'echo')
        assert.deepEqual(
          pool.getActiveCalls().map(({ tool, waitsFor }) => [tool, waitsFor]),
          [['gate', undefined]],
        )
        assert.deepEqual(pool.getWaitingCalls().map(facts), [waiting('echo', 'session')])
        open()
        await Promise.all([first, second])
      },
      { maxInFlight: 1, instances: 1 },
    ))

  test('are shown by /processes, and are no processes', async () => {
    const folder = temporaryFolder()
    const configPath = join(folder, 'mcporter.json')
    writeFileSync(configPath, JSON.stringify({ mcpServers: { it: hostileServer('silent') } }))
    const helper = createMcpHelper({ configPath, transport: 'pool', startTimeout: 1500 })
    const calls = ['one', 'two'].map((tool) =>
      helper.callToolAsync('it', tool).catch(({ code }) => code),
    )
    await until(() => helper.getActiveProcesses().length === 2)
    const { activeProcesses, alert, semaphore } = getProcessHealth({ helper, recommendedMax: 1 })
    assert.equal(activeProcesses.count, 0)
    assert.deepEqual(activeProcesses.processes.map(facts), [
      waiting('one', 'start'),
      waiting('two', 'start'),
    ])
    assert.equal(alert, null)
    assert.equal(semaphore.current, 2)
    assert.deepEqual(await Promise.all(calls), ['ERR_SERVER_START', 'ERR_SERVER_START'])
    await helper.shutdown()
  })

  test('for the start of mcporter, and then have its process', async () => {
    const folder = temporaryFolder()
    const configPath = writeConfig(folder, { it: oddServer })
    const helper = createMcpHelper({ configPath, transport: 'mcporter' })
    const stop = new AbortController()
    const hang = (at) =>
      helper.callToolAsync('it', 'hang', { file: join(folder, at) }, { signal: stop.signal })
    const calls = [hang('one')]
    // The process starts only after files were read, which takes a turn of the event loop.
    await listed(helper, 1)
    assert.deepEqual(helper.getActiveProcesses().map(facts), [waiting('hang', 'start')])
    const { activeProcesses } = getProcessHealth({ helper })
    assert.equal(activeProcesses.count, 0)
    const [first] = await until(() => started(helper, 1))
    calls.push(hang('two'))
    await listed(helper, 2)
    assert.deepEqual(helper.getActiveProcesses().map(facts), [
      { pid: first.pid, server: 'it', tool: 'hang', waitsFor: undefined },
      waiting('hang', 'start'),
    ])
    await until(() => started(helper, 2))
    assert.equal(helper.getActiveProcesses().length, 2)
    stop.abort()
    await Promise.allSettled(calls)
    assert.deepEqual(helper.getActiveProcesses(), [])
    await helper.shutdown()
  })

  for (const transport of ['pool', 'mcporter'])
    test(`for memory in which their process may start (${transport})`, async () => {
      const configPath = writeConfig(temporaryFolder(), { it: oddServer })
      // One process may run at a time.
      const helper = createMcpHelper({ configPath, transport, memoryBudget: 1 })
      const end = await longRunning()
      const call = helper.callToolAsync('it', 'text', { text: '7' })
      const [shown] = await until(() => {
        const calls = helper.getActiveProcesses()
        return calls[0]?.waitsFor === 'memory' && calls
      })
      assert.deepEqual(facts(shown), waiting('text', 'memory'))
      await end()
      assert.equal(await call, 7)
      assert.deepEqual(helper.getActiveProcesses(), [])
      await helper.shutdown()
    })
})

/** Waits for this many listed calls within this turn of the event loop. */
async function listed(helper, count) {
  for (let turn = 0; turn < 1000 && helper.getActiveProcesses().length < count; turn++)
    await undefined
}

/** The calls with a process, if they are this many. */
function started(helper, count) {
  const calls = helper.getActiveProcesses().filter(({ pid }) => pid !== null)
  return calls.length === count && calls
}
