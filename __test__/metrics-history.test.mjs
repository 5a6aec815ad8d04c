// Samples every five seconds of a clock that the tests turn.

import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { recordFailure } from '../lib/metrics/record.js'
import { INTERVAL, sampler } from '../lib/metrics/sampler.js'
import { collectGarbage } from './support/garbage.mjs'
import { until } from './support/until.mjs'

function source() {
  const state = { queued: 0, broken: false, limits: {} }
  const helper = {
    getSemaphoreStatus() {
      if (state.broken) throw new Error('broken')
      const { queued, limits } = state
      return { maxConcurrent: 3, current: 2, queued, available: 1, ...limits }
    },
    getActiveProcesses: () => [{}, {}],
  }
  const cleanup = {
    getStats: () => ({
      isRunning: true,
      interval: 60_000,
      stats: { scans: 7, killed: 3, errors: 0 },
    }),
  }
  return { state, helper, cleanup }
}

/**
 * @param {(sampling: ReturnType<typeof source> & { look: ReturnType<typeof sampler>, pass: (ms?:
 *   number) => void }) => void | Promise<void>} work
 * @param {number} [uptime] seconds since the start of the process at its first sample
 */
async function sampling(work, uptime = 3600) {
  mock.timers.enable({ apis: ['setInterval', 'Date'], now: 1_000_000 })
  const { mock: clock } = mock.method(process, 'uptime', () => uptime)
  try {
    const all = source()
    const look = sampler(all.helper, all.cleanup)
    await work({ ...all, look, pass: (ms = INTERVAL) => mock.timers.tick(ms) })
  } finally {
    mock.timers.reset()
    clock.restore()
  }
}

describe('the history', () => {
  test('is empty, then has one sample every five seconds', () =>
    sampling(({ look, pass, state }) => {
      assert.deepEqual(look.history(), [])
      pass(INTERVAL - 1)
      assert.deepEqual(look.history(), [])
      pass(1)
      state.queued = 5
      pass()
      assert.deepEqual(
        look.history().map(({ time, queued }) => [time, queued]),
        [
          [1_005_000, 0],
          [1_010_000, 5],
        ],
      )
    }))

  test('has every field, as a number', () =>
    sampling(({ look, pass }) => {
      pass()
      const [{ slowest, memoryAvailable, memoryTotal, ...sample }] = look.history()
      assert.deepEqual(sample, {
        ...{
          time: 1_005_000,
          processes: 2,
          children: 0,
          memory: 0,
          stuck: 0,
          inUse: 2,
          queued: 0,
          limit: 3,
          limitedBy: null,
          paused: null,
          fleetProblem: null,
        },
        ...{ calls: 0, failures: 0, queueTimeouts: 0, kills: 3, scans: 7 },
        ...{ crashes: 0, spawns: 0, cleanupErrors: 0, ready: true, breakers: null, exhausted: 0 },
        scanner: { isRunning: true, interval: 60_000, lastScan: null },
      })
      assert.equal(slowest, null)
      assert.ok(memoryAvailable > 0 && memoryAvailable <= memoryTotal)
    }))

  test('has the reason for waiting, and the longest pause', () =>
    sampling(({ look, pass, state }) => {
      state.queued = 1
      pass()
      const pauses = [0, 42_000, 0, 3000].map((pausedFor, at) => ({ server: `s${at}`, pausedFor }))
      state.limits = { limitedBy: 'rate', servers: pauses }
      pass()
      state.limits = { limitedBy: 'hunter2', servers: [] }
      pass()
      assert.deepEqual(
        look.history().map(({ limitedBy, paused }) => [limitedBy, paused]),
        [
          ['slots', null],
          ['rate', { server: 's1', pausedFor: 42_000, count: 2 }],
          [null, null],
        ],
      )
    }))

  test('gives the samples after a time', () =>
    sampling(({ look, pass }) => {
      for (let at = 0; at < 4; at++) pass()
      const times = (since) => look.history(since).map(({ time }) => time)
      assert.deepEqual(times(1_010_000), [1_015_000, 1_020_000])
      assert.deepEqual(times(1_009_999), [1_010_000, 1_015_000, 1_020_000])
      assert.deepEqual(times(1_020_000), [])
      assert.equal(times(0).length, 4)
      assert.equal(times(NaN).length, 0)
    }))

  test('continues when the clock is set back, also for readers with an older time', () =>
    sampling(({ look, pass }) => {
      for (let at = 0; at < 3; at++) pass()
      const last = look.history().at(-1).time
      const now = Date.now
      // The timers go on as before; `mock.timers.reset()` ends this too.
      Date.now = () => now() - 500_000
      pass()
      pass()
      const times = (since) => look.history(since).map(({ time }) => time - (last - 500_000))
      assert.deepEqual(times(), [-10_000, -5000, 0, 5000, 10_000])
      assert.deepEqual(times(last), [5000, 10_000])
      assert.deepEqual(times(last - INTERVAL), [0, 5000, 10_000])
      assert.deepEqual(times(last - 500_000 + 5000), [10_000])
      assert.deepEqual(times(last + 1), [])
    }))

  test('goes back an hour and no further', () =>
    sampling(({ look, pass }) => {
      for (let at = 0; at < 1000; at++) pass()
      const history = look.history()
      assert.equal(history.length, 720)
      assert.equal(history.at(-1).time - history[0].time, 719 * INTERVAL)
      assert.equal(history.at(-1).time, 1_000_000 + 1000 * INTERVAL)
    }))

  test('leaves out a failed sample and continues', () =>
    sampling(({ look, pass, state }) => {
      pass()
      state.broken = true
      pass()
      assert.throws(() => look.latest(), /broken/)
      state.broken = false
      pass()
      assert.deepEqual(
        look.history().map(({ time }) => time),
        [1_005_000, 1_015_000],
      )
    }))

  test('is returned as a copy', () =>
    sampling(({ look, pass }) => {
      pass()
      look.history().length = 0
      assert.equal(look.history().length, 1)
    }))
})

describe('the history of a young process', () => {
  const counts = ({ time, calls, failures, kills, queued, limit }) => {
    return { time, calls, failures, kills, queued, limit }
  }
  const start = { calls: 0, failures: 0, kills: 0, queued: 0, limit: 3 }

  test('begins with its start, when nothing was counted', () =>
    sampling(({ look, pass, state }) => {
      recordFailure({ server: 'broken', tool: 'any' }, { code: 'ERR_TOOL' }, performance.now())
      state.queued = 5
      pass()
      const [first, second] = look.history()
      assert.deepEqual(counts(first), { ...start, time: 1_005_000 - 7000 })
      assert.deepEqual([second.time, second.kills, second.queued], [1_005_000, 3, 5])
      assert.ok(second.failures > 0)
      assert.deepEqual(Object.keys(first), Object.keys(second))
    }, 7))

  test('has its start also before the first sample', () =>
    sampling(({ look, pass, state }) => {
      state.broken = true
      assert.deepEqual(look.history(), [])
      state.broken = false
      assert.deepEqual(look.history().map(counts), [{ ...start, time: 999_000 }])
      pass()
      pass()
      assert.deepEqual(
        look.history().map(({ time }) => time),
        [999_000, 1_005_000, 1_010_000],
      )
      assert.equal(look.history(999_000).length, 2)
    }, 1))

  test('has a first listener know it, and a later one the sample before', () =>
    sampling(({ look, pass }) => {
      const heard = []
      look.onSample(({ time }, before) => heard.push([time, before.time]))
      pass()
      look.onSample(({ time }, before) => heard.push([time, before.time]))
      pass()
      const later = [1_010_000, 1_005_000]
      assert.deepEqual(heard, [[1_005_000, 998_000], later, later])
    }, 7))
})

describe('a listener', () => {
  test('gets each sample until it unsubscribes', () =>
    sampling(({ look, pass }) => {
      const heard = []
      const stop = look.onSample(({ time }) => heard.push(time))
      pass()
      pass()
      stop()
      stop()
      pass()
      assert.deepEqual(heard, [1_005_000, 1_010_000])
    }))

  test('that throws is an uncaught exception, and the others get the sample', () =>
    sampling(async ({ look, pass }) => {
      const heard = []
      const failure = new Error('a listener failed')
      const stops = [
        look.onSample(() => Promise.reject(failure).catch(() => {})),
        look.onSample(() => {
          throw failure
        }),
        look.onSample(({ time }) => heard.push(time)),
      ]
      const uncaught = []
      const listener = (error) => uncaught.push(error)
      const before = process.listeners('uncaughtException')
      process.removeAllListeners('uncaughtException')
      process.on('uncaughtException', listener)
      try {
        pass()
        await new Promise((resolve) => setImmediate(resolve))
      } finally {
        process.off('uncaughtException', listener)
        for (const each of before) process.on('uncaughtException', each)
      }
      assert.deepEqual([heard, uncaught], [[1_005_000], [failure]])
      for (const stop of stops) stop()
    }))
})

describe('a sampler', () => {
  test('is shared per helper and scanner', () =>
    sampling(({ look, helper, cleanup }) => {
      assert.equal(sampler(helper, cleanup), look)
      assert.notEqual(sampler(helper, source().cleanup), look)
      assert.notEqual(sampler(source().helper, cleanup), look)
    }))

  test('is collected with its helper, unless it has a listener', async () => {
    const refs = (() => {
      const [forgotten, listened] = [source(), source()]
      sampler(forgotten.helper, forgotten.cleanup)
      sampler(listened.helper, listened.cleanup).onSample(() => {})
      return [new WeakRef(forgotten.helper), new WeakRef(listened.helper)]
    })()
    await until(() => {
      collectGarbage()
      return refs[0].deref() === undefined
    })
    assert.notEqual(refs[1].deref(), undefined)
  })
})
