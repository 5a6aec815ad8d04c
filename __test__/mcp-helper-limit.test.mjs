import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { oddServer, temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'

const configPath = writeConfig(temporaryFolder(), { odd: oddServer })

test('of 8 calls 3 run at once, in order and tracked, and failing calls free their slots', async () => {
  const helper = createMcpHelper({ configPath, transport: 'mcporter', maxConcurrent: 3 })
  const { callToolAsync, getSemaphoreStatus, getActiveProcesses, shutdown } = helper
  const order = []
  const seen = { current: 0, processes: 0 }
  const look = () => {
    const { current } = getSemaphoreStatus()
    const processes = getActiveProcesses()
    seen.current = Math.max(seen.current, current)
    seen.processes = Math.max(seen.processes, processes.length)
    for (const { pid, server, tool, startTime, duration, waitsFor } of processes) {
      assert.ok(waitsFor === 'start' ? pid === null : pid > 0)
      assert.ok(startTime <= Date.now() && duration >= 0)
      assert.deepEqual([server, tool === 'text' || tool === 'json-error'], ['odd', true])
    }
  }
  const watching = setInterval(look, 5)
  const calls = Array.from({ length: 8 }, async (_, index) => {
    const failing = index % 4 === 3
    const call = failing
      ? assert.rejects(callToolAsync('odd', 'json-error'), { code: 'ERR_TOOL' })
      : callToolAsync('odd', 'text', { text: `${index}` })
    const value = await call
    order.push(index)
    look()
    return failing ? 'failed' : value
  })
  assert.deepEqual(getSemaphoreStatus(), { maxConcurrent: 3, current: 3, queued: 5, available: 0 })
  assert.deepEqual(await Promise.all(calls), [0, 1, 2, 'failed', 4, 5, 6, 'failed'])
  clearInterval(watching)

  assert.deepEqual(seen, { current: 3, processes: 3 })
  // A call can overtake only those that run beside it.
  for (const [place, index] of order.entries()) assert.ok(Math.abs(place - index) <= 2, `${order}`)
  assert.deepEqual(getSemaphoreStatus(), { maxConcurrent: 3, current: 0, queued: 0, available: 3 })
  assert.deepEqual(getActiveProcesses(), [])
  await shutdown()
})

test("helpers neither list nor terminate each other's calls", async () => {
  const one = createMcpHelper({ configPath })
  const other = createMcpHelper({ configPath })
  const call = one.callToolAsync('odd', 'text', { text: '1' })
  assert.equal(other.getSemaphoreStatus().current, 0)
  await other.shutdown()
  assert.equal(await call, 1)
  await one.shutdown()
})
