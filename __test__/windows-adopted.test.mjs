// The children of `procward/child_process` on Windows: Node.js starts them, a job takes them over.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, describe, test } from 'node:test'
import { getActiveProcesses, getGuarantees, getMetrics, shutdown } from '../index.js'
import childProcess from '../lib/child_process.js'
import { until } from './support/until.mjs'
import { chain, isAlive, noWindows, pidFolder } from './support/windows.mjs'

const { execFile, fork, spawn } = childProcess
const active = () => getActiveProcesses().map(({ pid }) => pid)

describe('an adopted child', { skip: noWindows }, () => {
  after(() => until(() => active().length === 0))

  test('is listed and counted, and its exit is reported', async () => {
    const { adopted } = getMetrics().childProcesses
    const child = execFile(process.execPath, ['--eval', 'process.exit(3)'])
    assert.deepEqual(active(), [child.pid])
    assert.deepEqual(await once(child, 'exit'), [3, null])
    const { adopted: now, fallbacks, unguarded } = getMetrics().childProcesses
    assert.deepEqual([now, fallbacks.platform, unguarded], [adopted + 1, now, 0])
    await until(() => active().length === 0)
  })

  test('of fork() has its channel', async () => {
    const text = 'process.on("message", (text) => process.send(text + text))'
    const child = fork('channel', [], { execArgv: ['-e', text] })
    child.send('a')
    assert.deepEqual((await once(child, 'message'))[0], 'aa')
    child.disconnect()
    assert.deepEqual(await once(child, 'exit'), [0, null])
  })

  test('that was ended by kill() takes its tree along', async (t) => {
    const pids = pidFolder(t)
    const [command, args] = chain(pids, 'tree', 3)
    const child = spawn(command, args, { stdio: 'ignore' })
    const members = await pids.all(3)
    assert.ok(members.every(isAlive))
    child.kill()
    await until(() => !members.some(isAlive))
  })

  test('getGuarantees() says so', () => {
    const { guard, level, weaker } = getGuarantees().childProcesses
    assert.deepEqual([guard, level], ['adopted', 'best-effort'])
    assert.match(weaker[0], /a job takes each child over/)
  })

  test('ends by shutdown(), with its tree', async (t) => {
    const pids = pidFolder(t)
    const [command, args] = chain(pids, 'shut', 2)
    spawn(command, args, { stdio: 'ignore' })
    const members = await pids.all(2)
    await shutdown({ timeout: 1 })
    await until(() => !members.some(isAlive))
  })
})
