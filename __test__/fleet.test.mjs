// Limits of a fleet, with real servers, processes and Redis.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import diagnostics from 'node:diagnostics_channel'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { cleanup } from '../index.js'
import { processHealth } from '../lib/health/report.js'
import { counts, fleet, inMode, LEASE } from './support/fleet.mjs'
import { httpMcpServer } from './support/http-mcp-server.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { KINDS, noRedis, startRedis } from './support/redis.mjs'
import { until } from './support/until.mjs'

const { folder, configPath, helperOf, holding, text } = fleet()
const root = fileURLToPath(new URL('..', import.meta.url))
/** The counts of a helper without calls. */
const IDLE = { current: 0, queued: 0, available: 0, limitedBy: null, reach: 'fleet' }

after(assertNothingLeft)

for (const kind of KINDS) {
  test(`calls of two helpers share the slots of ${kind}`, { skip: noRedis(kind) }, async (t) => {
    const { url } = await startRedis(t, { kind })
    const options = { maxConcurrent: 2, limits: { one: 1 } }
    const [one, other] = [helperOf(t, url, options), helperOf(t, url, options)]
    const calls = [await holding(one, 'one'), await holding(one, 'two')]
    assert.deepEqual(counts(one), { ...IDLE, current: 2 })
    const waiting = text(other, 'two')
    await until(() => counts(other).queued === 1)
    assert.deepEqual(counts(other), { ...IDLE, queued: 1, available: 1, limitedBy: 'fleet' })
    assert.equal(other.getSemaphoreStatus().fleet?.processes, 2)
    await calls[1].end()
    assert.equal(await waiting, 1)
    await assert.rejects(text(other, 'one', { queueTimeout: 30 }), {
      code: 'ERR_QUEUE_TIMEOUT',
      message: /\(0.03s\); other processes of the fleet hold the slots$/,
    })
    await calls[0].end()
    assert.equal(await text(other, 'one'), 1)
  })
}

const skip = noRedis()

test('costs, aborts, closing and a killed process', { skip }, async (t) => {
  const { url } = await startRedis(t)
  const [one, other] = [helperOf(t, url), helperOf(t, url)]

  await t.test('a call of many slots waits for all of them', async () => {
    const calls = [await holding(one, 'one'), await holding(one, 'two')]
    const large = text(other, 'one', { cost: 3 })
    await until(() => counts(other).queued === 1)
    assert.deepEqual([counts(other).current, counts(other).available], [0, 0])
    // The third slot is free, but a later call does not overtake.
    await assert.rejects(text(one, 'two', { queueTimeout: 100 }), { code: 'ERR_QUEUE_TIMEOUT' })
    for (const call of calls) await call.end()
    assert.equal(await large, 1)
  })

  await t.test('the end of a wait leaves the queue', async () => {
    const call = await holding(one, 'one', { cost: 3 })
    const controller = new AbortController()
    const aborted = assert.rejects(text(other, 'one', { signal: controller.signal }), {
      code: 'ABORT_ERR',
    })
    await until(() => counts(other).queued === 1)
    controller.abort()
    await aborted
    assert.equal(counts(other).queued, 0)
    const third = helperOf(t, url)
    const closed = assert.rejects(text(third, 'one'), { code: 'ERR_CLOSED' })
    await until(() => counts(third).queued === 1)
    await third.shutdown()
    await closed
    await call.end()
    assert.equal(await text(other, 'one', { cost: 3 }), 1)
  })

  await t.test('a process that is killed gives its slots back after its lease', async () => {
    const program = `
      const { createMcpHelper } = require('procward/mcp-helper')
      const helper = createMcpHelper({ configPath: ${JSON.stringify(configPath)}, killGrace: 100 })
      helper.callToolAsync('one', 'hang', { file: ${JSON.stringify(join(folder, 'killed'))} }, { cost: 3 })
      const looks = setInterval(() => {
        if (helper.getSemaphoreStatus().current === 0) return
        clearInterval(looks)
        console.log('holding')
      }, 5)`
    const child = spawn(process.execPath, ['-e', program], {
      cwd: root,
      env: { ...process.env, MCP_LIMIT_URL: url, MCP_LIMIT_LEASE: String(LEASE) },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    const waiting = text(other, 'one')
    await until(() => counts(other).queued === 1)
    child.kill('SIGKILL')
    assert.equal(await waiting, 1)
  })

  await t.test('a fence rises with each call, and is in its event', async () => {
    const fences = []
    const note = ({ tool, fence }) => tool === 'text' && fences.push(fence)
    diagnostics.subscribe('procward:call:end', note)
    for (const helper of [one, other, one]) await text(helper, 'one')
    diagnostics.unsubscribe('procward:call:end', note)
    assert.equal(fences.length, 3)
    assert.ok(fences[0] > 1e15 && fences[0] < fences[1] && fences[1] < fences[2], `${fences}`)
  })
})

test('a pause holds for the whole fleet', { skip }, async (t) => {
  const { url } = await startRedis(t)
  const busy = await httpMcpServer(t, {
    behave: (message) =>
      message?.method === 'tools/call'
        ? { status: 429, headers: { 'retry-after': '60' } }
        : undefined,
  })
  const servers = { busy: { url: busy.url } }
  const [one, other] = [helperOf(t, url, { servers }), helperOf(t, url, { servers })]
  await assert.rejects(one.callToolAsync('busy', 'reflect'), { retryAfter: 60_000 })
  const paused = other.callToolAsync('busy', 'reflect', {}, { queueTimeout: 200 })
  await assert.rejects(paused, { code: 'ERR_QUEUE_TIMEOUT' })
  assert.equal(await text(other, 'two'), 1)
  assert.equal(busy.calls().length, 1)
})

test('the latest start decides about the limits, and both processes say so', {
  skip,
}, async (t) => {
  const { url } = await startRedis(t)
  /** @type {string[]} */
  const warnings = []
  const note = ({ code, message }) => code === 'PROCWARD_FLEET_LIMITS' && warnings.push(message)
  process.on('warning', note)
  t.after(() => process.off('warning', note))
  const one = helperOf(t, url, { maxConcurrent: 2 })
  await inMode('fleet', one)
  const other = helperOf(t, url, { maxConcurrent: 1 })
  const call = await holding(other, 'one')
  await assert.rejects(text(one, 'two', { queueTimeout: 100 }), { code: 'ERR_QUEUE_TIMEOUT' })
  await until(() => warnings.length === 2)
  assert.match(warnings.join('\n'), /maxConcurrent 2.*this process's are in force now/)
  assert.match(warnings.join('\n'), /maxConcurrent 1.*theirs are in force/)
  await call.end()
})

test('the health routes show the use of the whole fleet, and which process answers', {
  skip,
}, async (t) => {
  const { url } = await startRedis(t)
  const [one, other] = [helperOf(t, url), helperOf(t, url)]
  const call = await holding(one, 'one', { cost: 2 })
  const shown = await until(() => {
    const { semaphore } = processHealth({ helper: other, cleanup })
    return semaphore.fleet?.use && semaphore
  })
  assert.equal(shown.reach, 'fleet')
  const { use, host, pid, mode, processes } = shown.fleet
  assert.deepEqual(use, { limit: 3, inUse: 2, waiting: 0 })
  assert.deepEqual([host, pid, mode, processes], [hostname(), process.pid, 'fleet', 2])
  assert.equal(shown.current, 0)
  await call.end()
})

test('a helper that is shut down leaves the fleet', { skip }, async (t) => {
  const redis = await startRedis(t)
  const [one, other] = [helperOf(t, redis.url), helperOf(t, redis.url)]
  await until(() => other.getSemaphoreStatus().fleet?.processes === 2)
  await one.shutdown()
  await text(other, 'one')
  assert.equal(other.getSemaphoreStatus().fleet?.processes, 1)
  redis.signal('SIGSTOP')
  // Redis hears of nothing, and the shutdown does not wait for it.
  await other.shutdown()
})
