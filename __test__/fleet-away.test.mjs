// A fleet whose Redis is away: at the start, later, for ever.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { after, test } from 'node:test'
import { counts, fleet, inMode } from './support/fleet.mjs'
import { freePort } from './support/free-port.mjs'
import { assertNothingLeft, isAlive, noProcessList, parentOf } from './support/processes.mjs'
import { noRedis, startRedis } from './support/redis.mjs'
import { until } from './support/until.mjs'

const { helperOf, holding, text } = fleet()
const skip = noRedis()

after(assertNothingLeft)

test('without Redis from the start a process limits itself to one call', async (t) => {
  const port = await freePort()
  const helper = helperOf(t, `redis://127.0.0.1:${port}`)
  const call = await holding(helper, 'one')
  const { fleet, reach } = helper.getSemaphoreStatus()
  assert.equal(reach, 'process')
  assert.deepEqual(fleet, {
    mode: 'local',
    address: `redis://127.0.0.1:${port}`,
    processes: 0,
    share: 1,
    reason: 'the connection was refused',
    graceLeft: 0,
    lost: 0,
    refused: 0,
    host: hostname(),
    pid: process.pid,
    use: null,
  })
  await assert.rejects(text(helper, 'two', { queueTimeout: 100 }), {
    code: 'ERR_QUEUE_TIMEOUT',
    message: /; the Redis of the limit \(redis:\/\/127.0.0.1:\d+\) is away: the connection was/,
  })
  await call.end()
  assert.equal(await text(helper, 'two'), 1)
})

test("'refuse' rejects calls while Redis is away", async (t) => {
  const helper = helperOf(t, `redis://127.0.0.1:${await freePort()}`, { onUnreachable: 'refuse' })
  await assert.rejects(text(helper, 'one'), {
    code: 'ERR_LIMIT_UNAVAILABLE',
    message: /^MCP call one.text: MCP_LIMIT_URL \(redis:.*\): the connection was refused$/,
  })
  await assert.rejects(text(helper, 'one'), { code: 'ERR_LIMIT_UNAVAILABLE' })
  assert.equal(helper.getSemaphoreStatus().fleet?.mode, 'unreachable')
})

test('a process takes its share while Redis is away, and comes back by itself', {
  skip,
}, async (t) => {
  const redis = await startRedis(t)
  const options = { maxConcurrent: 4 }
  const [one, other] = [helperOf(t, redis.url, options), helperOf(t, redis.url, options)]
  await until(() => one.getSemaphoreStatus().fleet?.processes === 2)
  await redis.kill()
  await inMode('local', one, other)
  assert.equal(one.getSemaphoreStatus().fleet?.share, 2)
  const calls = [await holding(one, 'one'), await holding(one, 'two')]
  await assert.rejects(text(one, 'one', { queueTimeout: 100 }), { code: 'ERR_QUEUE_TIMEOUT' })
  await redis.start()
  await inMode('fleet', one, other)
  const third = await holding(other, 'one')
  const fourth = await holding(other, 'one')
  await assert.rejects(text(other, 'one', { queueTimeout: 100 }), { code: 'ERR_QUEUE_TIMEOUT' })
  for (const call of [...calls, third, fourth]) await call.end()
  assert.deepEqual(counts(one).current, 0)
})

test('a call that lost its slots ends, and its session stays', { skip }, async (t) => {
  const redis = await startRedis(t)
  const helper = helperOf(t, redis.url, { onUnreachable: 'refuse' })
  const { call, file } = await holding(helper, 'one')
  const [pid] = JSON.parse(readFileSync(file, 'utf8'))
  await redis.kill()
  await assert.rejects(call, (error) => {
    assert.equal(error.code, 'ERR_LEASE_LOST')
    assert.match(error.message, /^MCP call one.hang: the lease of its slots could not be kept/)
    assert.ok(error.fence > 1e15)
    return true
  })
  assert.equal(helper.getSemaphoreStatus().fleet?.lost, 1)
  assert.ok(isAlive(pid))
  await redis.start()
  await inMode('fleet', helper)
  assert.equal(await text(helper, 'one', { cost: 3 }), 1)
})

test("the process tree of a one-shot call that lost its slots ends, but not with 'continue'", {
  skip,
}, async (t) => {
  const redis = await startRedis(t)
  const options = { transport: 'mcporter', onUnreachable: 'refuse', maxConcurrent: 4 }
  const ending = helperOf(t, redis.url, options)
  const going = helperOf(t, redis.url, { ...options, onLost: 'continue' })
  const [ended, gone] = [await holding(ending, 'one'), await holding(going, 'one')]
  await redis.kill()
  await assert.rejects(ended.call, { code: 'ERR_LEASE_LOST' })
  const pids = ({ file }) => JSON.parse(readFileSync(file, 'utf8'))
  assert.deepEqual(pids(ended).filter(isAlive), [])
  await until(() => going.getSemaphoreStatus().fleet?.lost === 1)
  assert.deepEqual(pids(gone).filter(isAlive), pids(gone))
  await gone.end()
})

test('a process of mcporter gets its fence', {
  skip: skip || noProcessList,
}, async (t) => {
  const { url } = await startRedis(t)
  const helper = helperOf(t, url, { transport: 'mcporter' })
  const { file, end } = await holding(helper, 'one')
  const [pid] = JSON.parse(readFileSync(file, 'utf8'))
  assert.match(readFileSync(`/proc/${parentOf(pid)}/environ`, 'utf8'), /PROCWARD_FENCE=\d{16}\0/)
  await end()
})
