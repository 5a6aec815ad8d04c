import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { until } from './support/until.mjs'
import { batch, chain, isAlive, noWindows, pidFolder } from './support/windows.mjs'

const SERVER = fileURLToPath(new URL('fixtures/tree-server.mjs', import.meta.url))
/** By the names of their files: two below the server, three below a batch file, one alone. */
const MEMBERS = ['plain-1', 'plain-0', 'shim-2', 'shim-1', 'shim-0', 'single-0']

/** A server whose processes have all told their pids. */
async function server(t, how, end) {
  const pids = pidFolder(t)
  const [, args] = chain(pids, 'shim', 3)
  const trees = [chain(pids, 'plain', 2), [batch(pids, 'shim'), args], chain(pids, 'single', 1)]
  const order = join(pids.folder, 'end')
  const running = spawn(process.execPath, [SERVER, how, JSON.stringify(trees), order, end], {
    stdio: 'ignore',
  })
  t.after(() => running.kill())
  const exited = once(running, 'exit')
  const members = await pids.all(MEMBERS.length)
  assert.ok(members.every(isAlive))
  return { running, exited, order, members, pidOf: pids.pidOf }
}

describe('a server that exits takes its whole trees with it', { skip: noWindows }, () => {
  test('ended by another process (TerminateProcess)', async (t) => {
    const { running, exited, members } = await server(t, 'procward')
    running.kill('SIGKILL')
    await exited
    await until(() => !members.some(isAlive))
  })

  test('also of `procward/child_process`, whose children are adopted', async (t) => {
    const { running, exited, members } = await server(t, 'guarded')
    running.kill('SIGKILL')
    await exited
    await until(() => !members.some(isAlive))
  })

  for (const end of ['process.exit()', 'process.abort()', 'an exception'])
    test(`by ${end}`, async (t) => {
      const { exited, order, members } = await server(t, 'procward', end)
      writeFileSync(order, '')
      await exited
      await until(() => !members.some(isAlive))
    })

  test('the control: without a job, grandchildren outlive the server', async (t) => {
    const { running, exited, pidOf } = await server(t, 'control')
    running.kill('SIGKILL')
    await exited
    // Node.js has its own direct children ended.
    await until(() => !['plain-1', 'single-0'].some((name) => isAlive(pidOf(name))))
    assert.deepEqual(['plain-0', 'shim-1', 'shim-0'].map(pidOf).map(isAlive), [true, true, true])
  })
})
