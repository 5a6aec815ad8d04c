// A thousand uses of real workers that crash, hang and chatter, and users that give up.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { getActiveProcesses } from '../index.js'
import { randomFrom } from './fixtures/random.mjs'
import { commandsOfThisTest, noProcessList } from './support/processes.mjs'
import { ask, closeWorkersAfterEach, workers } from './support/workers.mjs'

closeWorkersAfterEach()

const USES = 1000
const MAX_SIZE = 3

test('random uses: never too many workers, each use gets its own answers in order, and no process is left', async () => {
  const random = randomFrom(20260213)
  const pool = workers({
    maxSize: MAX_SIZE,
    idleTimeout: 50,
    killGrace: 50,
    acquireTimeout: Infinity,
    maxUses: 20,
  })
  const served = []
  let [watching, mostListed, mostAlive] = [true, 0, 0]
  const watch = (async () => {
    while (watching) {
      mostListed = Math.max(mostListed, pool.getStatus().size, getActiveProcesses().length)
      if (!noProcessList) mostAlive = Math.max(mostAlive, commandsOfThisTest().length)
      await sleep(20)
    }
  })()

  /** What a use does, and how it may end besides with its answer. */
  const kinds = [
    { part: 0.9, run: (worker, at) => worker.request(ask('echo', at)), codes: [] },
    { part: 0.92, run: (worker) => worker.request(ask('exit', 1)), codes: ['ERR_WORKER_EXITED'] },
    {
      part: 0.94,
      run: (worker) => worker.request(ask('silent'), { timeout: 5 }),
      codes: ['ERR_CALL_TIMEOUT'],
    },
    { part: 0.97, run: (worker, at) => worker.request(ask('twice', at)), codes: [] },
    { part: 1, run: (worker) => worker.request(ask('silent')), codes: ['ABORT_ERR'], abort: 5 },
  ]
  const use = async (at) => {
    const { run, codes, abort } = kinds.find(({ part }) => lottery[at] < part)
    const signal = abort && AbortSignal.timeout(abort)
    try {
      const answer = await pool.use(
        (worker) => {
          served.push(at)
          return run(worker, at)
        },
        { signal },
      )
      assert.equal(answer, at)
    } catch (error) {
      if (error.code === 'ERR_ASSERTION' || !codes.includes(error.code)) throw error
    }
  }
  const lottery = Array.from({ length: USES }, random)
  const outcomes = await Promise.allSettled(lottery.map((_, at) => use(at)))
  watching = false
  await watch
  assert.deepEqual(
    outcomes.filter(({ status }) => status === 'rejected').map(({ reason }) => reason),
    [],
  )
  assert.deepEqual(
    served,
    [...served].sort((a, b) => a - b),
    'first come first served',
  )
  assert.ok(mostListed > 0 && mostListed <= MAX_SIZE, `${mostListed} workers were listed`)
  assert.ok(mostAlive <= MAX_SIZE, `${mostAlive} workers were alive`)
  await pool.drain()
  const { size, queued, stats } = pool.getStatus()
  assert.deepEqual([size, queued], [0, 0])
  assert.ok(
    stats.crashed > 0 && stats.recycled.unhealthy > 0 && stats.recycled.uses > 0,
    JSON.stringify(stats),
  )
  const { idle, uses, lifetime, unhealthy, closed } = stats.recycled
  assert.equal(idle + uses + lifetime + unhealthy + closed + stats.crashed, stats.created)
})
