// Calls that wait for a session with their server: they are listed, with what they wait for.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { getProcessHealth } from '../lib/health.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { temporaryFolder } from './fixtures/mcp-servers.mjs'
import { closedGate, hostileServer, withHostile } from './support/hostile.mjs'
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
})
