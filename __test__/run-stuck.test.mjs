// Trees that cannot die: what a call does, and how they show.

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { getActiveProcesses, getMetrics, run, Semaphore, spawn, startAlerts } from '../index.js'
import { sh } from './support/commands.mjs'
import { freezerFor } from './support/freezer.mjs'
import { isolated } from './support/isolated.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { until } from './support/until.mjs'
import { restoreWarden } from './support/warden.mjs'

restoreWarden()

/** How many are stuck, and how many ever were. @param {string} server */
function counts(server) {
  const of = getMetrics().children.find((children) => children.server === server)
  return [of?.stuck, of?.stuckTotal]
}

isolated(
  import.meta.url,
  () => {
    afterEach(assertNothingLeft)

    for (const warden of ['on', 'off']) {
      describe(`a frozen process, wardens ${warden}`, () => {
        test("with onStuck: 'reject' the call rejects and names the process", async (t) => {
          process.env.PROCWARD_WARDEN = warden
          const freezer = freezerFor(t)
          if (freezer === undefined) return
          const server = `reject-${warden}`
          const options = {
            timeout: 400,
            killGrace: 200,
            onStuck: /** @type {const} */ ('reject'),
            server,
          }
          const child = spawn(...sh('echo ready; sleep 1000 & wait'), options)
          /** @type {string[]} */
          const lines = []
          child.on('line', (line) => lines.push(String(line)))
          await until(() => lines.length === 1)
          await freezer.freeze(child.pid)
          await assert.rejects(child.exited, (error) => {
            assert.equal(error.code, 'ERR_STUCK')
            assert.deepEqual(
              [error.left, error.timedOut, error.exitCode],
              [[child.pid], true, null],
            )
            assert.match(
              error.message,
              new RegExp(`^\\S*sh was killed and has not exited \\(pid ${child.pid}\\)`),
            )
            return true
          })
          assert.deepEqual(
            getActiveProcesses().map(({ pid, stuck }) => ({ pid, stuck })),
            [{ pid: child.pid, stuck: true }],
          )
          assert.deepEqual(counts(server), [1, 1])
          freezer.thaw()
          await until(() => getActiveProcesses().length === 0)
          assert.deepEqual(counts(server), [0, 1])
        })

        test("with onStuck: 'wait', the default, the call waits and keeps its slot", async (t) => {
          process.env.PROCWARD_WARDEN = warden
          const freezer = freezerFor(t)
          if (freezer === undefined) return
          const server = `wait-${warden}`
          const semaphore = new Semaphore(1)
          const call = semaphore.use(() =>
            run('sleep', ['1000'], { timeout: 300, killGrace: 50, server }),
          )
          const outcome = call.catch(({ code, left }) => ({ code, left }))
          const pid = await until(() => getActiveProcesses()[0]?.pid)
          await freezer.freeze(pid)
          await until(() => getActiveProcesses()[0].stuck)
          assert.deepEqual([semaphore.getStatus().current, ...counts(server)], [1, 1, 1])
          freezer.thaw()
          assert.deepEqual(await outcome, { code: 'ERR_CALL_TIMEOUT', left: undefined })
          assert.deepEqual([semaphore.getStatus().current, ...counts(server)], [0, 0, 1])
        })
      })
    }

    test('an alert is raised while a tree is stuck', async (t) => {
      const freezer = freezerFor(t)
      if (freezer === undefined) return
      const watch = startAlerts()
      t.after(() => watch.stop())
      const call = run('sleep', ['1000'], { timeout: 100, killGrace: 1, onStuck: 'reject' })
      const settled = call.catch(({ code }) => code)
      await freezer.freeze(await until(() => getActiveProcesses()[0]?.pid))
      assert.equal(await settled, 'ERR_STUCK')
      await until(() => watch.getActive().some(({ name }) => name === 'stuck'))
      const [{ level, message }] = watch.getActive().filter(({ name }) => name === 'stuck')
      assert.equal(level, 'critical')
      assert.match(message, /^1 process tree killed but not exited/)
      freezer.thaw()
      await until(() => watch.getActive().length === 0)
      await until(() => getActiveProcesses().length === 0)
    })

    test('a slow termination is not stuck', async () => {
      const slow = sh(`trap 'sleep 0.2; exit 3' TERM; while :; do sleep 0.01; done`)
      const options = {
        timeout: 200,
        killGrace: 5000,
        onStuck: /** @type {const} */ ('reject'),
        server: 'slow',
      }
      await assert.rejects(run(...slow, options), { code: 'ERR_CALL_TIMEOUT', exitCode: 3 })
      assert.deepEqual(counts('slow'), [0, 0])
    })
  },
  { only: true },
)

test('the values of onStuck', async () => {
  await assert.rejects(run('echo', [], { onStuck: 'later' }), {
    code: 'ERR_INVALID_CONFIG',
    message: /^onStuck must be/,
  })
})
