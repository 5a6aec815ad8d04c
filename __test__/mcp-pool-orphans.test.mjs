// Nothing is left of a server, however its session or its host ends: also not of one that ignores
// all requests to leave, of its children, and of processes that have cut all ties to it.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { CleanupScanner } from '../index.js'
import { said, withHostile } from './support/hostile.mjs'
import {
  assertNothingLeft,
  isAlive,
  kill,
  noProcessList,
  processesOfThisTest,
} from './support/processes.mjs'
import { outcomeOf } from './support/program.mjs'
import { BECAUSE, reasons } from './support/scans.mjs'
import { until } from './support/until.mjs'

const host = fileURLToPath(new URL('fixtures/mcp-host.mjs', import.meta.url))

afterEach(assertNothingLeft)

/** The pids of a server, of a child of it, and of a daemon. */
async function members(pool) {
  const pids = []
  for (const tool of ['pid', 'child', 'daemon'])
    pids.push(Number(said(await pool.callTool('it', tool))))
  assert.ok(pids.every(isAlive))
  return pids
}

describe('no process of a server is left', { skip: noProcessList }, () => {
  const ends = {
    'after a close': (pool) => pool.close(),
    'after a drain': (pool) => pool.drain(),
    'after a time-out and a close': async (pool) => {
      await assert.rejects(pool.callTool('it', 'hang', {}, { timeout: 200 }), {
        code: 'ERR_CALL_TIMEOUT',
      })
      await pool.close()
    },
    'after an abort and a close': async (pool) => {
      const signal = AbortSignal.timeout(200)
      await assert.rejects(pool.callTool('it', 'hang', {}, { signal }), { code: 'ABORT_ERR' })
      await pool.close()
    },
    'with a call under way': async (pool) => {
      const call = assert.rejects(pool.callTool('it', 'hang'), { code: 'ERR_CLOSED' })
      await until(() => pool.getActiveCalls().length === 1)
      await pool.close()
      await call
    },
    'when it has crashed': async (pool) => {
      await assert.rejects(pool.callTool('it', 'crash'), { code: 'ERR_SERVER_EXITED' })
      await pool.close()
    },
  }
  for (const manner of ['', 'deaf'])
    for (const [how, end] of Object.entries(ends))
      test(`${how}${manner && ', though it is deaf'}`, () =>
        withHostile(manner, async (pool) => {
          const pids = await members(pool)
          await end(pool)
          assert.deepEqual(pids.filter(isAlive), [])
        }))

  test('after its idle timeout', () =>
    withHostile(
      'deaf',
      async (pool) => {
        const pids = await members(pool)
        await until(() => !pids.some(isAlive))
        await until(() => pool.getStatus().sessions.length === 0)
      },
      { idleTimeout: 1000 },
    ))

  test('except processes of its tools, if the server is detached', () =>
    withHostile(
      'leaving',
      async (pool) => {
        const [server, child, daemon] = await members(pool)
        try {
          await until(() => !isAlive(server))
          await pool.close()
          assert.deepEqual([child, daemon].filter(isAlive), [child, daemon])
          const report = await new CleanupScanner({ scope: 'tracked', maxAge: 1 }).cleanupAll({
            dryRun: true,
          })
          // The daemon has cleared its environment, so that nothing shows whose it is.
          assert.deepEqual(reasons(report, { child, daemon }), {
            child: BECAUSE.kept,
            daemon: undefined,
          })
        } finally {
          kill(child)
          kill(daemon)
          await until(() => ![child, daemon].some(isAlive))
        }
      },
      { idleTimeout: 500, detached: true, killGrace: 60_000 },
    ))

  test('after a crash that left a child and a daemon, without a close', () =>
    withHostile('', async (pool) => {
      const pids = await members(pool)
      await assert.rejects(pool.callTool('it', 'crash'), { code: 'ERR_SERVER_EXITED' })
      await until(() => !pids.some(isAlive))
    }))
})

describe('no process is left when the host exits', { skip: noProcessList }, () => {
  const ends = {
    'by SIGKILL': (running) => running.kill('SIGKILL'),
    'by SIGTERM': (running) => running.kill('SIGTERM'),
    'by process.exit()': (running) => running.stdin.write('exit'),
    'by an exception': (running) => running.stdin.write('throw'),
  }
  for (const [how, end] of Object.entries(ends))
    test(how, async (t) => {
      const running = spawn(process.execPath, [host], { stdio: ['pipe', 'pipe', 'ignore'] })
      const pids = []
      t.after(() => {
        running.kill('SIGKILL')
        pids.filter(isAlive).forEach(kill)
      })
      for await (const line of createInterface({ input: running.stdout })) {
        if (line === 'ready') break
        pids.push(Number(line))
      }
      assert.equal(pids.length, 6)
      assert.ok(pids.every(isAlive))
      const exited = once(running, 'exit')
      end(running)
      await exited
      await until(() => !pids.some(isAlive))
    })

  test('or when a worker with a pool is terminated', async () => {
    const worker = new Worker(new URL(host, 'file://'), { stdin: true, stdout: true })
    const pids = []
    for await (const line of createInterface({ input: worker.stdout })) {
      if (line === 'ready') break
      pids.push(Number(line))
    }
    assert.ok(pids.length === 6 && pids.every(isAlive))
    await worker.terminate()
    await until(() => !pids.some(isAlive) && processesOfThisTest().length === 0)
  })
})

describe('the event loop ends with idle sessions', { skip: noProcessList }, () => {
  const start = `
    import { McpPool, shutdown } from 'procward'
    import { hostileServer, said } from './__test__/support/hostile.mjs'
    const pool = new McpPool({ servers: { it: hostileServer() } })
    console.log(said(await pool.callTool('it', 'pid')))`
  for (const [how, more] of [
    ['with idle sessions', ''],
    [
      'after a shutdown, which ends them',
      '\nawait shutdown()\nconsole.log(pool.getStatus().sessions.length)',
    ],
  ])
    test(how, async () => {
      const { code, stdout, stderr } = await outcomeOf(start + more)
      assert.equal(code, 0, stderr)
      const [pid, left = '0'] = stdout.split('\n')
      assert.equal(left, '0')
      await until(() => !isAlive(pid))
    })

  test('but not while a call is in flight', async () => {
    const program = `${start}\npool.callTool('it', 'delay', { ms: 500 }).then((late) => console.log(said(late)))`
    const { stdout } = await outcomeOf(program)
    assert.match(stdout, /late$/)
  })
})
